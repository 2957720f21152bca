#include "agent.h"
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Room that output leaves free in the send buffer, for what must be said of all streams. */
#define RESERVE (MAX_STREAMS * 3 * (4 + HEADER + 8))

struct running {
    bool used, starting, ended, failed, terminal, file_work;
    bool freezes; /* it holds the disk still */
    bool say_started;
    uint8_t failure[5];
    uint32_t stream;
    pid_t pid;
    uint64_t group;
    int status;
    int out, err, in, news; /* our ends of the pipes, -1 when closed */
    size_t out_rest, err_rest; /* what is still read after its end */
    uint32_t credit;
    bool in_ending;
    uint32_t in_owed; /* credit that the host shall get back */
    size_t in_start, in_length;
    uint8_t in_bytes[STDIN_WINDOW];
};

static struct running commands[MAX_STREAMS];
static size_t first; /* who is served first, in turn */

static struct running *find(uint32_t stream) {
    for (size_t i = 0; i < MAX_STREAMS; i++) {
        if (commands[i].used && commands[i].stream == stream) {
            return &commands[i];
        }
    }
    return NULL;
}

static void shut(int *fd) {
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

static void release(struct running *it) {
    shut(&it->out);
    shut(&it->err);
    shut(&it->in);
    shut(&it->news);
    child_forget(it->group);
    it->used = false;
}

static void fail(struct running *it, uint8_t stage, int error) {
    it->failed = true;
    it->failure[0] = stage;
    put32(it->failure + 1, (uint32_t)error);
}

bool exec_start(uint32_t stream, const uint8_t *body, size_t length) {
    struct running *it = NULL;
    for (size_t i = 0; i < MAX_STREAMS && it == NULL; i++) {
        it = commands[i].used ? NULL : &commands[i];
    }
    /* The host counts streams as we do: one too many, one twice, or a request cut short is not honest. */
    if (it == NULL || stream == 0 || find(stream) != NULL) {
        return false;
    }
    struct request request;
    if (!request_parse(body, length, &request)) {
        return false;
    }
    memset(it, 0, offsetof(struct running, in_bytes));
    it->used = true;
    it->stream = stream;
    it->credit = request.credit;
    it->out = it->err = it->in = it->news = -1;
    it->terminal = request.flags & WITH_TERMINAL;
    it->file_work = request.flags & FILE_WORK;
    it->freezes = it->file_work && strcmp(request.argv[0], "freeze") == 0;
    if (request.flags & ~(unsigned)(WITH_STDIN | WITH_TERMINAL | FILE_WORK)) {
        fail(it, STAGE_REQUEST, EINVAL);
        return true;
    }
    struct pipes pipes;
    it->pid = child_start(&request, &pipes);
    it->group = pipes.group;
    if (it->pid < 0) {
        fail(it, STAGE_RESOURCES, errno);
        return true;
    }
    it->out = pipes.out;
    it->err = pipes.err;
    it->in = pipes.in;
    it->news = pipes.news;
    it->starting = true;
    return true;
}

bool exec_stdin(uint32_t stream, const uint8_t *bytes, size_t length) {
    struct running *it = find(stream);
    if (it == NULL) {
        return true; /* It has just ended, the host does not know yet. */
    }
    if (it->in_ending || length > STDIN_WINDOW - it->in_length - it->in_owed) {
        return false;
    }
    if (it->in < 0) {
        it->in_owed += (uint32_t)length;
        return true;
    }
    for (size_t i = 0; i < length; i++) {
        it->in_bytes[(it->in_start + it->in_length + i) % STDIN_WINDOW] = bytes[i];
    }
    it->in_length += length;
    return true;
}

bool exec_stdin_end(uint32_t stream) {
    struct running *it = find(stream);
    if (it != NULL) {
        it->in_ending = true;
    }
    return true;
}

bool exec_credit(uint32_t stream, uint32_t more) {
    struct running *it = find(stream);
    if (it == NULL) {
        return true;
    }
    if (more > UINT32_MAX - it->credit) {
        return false;
    }
    it->credit += more;
    return true;
}

bool exec_signal(uint32_t stream, uint8_t number) {
    struct running *it = find(stream);
    if (number < 1 || number > 64) {
        return false;
    }
    if (it == NULL || it->pid <= 0) {
        return true;
    }
    if (number == SIGKILL && it->file_work) {
        /* Our own: it removes what it has half made, and goes. */
        number = SIGTERM;
    } else if (number == SIGKILL) {
        child_kill_all(it->group);
    }
    if (!it->ended) {
        /* Both, because the child may not have become a group leader yet. */
        kill(-it->pid, number);
        kill(it->pid, number);
    }
    return true;
}

bool exec_resize(uint32_t stream, uint16_t columns, uint16_t rows) {
    struct running *it = find(stream);
    struct winsize size = {.ws_col = columns, .ws_row = rows};
    if (it != NULL && it->terminal && it->out >= 0) {
        ioctl(it->out, TIOCSWINSZ, &size);
    }
    return true;
}

/* A new host: commands of the former one have nobody left. */
void exec_reset(void) {
    for (size_t i = 0; i < MAX_STREAMS; i++) {
        struct running *it = &commands[i];
        if (it->used) {
            exec_signal(it->stream, SIGKILL);
            release(it);
        }
    }
}

/* Whether the program was executed: the pipe closes by that, or brings what went wrong. */
static void hear(struct running *it) {
    uint8_t news[5];
    ssize_t got = read(it->news, news, sizeof news);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    shut(&it->news);
    it->starting = false;
    if (got == (ssize_t)sizeof news) {
        fail(it, news[0], (int)get32(news + 1));
    } else {
        it->say_started = true;
    }
}

/* What the command has written lies in the pipe now; what its children go on writing is nobody's. */
static void measure_rest(struct running *it) {
    int rest = 0;
    it->out_rest = it->err_rest = SIZE_MAX;
    if (!it->terminal) {
        it->out_rest = it->out >= 0 && ioctl(it->out, FIONREAD, &rest) == 0 ? (size_t)rest : SIZE_MAX;
        it->err_rest = it->err >= 0 && ioctl(it->err, FIONREAD, &rest) == 0 ? (size_t)rest : SIZE_MAX;
    }
}

void exec_reaped(pid_t pid, int status) {
    for (size_t i = 0; i < MAX_STREAMS; i++) {
        struct running *it = &commands[i];
        if (it->used && it->pid == pid && !it->ended) {
            if (it->starting) {
                hear(it);
            }
            it->ended = true;
            it->status = status;
            if (it->freezes && WIFSIGNALED(status)) {
                /* Killed by somebody else, it could not do it itself. */
                thaw(open_disk());
            }
            measure_rest(it);
            return;
        }
    }
}

static bool may_send_output(const struct running *it) {
    return it->credit > FRAME_COST && port_room(RESERVE) > 0;
}

static void wish(struct pollfd *polls, size_t *count, int fd, short events) {
    if (fd >= 0) {
        polls[(*count)++] = (struct pollfd){.fd = fd, .events = events};
    }
}

size_t exec_fill(struct pollfd *polls) {
    size_t count = 0;
    for (size_t i = 0; i < MAX_STREAMS; i++) {
        struct running *it = &commands[i];
        if (!it->used) {
            continue;
        }
        wish(polls, &count, it->news, POLLIN);
        if (may_send_output(it)) {
            wish(polls, &count, it->out, POLLIN);
            wish(polls, &count, it->err, POLLIN);
        }
        if (it->in_length > 0 || (it->in_ending && it->terminal)) {
            wish(polls, &count, it->in, POLLOUT);
        }
    }
    return count;
}

static void pump_output(struct running *it, int *fd, size_t *rest, uint8_t type) {
    static uint8_t bytes[MAX_DATA];
    if (it->ended && *rest == 0) {
        shut(fd);
    }
    while (*fd >= 0 && may_send_output(it)) {
        size_t most = sizeof bytes;
        most = it->ended && *rest < most ? *rest : most;
        size_t room = (size_t)port_room(RESERVE);
        most = room < most ? room : most;
        most = it->credit - FRAME_COST < most ? it->credit - FRAME_COST : most;
        ssize_t got = read(*fd, bytes, most);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
            /* What a command left running may hold the pipe for ever; the command itself has ended. */
            if (it->ended && errno == EAGAIN) {
                shut(fd);
            }
            return;
        }
        if (got <= 0) {
            shut(fd);
            return;
        }
        it->credit -= FRAME_COST + (uint32_t)got;
        port_send(type, it->stream, bytes, (size_t)got);
        if (!it->ended) {
            return; /* The next one's turn. */
        }
        *rest -= *rest == SIZE_MAX ? 0 : (size_t)got;
        if (*rest == 0) {
            shut(fd);
        }
    }
}

static void pump_input(struct running *it) {
    while (it->in >= 0 && it->in_length > 0) {
        size_t most = STDIN_WINDOW - it->in_start;
        most = it->in_length < most ? it->in_length : most;
        ssize_t sent = write(it->in, it->in_bytes + it->in_start, most);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
            break;
        }
        if (sent < 0) {
            /* Nobody reads any more: the rest goes nowhere, and so will what follows. */
            shut(&it->in);
            sent = (ssize_t)it->in_length;
        }
        it->in_start = (it->in_start + (size_t)sent) % STDIN_WINDOW;
        it->in_length -= (size_t)sent;
        it->in_owed += (uint32_t)sent;
    }
    if (it->in >= 0 && it->in_ending && it->in_length == 0) {
        /* A terminal has no end of file but the word for it. */
        if (!it->terminal || write(it->in, "\x04", 1) == 1 || errno != EAGAIN) {
            shut(&it->in);
        }
    }
}

static void report(struct running *it) {
    uint8_t body[5];
    if (it->say_started && port_room(0) >= 4) {
        it->say_started = false;
        put32(body, (uint32_t)it->pid);
        port_send(STARTED, it->stream, body, 4);
    }
    if ((it->in_owed >= STDIN_WINDOW / 4 || (it->in_owed > 0 && it->in_length == 0)) && port_room(0) >= 4) {
        put32(body, it->in_owed);
        it->in_owed = 0;
        port_send(STDIN_CREDIT, it->stream, body, 4);
    }
}

static void finish(struct running *it) {
    uint8_t body[5];
    if (port_room(0) < 5) {
        return;
    }
    if (it->failed) {
        port_send(FAILED, it->stream, it->failure, 5);
        release(it);
    } else if (it->ended && it->out < 0 && it->err < 0) {
        body[0] = WIFSIGNALED(it->status);
        put32(body + 1, (uint32_t)(WIFSIGNALED(it->status) ? WTERMSIG(it->status) : WEXITSTATUS(it->status)));
        port_send(ENDED, it->stream, body, 5);
        release(it);
    }
}

void exec_pump(void) {
    for (size_t i = 0; i < MAX_STREAMS; i++) {
        struct running *it = &commands[(first + i) % MAX_STREAMS];
        if (!it->used) {
            continue;
        }
        if (it->starting) {
            hear(it);
        }
        pump_input(it);
        report(it);
        pump_output(it, &it->out, &it->out_rest, STDOUT);
        pump_output(it, &it->err, &it->err_rest, STDERR);
        finish(it);
    }
    first = (first + 1) % MAX_STREAMS;
}
