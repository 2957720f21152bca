#include <sys/ioctl.h>
/* The only program of the tests' image: its first argument says what it does. */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <grp.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static void flood(int fd, long long bytes) {
    static char block[65536];
    memset(block, 'x', sizeof block);
    while (bytes > 0) {
        ssize_t written = write(fd, block, bytes < (long long)sizeof block ? (size_t)bytes : sizeof block);
        if (written <= 0) {
            exit(9);
        }
        bytes -= written;
    }
}

static int copy(void) {
    static char block[65536];
    ssize_t got;
    while ((got = read(0, block, sizeof block)) > 0) {
        for (ssize_t at = 0; at < got;) {
            at += write(1, block + at, (size_t)(got - at));
        }
    }
    return 0;
}

static int print_file(const char *path) {
    char block[4096];
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        perror(path);
        return 1;
    }
    for (size_t got; (got = fread(block, 1, sizeof block, file)) > 0;) {
        fwrite(block, 1, got, stdout);
    }
    return 0;
}

static int identity(void) {
    gid_t groups[32];
    char cwd[256], host[65];
    int count = getgroups(32, groups);
    gethostname(host, sizeof host);
    printf("uid=%d gid=%d", getuid(), getgid());
    for (int i = 0; i < count; i++) {
        printf(" group=%d", groups[i]);
    }
    printf(" cwd=%s host=%s\n", getcwd(cwd, sizeof cwd), host);
    for (char **word = environ; *word != NULL; word++) {
        puts(*word);
    }
    return 0;
}

/* A child that leaves the session, so that only the whole family's end reaches it; both wait for ever. */
static int family(void) {
    if (fork() == 0) {
        setsid();
        for (;;) {
            pause();
        }
    }
    puts("two");
    fflush(stdout);
    for (;;) {
        pause();
    }
}

static int write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    return file == NULL || fputs(text, file) < 0 || fclose(file) != 0;
}

static void changed(int number) { (void)number; }

/* Says the size of its terminal, and again whenever that changes, until a line comes. */
static int terminal(void) {
    struct sigaction action = {.sa_handler = changed};
    struct winsize size;
    char line[64];
    /* Heard only while it waits: a change between two words would be missed. */
    sigset_t open, closed;
    sigemptyset(&closed);
    sigaddset(&closed, SIGWINCH);
    sigprocmask(SIG_BLOCK, &closed, &open);
    sigaction(SIGWINCH, &action, NULL);
    for (;;) {
        if (ioctl(0, TIOCGWINSZ, &size) != 0 || !isatty(1) || !isatty(2)) {
            return 1;
        }
        printf("%d columns, %d rows\n", size.ws_col, size.ws_row);
        fflush(stdout);
        struct pollfd input = {.fd = 0, .events = POLLIN};
        if (ppoll(&input, 1, NULL, &open) > 0) {
            printf("read %zd\n", read(0, line, sizeof line));
            return 0;
        }
    }
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    const char *with = argc > 2 ? argv[2] : "";
    if (strcmp(what, "exit") == 0) {
        fputs("to out\n", stdout);
        fputs("to err\n", stderr);
        return atoi(with);
    }
    if (strcmp(what, "signal") == 0) {
        raise(atoi(with));
    }
    if (strcmp(what, "copy") == 0) {
        return copy();
    }
    if (strcmp(what, "identity") == 0) {
        return identity();
    }
    if (strcmp(what, "flood") == 0) {
        flood(1, atoll(with));
        return 0;
    }
    if (strcmp(what, "console") == 0) {
        return write_file("/dev/console", with);
    }
    if (strcmp(what, "family") == 0) {
        return family();
    }
    if (strcmp(what, "leave") == 0) {
        if (fork() == 0) {
            for (;;) {
                pause();
            }
        }
        puts("left one running");
        return 0;
    }
    if (strcmp(what, "leave-flood") == 0) {
        puts("left one writing");
        fflush(stdout);
        if (fork() == 0) {
            flood(1, 1LL << 60);
        }
        return 0;
    }
    if (strcmp(what, "print") == 0) {
        return print_file(with);
    }
    if (strcmp(what, "write") == 0) {
        return write_file(with, argc > 3 ? argv[3] : "");
    }
    if (strcmp(what, "terminal") == 0) {
        return terminal();
    }
    if (strcmp(what, "clock") == 0) {
        return printf("%lld\n", (long long)time(NULL)) < 0;
    }
    if (strcmp(what, "poweroff") == 0) {
        return reboot(RB_POWER_OFF);
    }
    if (strcmp(what, "panic") == 0) {
        return write_file("/proc/sysrq-trigger", "c");
    }
    return 99;
}
