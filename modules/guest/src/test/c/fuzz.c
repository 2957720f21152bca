/*
 * The agent's port.c and exec.c, and child.c's reading of requests, as a program of the host under the sanitizers. What comes
 * in is made from a seed: greetings, frames that are right, cut short or bent, and noise. Nothing is ever executed: commands
 * are pipes whose other ends are here, with process numbers that no process can have.
 *
 *   fuzz SEED SECONDS
 *
 * Ends with 0, after a line of counts for each of its lives (a power-off ends one); aborts on what the sanitizers find, and when the agent says what is no frame.
 */
#include "../../main/c/agent.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FIRST_PID 0x40000000 /* above what the kernel gives */
#define ROUND 400

static uint64_t state;
static struct timespec until;
static long frames, commands_started, output_frames, rounds, clocks;

static void tell(void) {
    printf("%ld rounds, %ld frames in, %ld commands, %ld frames out, %ld clocks\n", rounds, frames, commands_started,
           output_frames, clocks);
    fflush(stdout);
}

/* What would be done to a real machine: it begins anew. */
_Noreturn void power_off(void) {
    char seed[24], left[24];
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)state);
    snprintf(left, sizeof left, "%ld", until.tv_sec > now.tv_sec ? (long)(until.tv_sec - now.tv_sec) : 0L);
    tell();
    execl("/proc/self/exe", "fuzz", seed, left, (char *)NULL);
    abort();
}

int fake_clock_settime(clockid_t clock, const struct timespec *now) {
    clocks += clock == CLOCK_REALTIME && now->tv_nsec >= 0;
    return 0;
}

void boot(void) {}
bool only_probing(void) { return false; }
int open_port(void) { return -1; }
uint32_t vsock_port(void) { return 0; }
int vsock_listen(uint32_t port) { return port == 0 ? -1 : (int)port; }
int vsock_accept(int listener) { return listener; }
int open_disk(void) {
    errno = ENODEV;
    return -1;
}

/* splitmix64 */
static uint64_t next(void) {
    uint64_t z = state += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

static uint32_t below(uint32_t bound) { return (uint32_t)(next() % bound); }

static bool once_in(uint32_t times) { return below(times) == 0; }

/* One wrong thing makes the agent believe nothing until the next greeting, so in most rounds they are rare. */
static uint32_t honesty = 1;

static bool wrong(void) { return once_in(honesty); }

/* ---- commands that are only pipes ---- */

struct pretended {
    pid_t pid;
    int in, out, err, news;
};

static struct pretended running[MAX_STREAMS * 2];

void child_kill_all(uint64_t group) { state += group; }

void child_forget(uint64_t group) { state += group; }

static void drop(int *fd) {
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

static void pair(int *theirs, int *ours, bool agent_reads) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        *theirs = *ours = -1;
        return;
    }
    *ours = ends[agent_reads ? 0 : 1];
    *theirs = ends[agent_reads ? 1 : 0];
}

pid_t child_start(const struct request *request, struct pipes *ours) {
    static pid_t pid = FIRST_PID;
    static uint64_t groups;
    struct pretended *it = NULL;
    for (size_t i = 0; i < MAX_STREAMS * 2 && it == NULL; i++) {
        it = running[i].pid == 0 ? &running[i] : NULL;
    }
    *ours = (struct pipes){.in = -1, .out = -1, .err = -1, .news = -1, .group = ++groups};
    /* All words of a request lie in the frame and end. */
    for (char **word = request->argv; *word != NULL; word++) {
        state += strlen(*word);
    }
    for (char **word = request->env; *word != NULL; word++) {
        state += strlen(*word);
    }
    state += strlen(request->cwd) + strlen(request->user);
    if (it == NULL || once_in(20)) {
        errno = EAGAIN;
        return -1;
    }
    pair(&it->out, &ours->out, true);
    pair(&it->err, &ours->err, true);
    pair(&it->news, &ours->news, true);
    it->in = -1;
    if (request->flags & WITH_STDIN) {
        pair(&it->in, &ours->in, false);
    }
    commands_started++;
    return it->pid = pid++;
}

static void live(void) {
    static uint8_t bytes[65536];
    for (size_t i = 0; i < MAX_STREAMS * 2; i++) {
        struct pretended *it = &running[i];
        if (it->pid == 0) {
            continue;
        }
        if (it->news >= 0 && once_in(4)) {
            uint8_t bad[5] = {(uint8_t)below(6), 0, 0, 0, (uint8_t)below(256)};
            ssize_t told = once_in(5) ? write(it->news, bad, sizeof bad) : 0;
            (void)told;
            drop(&it->news);
        }
        int *fd = once_in(2) ? &it->out : &it->err;
        if (*fd >= 0 && write(*fd, bytes, 1 + below(sizeof bytes)) < 0 && errno != EAGAIN) {
            drop(fd);
        }
        if (it->in >= 0 && read(it->in, bytes, 1 + below(sizeof bytes)) == 0) {
            drop(&it->in);
        }
        if (once_in(40)) {
            drop(fd);
        }
        if (once_in(12)) {
            exec_reaped(it->pid, (int)below(0x10000));
            drop(&it->in);
            drop(&it->out);
            drop(&it->err);
            drop(&it->news);
            it->pid = 0;
        }
    }
}

/* ---- what a host says, honest or not ---- */

static uint8_t said[1 << 20];
static size_t said_length, said_start;

static void put(const void *bytes, size_t length) {
    if (said_length + length <= sizeof said) {
        memcpy(said + said_length, bytes, length);
        said_length += length;
    }
}

static void put_number(uint64_t value, int bytes) {
    for (int i = bytes - 1; i >= 0; i--) {
        uint8_t byte = (uint8_t)(value >> (8 * i));
        put(&byte, 1);
    }
}

static void put_word(uint32_t most) {
    uint32_t length = below(once_in(30) ? most : 12);
    put_number(length, 2);
    for (uint32_t i = 0; i < length; i++) {
        put_number(wrong() && once_in(40) ? 0 : 'a' + below(26), 1);
    }
    put_number(wrong() ? 7 : 0, 1);
}

static void exec_body(void) {
    uint8_t flags = wrong() ? (uint8_t)next() : once_in(3) ? (uint8_t)below(8) : (uint8_t)below(2);
    put_number(flags, 1);
    put_number(wrong() ? next() : below(300000), 4);
    for (int list = 0; list < 2; list++) {
        uint32_t count = wrong() ? below(70000) : list == 0 ? 1 + below(4) : below(4);
        put_number(count, 2);
        for (uint32_t i = 0; i < (count & 0xffff) && i < 5000; i++) {
            put_word(3000);
        }
    }
    put_word(300);
    put_word(30);
    if (flags & WITH_TERMINAL) {
        put_number(next(), 4);
    }
    put_number(wrong() ? next() : EXEC_WHOLE, 4);
}

static void frame(void) {
    static const uint8_t types[] = {EXEC, EXEC, EXEC, STDIN, STDIN, STDIN_END, CREDIT, CREDIT, SIGNAL, RESIZE, CLOCK};
    size_t start = said_length;
    uint8_t type = once_in(3000) ? POWER_OFF : wrong() ? (uint8_t)next() : types[below(sizeof types)];
    put_number(0, 4);
    put_number(type, 1);
    put_number(wrong() ? next() : 1 + below(200), 4);
    if (type == EXEC) {
        exec_body();
    } else if (type == STDIN) {
        static const uint8_t input[MAX_DATA];
        put(input, below(wrong() ? MAX_DATA : 600));
    } else if (type == CREDIT) {
        put_number(wrong() ? next() : below(70000), 4);
    } else if (type == SIGNAL) {
        put_number(wrong() ? next() : 1 + below(64), 1);
    } else if (type == RESIZE) {
        put_number(next(), 4);
    } else if (type == CLOCK) {
        put_number(wrong() ? next() : below(1u << 31), 8);
        put_number(wrong() ? next() : below(1000000000), 4);
    }
    if (wrong()) {
        put_number(next(), (int)below(9));
    }
    if (said_length < start + 4 + HEADER) {
        return;
    }
    size_t length = said_length - start - 4;
    if (wrong()) {
        length = once_in(2) ? next() : length + below(40) - 20;
    }
    put32(said + start, (uint32_t)length);
    for (uint32_t bend = wrong() ? below(6) : 0; bend > 0; bend--) {
        said[start + below((uint32_t)(said_length - start))] = (uint8_t)next();
    }
    frames++;
}

static void greeting(void) {
    static const uint8_t zeros[8 + MAX_LENGTH];
    put(zeros, sizeof zeros);
    put(HOST_MAGIC, MAGIC_LENGTH);
    put_number(HEADER + 2 + NONCE, 4);
    put_number(HELLO, 1);
    put_number(0, 4);
    put_number(PROTOCOL, 2);
    put_number(next(), 8);
    put_number(next(), 8);
}

/* ---- what the agent says back ---- */

static uint8_t heard[4 + MAX_LENGTH];
static size_t heard_length;
static bool in_frames;

static void require(bool right, const char *what) {
    if (!right) {
        fprintf(stderr, "the agent said %s\n", what);
        abort();
    }
}

static void forget(size_t bytes) {
    memmove(heard, heard + bytes, heard_length - bytes);
    heard_length -= bytes;
}

static void listen_to(int host) {
    for (;;) {
        ssize_t got = read(host, heard + heard_length, sizeof heard - heard_length);
        if (got > 0) {
            heard_length += (size_t)got;
        }
        for (;;) {
            uint8_t *magic = memmem(heard, heard_length, GUEST_MAGIC, MAGIC_LENGTH);
            if (!in_frames && magic == NULL) {
                forget(heard_length > MAGIC_LENGTH ? heard_length - MAGIC_LENGTH : 0);
                break;
            }
            if (!in_frames || magic == heard) {
                forget((size_t)(magic - heard) + MAGIC_LENGTH);
                in_frames = true;
                continue;
            }
            if (heard_length < 4) {
                break;
            }
            uint32_t length = get32(heard);
            require(length >= HEADER && length <= MAX_LENGTH, "a frame of a length that is none");
            if (heard_length < 4 + (size_t)length) {
                break;
            }
            require(heard[4] >= HELLO_BACK && heard[4] <= ENDED, "a frame of a type that is none");
            output_frames++;
            forget(4 + length);
        }
        if (got <= 0) {
            return;
        }
    }
}

/* ---- the agent's own loop, one turn ---- */

static void turn(int host) {
    static struct pollfd polls[1 + EXEC_POLLS];
    while (said_start < said_length) {
        ssize_t sent = write(host, said + said_start, said_length - said_start);
        if (sent <= 0) {
            break;
        }
        said_start += (size_t)sent;
    }
    port_fill(&polls[0]);
    size_t count = 1 + exec_fill(polls + 1);
    poll(polls, count, 0);
    port_handle(polls[0].fd < 0 ? POLLIN : polls[0].revents);
    exec_pump();
}

/* A greeting in the middle of a frame's bytes: what was half said then ends as no frame. */
static void round_of(int host) {
    static const uint32_t degrees[] = {30, 300, 3000, 30000, 1u << 30};
    said_length = said_start = 0;
    honesty = degrees[below(5)];
    greeting();
    if (once_in(8)) {
        for (uint32_t noise = below(3000); noise > 0; noise--) {
            put_number(next(), 1);
        }
        greeting();
    }
    for (uint32_t i = below(ROUND); i > 0; i--) {
        frame();
    }
    in_frames = false;
    for (int turns = 0; turns < 2000 && (said_start < said_length || turns < 50); turns++) {
        turn(host);
        live();
        if (!once_in(10)) {
            listen_to(host);
        }
    }
    rounds++;
}

int main(int argc, char **argv) {
    int ends[2];
    struct timespec now;
    if (argc != 3 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) {
        return 2;
    }
    state = strtoull(argv[1], NULL, 10);
    signal(SIGPIPE, SIG_IGN);
    port_open(ends[0]);
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += atol(argv[2]);
    do {
        round_of(ends[1]);
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (now.tv_sec < until.tv_sec);
    tell();
    return 0;
}
