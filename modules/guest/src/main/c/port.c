#include "agent.h"
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SEND_BUFFER (128 * 1024)

static int port = -1;
static bool host_gone;
static bool greeted; /* Frames are believed only after a greeting. */
static bool synced;  /* The magic was seen: frames follow. */

static uint8_t in[4 + MAX_LENGTH];
static size_t in_length;
static uint8_t out[SEND_BUFFER];
static size_t out_start, out_end;

void port_open(int fd) {
    if (port >= 0) {
        close(port);
    }
    port = fd;
    host_gone = greeted = synced = false;
    in_length = out_start = out_end = 0;
}

void port_fill(struct pollfd *slot) {
    short events = POLLIN;
    if (out_end > out_start) {
        events |= POLLOUT;
    }
    *slot = (struct pollfd){.fd = host_gone ? -1 : port, .events = events};
}

static void compact(void) {
    if (out_start > 0) {
        memmove(out, out + out_start, out_end - out_start);
        out_end -= out_start;
        out_start = 0;
    }
}

long port_room(size_t reserve) {
    compact();
    return (long)SEND_BUFFER - (long)out_end - 4 - HEADER - (long)reserve;
}

static void flush(void) {
    while (out_end > out_start) {
        ssize_t sent = write(port, out + out_start, out_end - out_start);
        if (sent <= 0) {
            return;
        }
        out_start += (size_t)sent;
    }
    out_start = out_end = 0;
}

/* Callers have asked port_room() before. */
void port_send(uint8_t type, uint32_t stream, const uint8_t *body, size_t length) {
    uint8_t *at = out + out_end;
    put32(at, (uint32_t)(HEADER + length));
    at[4] = type;
    put32(at + 5, stream);
    if (length > 0) {
        memcpy(at + 9, body, length);
    }
    out_end += 4 + HEADER + length;
}

/* Answers a greeting. Whatever belonged to a former host is dropped: the new one skips all before our magic. */
static bool hello(const uint8_t *body, size_t length) {
    if (length != 2 + NONCE || (body[0] << 8 | body[1]) < 1) {
        return false;
    }
    exec_reset();
    out_start = 0;
    out_end = MAGIC_LENGTH;
    memcpy(out, GUEST_MAGIC, MAGIC_LENGTH);
    uint8_t answer[2 + 4 + NONCE + 8 + 8 + sizeof AGENT_VERSION] = {0, PROTOCOL, 0, 0, 0, FEATURES};
    memcpy(answer + 6, body + 2, NONCE);
    put64(answer + 6 + NONCE, uptime_millis());
    put64(answer + 6 + NONCE + 8, began);
    memcpy(answer + 6 + NONCE + 16, AGENT_VERSION, sizeof AGENT_VERSION - 1);
    port_send(HELLO_BACK, 0, answer, sizeof answer - 1);
    greeted = true;
    return true;
}

/* A machine that was paused does not know how long. */
static bool set_clock(const uint8_t *body) {
    struct timespec now = {.tv_sec = (time_t)((uint64_t)get32(body) << 32 | get32(body + 4)), .tv_nsec = get32(body + 8)};
    if (now.tv_sec < 0 || now.tv_nsec >= 1000000000) {
        return false;
    }
    if (clock_settime(CLOCK_REALTIME, &now) != 0) {
        say_error("the clock", errno);
    }
    return true;
}

static bool handle(uint8_t type, uint32_t stream, const uint8_t *body, size_t length) {
    if (type == HELLO) {
        return hello(body, length);
    }
    if (!greeted) {
        return false;
    }
    switch (type) {
    case POWER_OFF:
        power_off();
    case EXEC:
        return exec_start(stream, body, length);
    case STDIN:
        return exec_stdin(stream, body, length);
    case STDIN_END:
        return length == 0 && exec_stdin_end(stream);
    case CREDIT:
        return length == 4 && exec_credit(stream, get32(body));
    case SIGNAL:
        return length == 1 && exec_signal(stream, body[0]);
    case RESIZE:
        return length == 4 &&
               exec_resize(stream, (uint16_t)(body[0] << 8 | body[1]), (uint16_t)(body[2] << 8 | body[3]));
    case CLOCK:
        return length == 12 && set_clock(body);
    default:
        return false;
    }
}

static void consume(size_t bytes) {
    memmove(in, in + bytes, in_length - bytes);
    in_length -= bytes;
}

/* Looks for the magic; answers whether there may be more to do with what is left. */
static bool search(void) {
    uint8_t *found = memmem(in, in_length, HOST_MAGIC, MAGIC_LENGTH);
    if (found != NULL) {
        synced = true;
        greeted = false;
        consume((size_t)(found - in) + MAGIC_LENGTH);
        return true;
    }
    if (in_length >= MAGIC_LENGTH) {
        consume(in_length - (MAGIC_LENGTH - 1));
    }
    return false;
}

static void parse(void) {
    size_t at = 0;
    while (in_length - at >= 4) {
        uint32_t length = get32(in + at);
        bool right = length >= HEADER && length <= MAX_LENGTH;
        if (right && in_length - at < 4 + (size_t)length) {
            break;
        }
        if (right) {
            const uint8_t *frame = in + at + 4;
            right = handle(frame[0], get32(frame + 1), frame + HEADER, length - HEADER);
        }
        if (!right) {
            /* The cut end of a former host, or a broken one: nothing is believed until the next greeting. */
            synced = false;
            at += 1;
            break;
        }
        at += 4 + length;
    }
    consume(at);
}

void port_handle(short happened) {
    if (happened == 0) {
        return;
    }
    for (;;) {
        ssize_t got = read(port, in + in_length, sizeof in - in_length);
        host_gone = got == 0;
        if (got <= 0) {
            break;
        }
        in_length += (size_t)got;
        do {
            if (synced) {
                parse();
            }
        } while (!synced && search());
    }
    flush();
}
