#include "agent.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* A tree that is deeper is not removed: each level holds a descriptor. */
#define DEEPEST 500
/* Of linux/fs.h, which is not with this library's headers. */
#define FIFREEZE _IOWR('X', 119, int)
#define FITHAW _IOWR('X', 120, int)
/* How many names are tried for what is not whole yet. */
#define MOST_NAMES 16
/* A listing ends here. */
#define MOST_ENTRIES 10000

static char bytes[65536];
/* What nobody shall find should this end in the middle. */
static char half_made[4096 + 32];

/* What is held still, -1 for nothing. */
static int frozen = -1;

bool thaw(int disk) {
    bool held = disk >= 0 && ioctl(disk, FITHAW, 0) == 0;
    if (disk >= 0) {
        close(disk);
    }
    return held;
}

/* False where what was to be held still was not, up to here. */
static bool drop(void) {
    bool held = frozen < 0 || thaw(frozen);
    frozen = -1;
    if (*half_made != '\0') {
        unlink(half_made);
    }
    return held;
}

_Noreturn static void done(int error) {
    if (!drop() && error == 0) {
        error = EIO;
    }
    _exit(error > 255 ? EIO : error);
}

static void ended(int number) {
    drop();
    signal(number, SIG_DFL);
    /* Not raise(): the library still takes this process for the first one. */
    kill(getpid(), number);
}

static void must(bool right) {
    if (!right) {
        done(errno);
    }
}

static void put_all(int fd, const char *from, size_t length) {
    while (length > 0) {
        ssize_t written = write(fd, from, length);
        must(written >= 0 || errno == EINTR);
        if (written > 0) {
            from += written;
            length -= (size_t)written;
        }
    }
}

static char kind(mode_t mode) {
    switch (mode & S_IFMT) {
    case S_IFREG:
        return 'f';
    case S_IFDIR:
        return 'd';
    case S_IFLNK:
        return 'l';
    default:
        return 'o';
    }
}

/* «kind mode uid gid size mtime name», ended by a zero since a name may hold anything else. */
static void tell(const struct stat *is, const char *name) {
    char head[128];
    int length = snprintf(head, sizeof head, "%c %o %u %u %lld %lld ", kind(is->st_mode), is->st_mode & 07777,
                          is->st_uid, is->st_gid, (long long)is->st_size, (long long)is->st_mtime);
    fwrite(head, 1, (size_t)length, stdout);
    fwrite(name, 1, strlen(name) + 1, stdout);
}

/* What is told of it, then its content; a file that shrinks meanwhile is an error, one that grows is cut. */
static void get(const char *path) {
    struct stat is;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    must(fd >= 0 && fstat(fd, &is) == 0);
    if (!S_ISREG(is.st_mode)) {
        done(S_ISDIR(is.st_mode) ? EISDIR : EINVAL);
    }
    tell(&is, "");
    must(fflush(stdout) == 0);
    /* The kernel's own files say that they are empty. */
    bool sized = is.st_size > 0;
    for (off_t left = is.st_size; !sized || left > 0;) {
        size_t most = sized && left < (off_t)sizeof bytes ? (size_t)left : sizeof bytes;
        ssize_t got = read(fd, bytes, most);
        must(got >= 0);
        if (got == 0) {
            done(sized ? EIO : 0);
        }
        put_all(1, bytes, (size_t)got);
        left -= got;
    }
    done(0);
}

static void make_parents(char *path) {
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        must(mkdir(path, 0755) == 0 || errno == EEXIST);
        *slash = '/';
    }
}

/*
 * A machine that was switched off in the middle leaves its name: nobody who runs has this process number, so it is removed. What
 * cannot be removed is somebody else's, who shall not keep others from writing: there are more names.
 */
static int open_half_made(const char *path, int directory) {
    static char name[sizeof half_made];
    for (int n = 0; n < MOST_NAMES; n++) {
        snprintf(name, sizeof name, "%.*s/.scaibunker.%d.%d", directory, path, getpid(), n);
        unlink(name);
        int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        if (fd >= 0) {
            memcpy(half_made, name, sizeof half_made);
            return fd;
        }
        must(errno == EEXIST);
    }
    done(EEXIST);
}

/* The new content has another name until it is whole. */
static void put(char *path) {
    char *slash = strrchr(path, '/');
    struct stat before;
    if (slash[1] == '\0' || strlen(path) >= 4096) {
        done(slash[1] == '\0' ? EISDIR : ENAMETOOLONG);
    }
    make_parents(path);
    bool there = stat(path, &before) == 0;
    if (there && !S_ISREG(before.st_mode)) {
        done(S_ISDIR(before.st_mode) ? EISDIR : EINVAL);
    }
    int fd = open_half_made(path, (int)(slash - path));
    if (there) {
        /* Its owner and mode stay, as far as this user may. */
        int kept = fchown(fd, before.st_uid, before.st_gid);
        (void)kept;
        must(fchmod(fd, before.st_mode & 07777) == 0);
    }
    for (;;) {
        ssize_t got = read(0, bytes, sizeof bytes);
        must(got >= 0 || errno == EINTR);
        if (got == 0) {
            break;
        }
        if (got > 0) {
            put_all(fd, bytes, (size_t)got);
        }
    }
    must(rename(half_made, path) == 0);
    *half_made = '\0';
    done(0);
}

static void list(const char *path) {
    struct stat is;
    struct dirent *entry;
    int count = 0;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    must(fd >= 0);
    DIR *directory = fdopendir(fd);
    must(directory != NULL);
    while (count < MOST_ENTRIES && (entry = readdir(directory)) != NULL) {
        bool itself = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
        if (!itself && fstatat(fd, entry->d_name, &is, AT_SYMLINK_NOFOLLOW) == 0) {
            tell(&is, entry->d_name);
            count++;
        }
    }
    must(fflush(stdout) == 0);
    done(0);
}

/* Links are removed, not followed. */
static void remove_tree(int parent, const char *name, int depth) {
    struct dirent *entry;
    if (unlinkat(parent, name, 0) == 0) {
        return;
    }
    must(errno == EISDIR || errno == EPERM);
    if (depth > DEEPEST) {
        done(ELOOP);
    }
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    must(fd >= 0);
    DIR *directory = fdopendir(fd);
    must(directory != NULL);
    while ((entry = readdir(directory)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            remove_tree(fd, entry->d_name, depth + 1);
        }
    }
    closedir(directory);
    must(unlinkat(parent, name, AT_REMOVEDIR) == 0);
}

static void delete(const char *path, bool whole) {
    struct stat is;
    must(lstat(path, &is) == 0);
    if (!S_ISDIR(is.st_mode)) {
        must(unlink(path) == 0);
    } else if (whole) {
        remove_tree(AT_FDCWD, path, 0);
    } else {
        must(rmdir(path) == 0);
    }
    done(0);
}

/*
 * Writes out what is in memory, holds the disk still, says so, and lets go at the end of the input, or when `seconds` are over:
 * then what was read meanwhile may be torn.
 */
static void freeze(int disk, const char *seconds) {
    struct pollfd end = {.fd = 0, .events = POLLIN};
    long most = seconds == NULL ? 0 : strtol(seconds, NULL, 10);
    if (most < 1 || most > 86400) {
        done(EINVAL);
    }
    if (disk < 0) {
        done(ENODEV);
    }
    /* Most of the writing, while all goes on. */
    must(syncfs(disk) == 0);
    frozen = disk;
    if (ioctl(disk, FIFREEZE, 0) != 0) {
        frozen = -1;
        done(errno);
    }
    put_all(1, "frozen", 6);
    int ready = poll(&end, 1, (int)most * 1000);
    must(ready >= 0);
    done(ready == 0 ? ETIMEDOUT : 0);
}

void file_work(char **words, int disk) {
    const char *what = words[0];
    char *path = words[1];
    if (path == NULL || path[0] != '/') {
        done(EINVAL);
    }
    signal(SIGTERM, ended);
    if (strcmp(what, "get") == 0) {
        get(path);
    } else if (strcmp(what, "put") == 0) {
        put(path);
    } else if (strcmp(what, "list") == 0) {
        list(path);
    } else if (strcmp(what, "delete") == 0) {
        delete (path, false);
    } else if (strcmp(what, "delete-all") == 0) {
        delete (path, true);
    } else if (strcmp(what, "freeze") == 0) {
        freeze(disk, words[2]);
    }
    done(EINVAL);
}
