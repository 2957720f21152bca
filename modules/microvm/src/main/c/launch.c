/*
 * Starts a monitor where it belongs: in a session and control groups of its own, with the files it needs already open, as a
 * user who owns nothing. Java can do none of that between fork and exec.
 *
 *   launch [-c CGROUP_PROCS]… [-r FD=FILE]… [-w FD=FILE]… [-p FD=PIPE]… [-t FD=TAP] [-n NAMESPACE] [-u UID] [-g GROUP]…
 *          -- PROGRAM [WORD]…
 *
 * In this order, whatever the order of the words. A pipe is opened at both ends and never waited for. What fails ends it with 120 and a line on standard error.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define MANY 32

struct opened {
    int target, flags;
    const char *path;
};

_Noreturn static void fail(const char *what) {
    fprintf(stderr, "launch: %s: %s\n", what, strerror(errno));
    _exit(120);
}

static long number(const char *text) {
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || end == text || (*end != '\0' && *end != '=') || value < 0) {
        errno = EINVAL;
        fail(text);
    }
    return value;
}

static const char *behind(const char *text) {
    const char *at = strchr(text, '=');
    if (at == NULL) {
        errno = EINVAL;
        fail(text);
    }
    return at + 1;
}

static void place(int fd, int target, const char *what) {
    if (fd < 0 || (fd != target && (dup2(fd, target) < 0 || close(fd) != 0))) {
        fail(what);
    }
}

static void join(const char *group) {
    int fd = open(group, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, "0", 1) != 1) {
        fail(group);
    }
    close(fd);
}

static void enter(const char *namespace) {
    int fd = open(namespace, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || setns(fd, CLONE_NEWNET) != 0) {
        fail(namespace);
    }
    close(fd);
}

static void take_tap(const char *name, int target) {
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
    int fd = open("/dev/net/tun", O_RDWR);
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) != 0) {
        fail(name);
    }
    place(fd, target, name);
}

int main(int argc, char **argv) {
    static struct opened files[MANY];
    static const char *cgroups[MANY];
    static gid_t groups[MANY];
    const char *namespace = NULL, *tap = NULL;
    int file_count = 0, cgroup_count = 0, group_count = 0, tap_target = -1, word;
    long uid = -1;
    while ((word = getopt(argc, argv, "+c:r:w:p:t:n:u:g:")) != -1) {
        if (file_count == MANY || cgroup_count == MANY || group_count == MANY) {
            errno = E2BIG;
            fail("words");
        }
        switch (word) {
        case 'c':
            cgroups[cgroup_count++] = optarg;
            break;
        case 'r':
        case 'w':
            files[file_count++] =
                (struct opened){(int)number(optarg), word == 'r' ? O_RDONLY : O_RDWR, behind(optarg)};
            break;
        case 'p':
            files[file_count++] = (struct opened){(int)number(optarg), O_RDWR | O_NONBLOCK, behind(optarg)};
            break;
        case 't':
            tap_target = (int)number(optarg);
            tap = behind(optarg);
            break;
        case 'n':
            namespace = optarg;
            break;
        case 'u':
            uid = number(optarg);
            break;
        case 'g':
            groups[group_count++] = (gid_t)number(optarg);
            break;
        default:
            return 120;
        }
    }
    if (optind >= argc) {
        errno = EINVAL;
        fail("no program");
    }
    setsid(); /* Fails for who leads one already: as good. */
    for (int i = 0; i < cgroup_count; i++) {
        join(cgroups[i]);
    }
    for (int i = 0; i < file_count; i++) {
        place(open(files[i].path, files[i].flags), files[i].target, files[i].path);
    }
    if (namespace != NULL) {
        enter(namespace);
    }
    if (tap != NULL) {
        take_tap(tap, tap_target);
    }
    struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_CORE, &none) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        fail("limits");
    }
    if (uid >= 0 && (setgroups((size_t)group_count, groups) != 0 || setresgid((gid_t)uid, (gid_t)uid, (gid_t)uid) != 0 ||
                     setresuid((uid_t)uid, (uid_t)uid, (uid_t)uid) != 0)) {
        fail("user");
    }
    execvp(argv[optind], argv + optind);
    fail(argv[optind]);
}
