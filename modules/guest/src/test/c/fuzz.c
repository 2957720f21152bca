/*
 * The agent's port.c and exec.c, and child.c's reading of requests, as a program of the host under the sanitizers. What comes
 * in is made from a seed: greetings, frames that are right, cut short or bent, and noise. Nothing is ever executed: commands
 * are pipes whose other ends are here, with process numbers that no process can have. The users that requests name are looked
 * for in made-up files of an image; work with files is done, by a child whose root is a directory below the working one.
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
#include <sched.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FIRST_PID 0x40000000 /* above what the kernel gives */
#define ROUND 400

static uint64_t state;
static struct timespec until;
static long frames, commands_started, output_frames, rounds, clocks, users, users_found, works, works_done;
static char root[] = "fuzz-root-XXXXXX";

/* The sanitizers' findings must not look like an error number of the agent's. */
const char *__asan_default_options(void) { return "abort_on_error=1:detect_leaks=0"; }
const char *__ubsan_default_options(void) { return "abort_on_error=1:halt_on_error=1"; }

static void tell(void) {
    printf("%ld rounds, %ld frames in, %ld commands, %ld frames out, %ld clocks, %ld users (%ld found), %ld works with files "
           "(%ld done)\n",
           rounds, frames, commands_started, output_frames, clocks, users, users_found, works, works_done);
    fflush(stdout);
}

static void remove_root(void) {
    char line[64];
    snprintf(line, sizeof line, "rm -rf -- ./%s", root);
    if (system(line) != 0) {
        fprintf(stderr, "%s is left\n", root);
    }
}

/* What would be done to a real machine: it begins anew. */
_Noreturn void power_off(void) {
    char seed[24], left[24];
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)state);
    snprintf(left, sizeof left, "%ld", until.tv_sec > now.tv_sec ? (long)(until.tv_sec - now.tv_sec) : 0L);
    tell();
    remove_root();
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

static void require(bool right, const char *what) {
    if (!right) {
        fprintf(stderr, "the agent %s\n", what);
        abort();
    }
}

/* ---- who commands run as, by files that an image made up ---- */

static const char *const names[] = {"root", "ann", "staff", "0", "77", "1000", "4294967295", "99999999999", "a b", "", "-1"};

static const char *name(void) { return names[below(sizeof names / sizeof *names)]; }

static void some_text(FILE *to, uint32_t most) {
    for (uint32_t left = below(most); left > 0; left--) {
        fputc(once_in(40) ? (int)below(256) : once_in(6) ? ':' : 'a' + (int)below(26), to);
    }
}

static void make_up(const char *file) {
    char path[64];
    snprintf(path, sizeof path, "%s/%s", root, file);
    FILE *to = fopen(path, "w");
    require(to != NULL, "has no room for a made-up file");
    for (uint32_t lines = below(12); lines > 0; lines--) {
        switch (below(4)) {
        case 0:
            some_text(to, once_in(10) ? 9000 : 80);
            break;
        case 1:
            fprintf(to, "%s:x:%s:%s,%s,%s", name(), name(), name(), name(), name());
            break;
        default:
            fprintf(to, "%s:x:%s:%s::/home/", name(), name(), name());
            some_text(to, once_in(10) ? 600 : 20);
            fputs(":/bin/sh", to);
        }
        if (!once_in(15)) {
            fputc('\n', to);
        }
    }
    fclose(to);
}

/* user.c's open(): of the image's files, those made up here; any other is not there. */
int fuzz_open(const char *path, int flags, ...) {
    char mapped[64];
    if (strncmp(path, "/etc/", 5) != 0) {
        errno = ENOENT;
        return -1;
    }
    snprintf(mapped, sizeof mapped, "%s/%s", root, path + 5);
    return open(mapped, flags);
}

static void look_for(const char *who) {
    static struct user found;
    if (once_in(20)) {
        make_up("passwd");
        make_up("group");
    }
    int error = user_find(who, &found);
    users++;
    users_found += error == 0;
    require(error >= 0 && error < 200, "found a user and an error that is none");
    require(found.group_count >= 0 && found.group_count <= 32, "found more groups than there is room for");
    require(memchr(found.home, '\0', sizeof found.home) != NULL, "found a home without end");
    require(error != 0 || found.home[0] == '/', "found a home that is no path");
    require(error != 0 || (found.uid != (uid_t)-1 && found.gid != (gid_t)-1), "found nobody's number");
}

/* ---- work with files, in a root of its own ---- */

static bool has_root = true;

/* For who is not root, by a namespace of users. */
static bool enter_root(void) {
    return (geteuid() == 0 || unshare(CLONE_NEWUSER) == 0) && chroot(root) == 0 && chdir("/") == 0;
}

static int in_root(char **words, bool leftover) {
    static const struct rlimit most = {8 << 20, 8 << 20};
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        char left[64], input[20000];
        int ends[2], out = open("/dev/null", O_WRONLY);
        /* Its input lies in the pipe as a whole, so that nobody has to feed it. */
        if (!enter_root() || pipe(ends) != 0) {
            _exit(255);
        }
        memset(input, 'x', sizeof input);
        ssize_t written = write(ends[1], input, below(sizeof input));
        (void)written;
        dup2(ends[0], 0);
        dup2(out, 1);
        close(ends[1]);
        setrlimit(RLIMIT_FSIZE, &most);
        signal(SIGPIPE, SIG_DFL);
        alarm(20);
        if (leftover) {
            snprintf(left, sizeof left, "/a/.scaibunker.%d.0", getpid());
            close(open(left, O_WRONLY | O_CREAT, 0644));
        }
        file_work(words, -1);
    }
    int status = 0;
    require(pid > 0, "cannot fork");
    if (!leftover && once_in(10)) {
        kill(pid, SIGTERM);
    }
    waitpid(pid, &status, 0);
    return status;
}

static void make(const char *path, mode_t mode) {
    char below_root[128];
    snprintf(below_root, sizeof below_root, "%s/%s", root, path);
    int made = (mode & S_IFMT) == S_IFDIR ? mkdir(below_root, 0755) : mknod(below_root, mode, 0);
    require(made == 0, "has no room for a made-up tree");
}

static void plant(void) {
    char link[64];
    require(mkdtemp(root) != NULL, "has no root");
    make("a", S_IFDIR);
    make("b", S_IFDIR);
    make("b/two\nlines", S_IFDIR);
    make("b/empty", S_IFREG | 0600);
    make("b/pipe", S_IFIFO | 0600);
    snprintf(link, sizeof link, "%s/loop", root);
    require(symlink("loop", link) == 0, "has no links");
    snprintf(link, sizeof link, "%s/away", root);
    require(symlink("/b/../../..", link) == 0, "has no links");
    /* As in a frame, it may be written to. */
    static char path[] = "/a/file";
    char *upload[] = {"put", path, NULL};
    int status = in_root(upload, true);
    has_root = !WIFEXITED(status) || WEXITSTATUS(status) != 255;
    require(!has_root || status == 0, "does not write where an upload was left half made");
}

static void work_with_files(const struct request *request) {
    static char *two[3];
    char *const *words = request->argv;
    /* A word more than these is for «freeze» alone, and there is no disk. */
    two[0] = words[0];
    two[1] = words[1];
    int status = in_root(two, false);
    works++;
    works_done += status == 0;
    require(WIFEXITED(status) ? WEXITSTATUS(status) < 200 : WTERMSIG(status) == SIGTERM, "broke at work with a file");
}

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
    look_for(request->user);
    if (has_root && request->flags & FILE_WORK && once_in(2)) {
        work_with_files(request);
    }
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

static void put_text(const char *word) {
    put_number(strlen(word), 2);
    put(word, strlen(word) + 1);
}

static void put_user(void) {
    char both[64];
    snprintf(both, sizeof both, once_in(3) ? "%s:%s" : "%s", name(), name());
    put_text(both);
}

static void put_path(void) {
    static const char *const parts[] = {"a", "b", "file", "..", ".", "", "loop", "away", "two\nlines", "pipe", "empty", "new"};
    char path[6000];
    size_t length = 0;
    for (uint32_t left = 1 + below(once_in(20) ? 200 : 5); left > 0 && length < 5000; left--) {
        path[length++] = '/';
        const char *part = parts[below(sizeof parts / sizeof *parts)];
        size_t long_one = once_in(20) ? 1 + below(300) : 0;
        memset(path + length, 'x', long_one);
        memcpy(path + length + long_one, part, strlen(part) + 1);
        length += long_one + strlen(part);
    }
    path[length] = '\0';
    put_text(once_in(20) ? path + 1 : path);
}

static void put_work(void) {
    static const char *const orders[] = {"get", "put", "list", "delete", "delete-all", "put", "freeze", "burn"};
    put_text(orders[below(sizeof orders / sizeof *orders)]);
    put_path();
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
        if (list == 0 && flags & FILE_WORK && !wrong()) {
            put_number(2, 2);
            put_work();
            continue;
        }
        put_number(count, 2);
        for (uint32_t i = 0; i < (count & 0xffff) && i < 5000; i++) {
            put_word(3000);
        }
    }
    put_word(300);
    if (once_in(2)) {
        put_user();
    } else {
        put_word(30);
    }
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
            require(length >= HEADER && length <= MAX_LENGTH, "said a frame of a length that is none");
            if (heard_length < 4 + (size_t)length) {
                break;
            }
            require(heard[4] >= HELLO_BACK && heard[4] <= ENDED, "said a frame of a type that is none");
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
    plant();
    port_open(ends[0]);
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += atol(argv[2]);
    do {
        round_of(ends[1]);
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (now.tv_sec < until.tv_sec);
    tell();
    remove_root();
    return 0;
}
