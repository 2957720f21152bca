#include "agent.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* No honest file is longer; a made-up one ends here. */
#define MOST_BYTES (4 << 20)
#define LINE 4096

struct lines {
    int fd;
    size_t total, start, end;
    bool skipping; /* inside a line that is longer than the buffer */
    char bytes[LINE];
};

static bool lines_open(struct lines *lines, const char *path) {
    struct stat is;
    lines->total = lines->start = lines->end = 0;
    lines->skipping = false;
    lines->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (lines->fd >= 0 && (fstat(lines->fd, &is) != 0 || !S_ISREG(is.st_mode))) {
        close(lines->fd);
        lines->fd = -1;
    }
    return lines->fd >= 0;
}

/* The next line without its end, or NULL; longer ones than the buffer are passed over. */
static char *lines_next(struct lines *lines) {
    for (;;) {
        char *from = lines->bytes + lines->start;
        char *newline = memchr(from, '\n', lines->end - lines->start);
        if (newline != NULL) {
            *newline = '\0';
            lines->start = (size_t)(newline - lines->bytes) + 1;
            if (!lines->skipping) {
                return from;
            }
            lines->skipping = false;
            continue;
        }
        if (lines->start == 0 && lines->end == LINE) {
            lines->skipping = true;
            lines->end = 0;
        }
        memmove(lines->bytes, lines->bytes + lines->start, lines->end - lines->start);
        lines->end -= lines->start;
        lines->start = 0;
        ssize_t got = read(lines->fd, lines->bytes + lines->end, LINE - lines->end);
        if (got <= 0 || (lines->total += (size_t)got) > MOST_BYTES) {
            return NULL;
        }
        lines->end += (size_t)got;
    }
}

static char *field(char **rest) { return strsep(rest, ":"); }

static bool number(const char *text, uint32_t *value) {
    if (text == NULL || *text < '0' || *text > '9') {
        return false;
    }
    char *end;
    errno = 0;
    unsigned long long parsed = strtoull(text, &end, 10);
    /* The highest number means «leave it as it is» to the kernel. */
    if (errno != 0 || *end != '\0' || parsed >= 0xffffffffULL) {
        return false;
    }
    *value = (uint32_t)parsed;
    return true;
}

static bool find_passwd(const char *name, bool by_number, uint32_t wanted, struct user *found, char *login) {
    static struct lines lines;
    char *line;
    bool hit = false;
    if (!lines_open(&lines, "/etc/passwd")) {
        return false;
    }
    while (!hit && (line = lines_next(&lines)) != NULL) {
        char *entry = field(&line);
        field(&line);
        uint32_t uid, gid;
        if (!number(field(&line), &uid) || !number(field(&line), &gid)) {
            continue;
        }
        if (by_number ? uid != wanted : strcmp(entry, name) != 0) {
            continue;
        }
        field(&line);
        char *home = field(&line);
        found->uid = uid;
        found->gid = gid;
        if (home != NULL && strlen(home) < sizeof found->home) {
            strcpy(found->home, home);
        }
        if (strlen(entry) < 256) {
            strcpy(login, entry);
        }
        hit = true;
    }
    close(lines.fd);
    return hit;
}

static bool find_group(const char *name, uint32_t *gid) {
    static struct lines lines;
    char *line;
    bool hit = false;
    if (!lines_open(&lines, "/etc/group")) {
        return false;
    }
    while (!hit && (line = lines_next(&lines)) != NULL) {
        char *entry = field(&line);
        field(&line);
        hit = strcmp(entry, name) == 0 && number(field(&line), gid);
    }
    close(lines.fd);
    return hit;
}

static bool lists(char *members, const char *login) {
    char *member;
    while ((member = strsep(&members, ",")) != NULL) {
        if (strcmp(member, login) == 0) {
            return true;
        }
    }
    return false;
}

static void find_further_groups(const char *login, struct user *found) {
    static struct lines lines;
    char *line;
    int most = (int)(sizeof found->groups / sizeof found->groups[0]);
    if (*login == '\0' || !lines_open(&lines, "/etc/group")) {
        return;
    }
    while (found->group_count < most && (line = lines_next(&lines)) != NULL) {
        uint32_t gid;
        field(&line);
        field(&line);
        if (number(field(&line), &gid) && line != NULL && gid != found->gid && lists(line, login)) {
            found->groups[found->group_count++] = gid;
        }
    }
    close(lines.fd);
}

int user_find(const char *spec, struct user *found) {
    static char name[256], login[256];
    memset(found, 0, sizeof *found);
    login[0] = '\0';
    if (strlen(spec) >= sizeof name) {
        return EINVAL;
    }
    strcpy(name, *spec == '\0' ? "0" : spec);
    char *group = strchr(name, ':');
    if (group != NULL) {
        *group++ = '\0';
    }
    uint32_t uid = 0;
    bool by_number = number(name, &uid);
    if (!find_passwd(name, by_number, uid, found, login)) {
        if (!by_number) {
            return ENOENT;
        }
        /* An image without a passwd file, or a number of nobody's: fine, as with containers. */
        found->uid = uid;
    }
    if (group != NULL) {
        uint32_t gid;
        if (!number(group, &gid) && !find_group(group, &gid)) {
            return ENOENT;
        }
        found->gid = gid;
    } else {
        find_further_groups(login, found);
    }
    if (found->home[0] != '/') {
        strcpy(found->home, found->uid == 0 ? "/root" : "/");
    }
    return 0;
}
