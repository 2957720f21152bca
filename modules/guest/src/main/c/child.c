#include "agent.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <grp.h>
#include <unistd.h>

#define USUAL_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define INTO_CGROUP 0x200000000ULL
/* So many groups are known that something was left running in; of more than these, some stay for good. */
#define MOST_KEPT 256
/* Each word takes three bytes of a frame at least. */
#define MOST_WORDS (MAX_LENGTH / 3)

/* Pointers into the frame: argv, then env, then room for what is added, each with its end. */
static char *words[MOST_WORDS + 8];

struct reader {
    const uint8_t *at;
    size_t left;
    bool broken;
};

static uint32_t take(struct reader *from, size_t bytes) {
    uint32_t value = 0;
    if (from->left < bytes) {
        from->broken = true;
        return 0;
    }
    for (size_t i = 0; i < bytes; i++) {
        value = value << 8 | from->at[i];
    }
    from->at += bytes;
    from->left -= bytes;
    return value;
}

/* A word lies in the frame with a zero behind it, so it is used in place. */
static char *take_word(struct reader *from) {
    size_t length = take(from, 2);
    if (from->broken || from->left < length + 1 || strnlen((const char *)from->at, length + 1) != length) {
        from->broken = true;
        return "";
    }
    char *word = (char *)(uintptr_t)from->at;
    from->at += length + 1;
    from->left -= length + 1;
    return word;
}

static char **take_words(struct reader *from, size_t *used) {
    char **start = words + *used;
    size_t count = take(from, 2);
    for (size_t i = 0; i < count && !from->broken && *used < MOST_WORDS; i++) {
        words[(*used)++] = take_word(from);
    }
    words[(*used)++] = NULL;
    return start;
}

bool request_parse(const uint8_t *body, size_t length, struct request *request) {
    struct reader from = {body, length, false};
    size_t used = 0;
    request->flags = (uint8_t)take(&from, 1);
    request->credit = take(&from, 4);
    request->argv = take_words(&from, &used);
    request->env = take_words(&from, &used);
    request->cwd = take_word(&from);
    request->user = take_word(&from);
    if (request->flags & WITH_TERMINAL) {
        request->columns = (uint16_t)take(&from, 2);
        request->rows = (uint16_t)take(&from, 2);
    }
    uint32_t whole = take(&from, 4);
    return !from.broken && from.left == 0 && whole == EXEC_WHOLE && request->argv[0] != NULL;
}

/* A group for each command, named by a number that is never used again: what a command leaves running keeps it. */
static void group_path(char *path, size_t size, uint64_t group, const char *file) {
    snprintf(path, size, "/sys/fs/cgroup/scaibunker.%llu%s", (unsigned long long)group, file);
}

static void write_word(const char *path, const char *word) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        ssize_t written = write(fd, word, strlen(word));
        (void)written; /* Best effort by nature: the kernel may refuse. */
        close(fd);
    }
}

void child_kill_all(uint64_t group) {
    char path[64];
    group_path(path, sizeof path, group, "/cgroup.kill");
    write_word(path, "1");
}

static bool remove_group(uint64_t group) {
    char path[64];
    group_path(path, sizeof path, group, "");
    return rmdir(path) == 0 || errno != EBUSY;
}

/* A group in which something was left running is tried again whenever another one is forgotten. */
void child_forget(uint64_t group) {
    static uint64_t kept[MOST_KEPT];
    size_t free_place = MOST_KEPT;
    for (size_t i = 0; i < MOST_KEPT; i++) {
        if (kept[i] != 0 && remove_group(kept[i])) {
            kept[i] = 0;
        }
        free_place = kept[i] == 0 ? i : free_place;
    }
    if (!remove_group(group)) {
        kept[free_place < MOST_KEPT ? free_place : group % MOST_KEPT] = group;
    }
}

_Noreturn static void give_up(int news, uint8_t stage, int error) {
    uint8_t body[5] = {stage};
    put32(body + 1, (uint32_t)error);
    ssize_t written = write(news, body, sizeof body);
    (void)written;
    _exit(127);
}

static bool has(char **env, const char *name) {
    for (; *env != NULL; env++) {
        if (strncmp(*env, name, strlen(name)) == 0) {
            return true;
        }
    }
    return false;
}

/* The environment lies at the end of `words`, where there is room for some more. */
static void add_usual(char **env, const char *home, bool terminal) {
    static char home_word[8 + sizeof(((struct user *)0)->home)];
    char **end = env;
    while (*end != NULL) {
        end++;
    }
    if (!has(env, "PATH=")) {
        *end++ = USUAL_PATH;
    }
    if (!has(env, "HOME=")) {
        snprintf(home_word, sizeof home_word, "HOME=%s", home);
        *end++ = home_word;
    }
    if (terminal && !has(env, "TERM=")) {
        *end++ = "TERM=xterm-256color";
    }
    *end = NULL;
}

static void become(const struct user *user, int news) {
    if (setgroups((size_t)user->group_count, user->groups) != 0 || setgid(user->gid) != 0 || setuid(user->uid) != 0) {
        give_up(news, STAGE_USER, errno);
    }
}

static void enter(const char *cwd, const char *home, int news) {
    if (*cwd == '\0') {
        if (chdir(home) != 0 && chdir("/") != 0) {
            give_up(news, STAGE_DIRECTORY, errno);
        }
    } else if (chdir(cwd) != 0) {
        give_up(news, STAGE_DIRECTORY, errno);
    }
}

static void plain_signals(void) {
    sigset_t none;
    sigemptyset(&none);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

_Noreturn static void child(const struct request *request, int in, int out, int err, int news) {
    static struct user user;
    setsid();
    write_word("/proc/self/oom_score_adj", "0");
    if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0) {
        give_up(news, STAGE_RESOURCES, errno);
    }
    umask(022);
    int error = user_find(request->user, &user);
    if (error != 0) {
        give_up(news, STAGE_USER, error);
    }
    if (request->flags & WITH_TERMINAL) {
        /* The session's own terminal, and the user's: others must not read along. */
        ioctl(0, TIOCSCTTY, 0);
        if (fchown(0, user.uid, (gid_t)-1) != 0 || fchmod(0, 0600) != 0) {
            give_up(news, STAGE_RESOURCES, errno);
        }
    }
    become(&user, news);
    if (request->flags & FILE_WORK) {
        int disk = strcmp(request->argv[0], "freeze") == 0 ? dup2(open_disk(), 3) : -1;
        plain_signals();
        /* Nothing is executed that would close them: our own ends of all streams. */
        syscall(436 /* close_range */, disk < 0 ? 3 : 4, ~0U, 0);
        file_work(request->argv, disk);
    }
    enter(request->cwd, user.home, news);
    add_usual(request->env, user.home, request->flags & WITH_TERMINAL);
    plain_signals();
    environ = request->env;
    execvpe(request->argv[0], request->argv, request->env);
    give_up(news, STAGE_EXECUTE, errno);
}

/* A fork whose child is in its group from its first moment; without groups, a plain one. */
static pid_t fork_into(uint64_t group) {
    char path[64];
    uint64_t arguments[11] = {0};
    group_path(path, sizeof path, group, "");
    mkdir(path, 0755);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return fork();
    }
    arguments[0] = INTO_CGROUP;
    arguments[4] = SIGCHLD;
    arguments[10] = (uint64_t)fd;
    long pid = syscall(435 /* clone3 */, arguments, sizeof arguments);
    if (pid < 0 && errno == ENOSYS) {
        pid = fork();
    }
    if (pid != 0) {
        int error = errno;
        close(fd);
        errno = error;
    }
    return (pid_t)pid;
}

static int never_block(int fd) { return fcntl(fd, F_SETFL, O_NONBLOCK); }

static void close_all(const int *fds, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
}

/* What the child reads and writes, with our ends; fds are -1 where there is none. */
struct ends {
    int in[2], out[2], err[2], news[2];
};

static bool open_terminal(struct ends *ends, const struct request *request) {
    struct winsize size = {.ws_col = request->columns, .ws_row = request->rows};
    char name[32];
    int number, unlocked = 0;
    ends->out[0] = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (ends->out[0] < 0 || ioctl(ends->out[0], TIOCSPTLCK, &unlocked) != 0 ||
        ioctl(ends->out[0], TIOCGPTN, &number) != 0) {
        return false;
    }
    ioctl(ends->out[0], TIOCSWINSZ, &size);
    snprintf(name, sizeof name, "/dev/pts/%d", number);
    ends->in[0] = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    ends->in[1] = fcntl(ends->out[0], F_DUPFD_CLOEXEC, 0);
    ends->out[1] = fcntl(ends->in[0], F_DUPFD_CLOEXEC, 0);
    ends->err[1] = fcntl(ends->in[0], F_DUPFD_CLOEXEC, 0);
    return ends->in[0] >= 0 && ends->in[1] >= 0 && ends->out[1] >= 0 && ends->err[1] >= 0;
}

static bool open_pipes(struct ends *ends, const struct request *request) {
    if (pipe2(ends->out, O_CLOEXEC) != 0 || pipe2(ends->err, O_CLOEXEC) != 0) {
        return false;
    }
    if (request->flags & WITH_STDIN) {
        return pipe2(ends->in, O_CLOEXEC) == 0;
    }
    ends->in[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return ends->in[0] >= 0;
}

pid_t child_start(const struct request *request, struct pipes *ours) {
    static uint64_t groups;
    struct ends ends = {{-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}};
    bool made = pipe2(ends.news, O_CLOEXEC) == 0 &&
                (request->flags & WITH_TERMINAL ? open_terminal(&ends, request) : open_pipes(&ends, request));
    ours->group = ++groups;
    pid_t pid = made ? fork_into(ours->group) : -1;
    if (pid == 0) {
        child(request, ends.in[0], ends.out[1], ends.err[1], ends.news[1]);
    }
    if (pid < 0) {
        int error = errno;
        close_all((const int *)&ends, sizeof ends / sizeof(int));
        child_forget(ours->group);
        errno = error;
        return -1;
    }
    int theirs[] = {ends.in[0], ends.out[1], ends.err[1], ends.news[1]};
    close_all(theirs, 4);
    *ours = (struct pipes){
        .in = ends.in[1], .out = ends.out[0], .err = ends.err[0], .news = ends.news[0], .group = groups};
    int kept[] = {ours->in, ours->out, ours->err, ours->news};
    for (size_t i = 0; i < 4; i++) {
        if (kept[i] >= 0) {
            never_block(kept[i]);
        }
    }
    return pid;
}
