#include "agent.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

uint64_t began;

uint32_t get32(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

void put32(uint8_t *at, uint32_t value) {
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
}

void put64(uint8_t *at, uint64_t value) {
    put32(at, (uint32_t)(value >> 32));
    put32(at + 4, (uint32_t)value);
}

uint64_t uptime_millis(void) {
    struct timespec up;
    clock_gettime(CLOCK_BOOTTIME, &up);
    return (uint64_t)up.tv_sec * 1000 + (uint64_t)up.tv_nsec / 1000000;
}

static void put_text(const char *text) {
    ssize_t written = write(2, text, strlen(text));
    (void)written; /* There is nobody to tell. */
}

void say(const char *text) {
    put_text("scaibunker-agent: ");
    put_text(text);
    put_text("\n");
}

void say_error(const char *what, int error) {
    put_text("scaibunker-agent: ");
    put_text(what);
    put_text(": ");
    put_text(strerror(error));
    put_text("\n");
}

/* The first process never dies of a signal and hears of its children through a descriptor. */
static int watch_children(void) {
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &children, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void reap(int children) {
    struct signalfd_siginfo info[8];
    while (read(children, info, sizeof info) > 0) {
    }
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        exec_reaped(pid, status);
    }
}

static void allow_many_files(void) {
    struct rlimit limit = {.rlim_cur = 1024, .rlim_max = 524288};
    setrlimit(RLIMIT_NOFILE, &limit);
}

int main(void) {
    static struct pollfd polls[3 + EXEC_POLLS];
    began = uptime_millis();
    boot();
    if (only_probing()) {
        say("this host runs the kernel");
        power_off();
    }
    allow_many_files();
    int children = watch_children();
    uint32_t number = vsock_port();
    int listener = number > 0 ? vsock_listen(number) : -1;
    int port = number > 0 ? -1 : open_port();
    if (port < 0 && listener < 0) {
        say("no channel to the host");
        power_off();
    }
    port_open(port);
    say("ready");
    for (;;) {
        port_fill(&polls[0]);
        polls[1] = (struct pollfd){.fd = children, .events = POLLIN};
        polls[2] = (struct pollfd){.fd = listener, .events = POLLIN};
        size_t count = 3 + exec_fill(polls + 3);
        /* A port without a host is always «hung up», so it is not polled but looked at now and then. */
        bool looking = polls[0].fd < 0 && listener < 0;
        int ready = poll(polls, count, looking ? 100 : -1);
        if (ready < 0 && errno != EINTR) {
            say_error("poll", errno);
            usleep(10000);
            continue;
        }
        if (polls[1].revents) {
            reap(children);
        }
        if (polls[2].revents) {
            int host = vsock_accept(listener);
            if (host >= 0) {
                port_open(host);
                continue;
            }
        }
        port_handle(looking ? POLLIN : polls[0].revents);
        exec_pump();
    }
}
