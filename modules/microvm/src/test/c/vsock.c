/*
 * A vsock device for QEMU (vhost-user) whose host side is Firecracker's: one socket in the file system, «CONNECT port», «OK».
 * So a guest's agent that listens on vsock is talked to here as it would be there, without the host's kernel knowing of vsock.
 *
 *   vsock VHOST_SOCKET GUEST_CID SOCKET
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define REGIONS 8
#define CONNECTIONS 16
#define HOST_CID 2
#define BUFFER (256 * 1024)
#define PACKET 4096

static _Noreturn void fail(const char *what) {
    fprintf(stderr, "vsock: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* ---- memory of the guest ---- */

static struct region {
    uint64_t guest, size, user;
    uint8_t *here;
} regions[REGIONS];
static unsigned region_count;

static void *by_guest(uint64_t address) {
    for (unsigned i = 0; i < region_count; i++) {
        if (address >= regions[i].guest && address < regions[i].guest + regions[i].size) {
            return regions[i].here + (address - regions[i].guest);
        }
    }
    fail("an address of the guest's");
}

static void *by_user(uint64_t address) {
    for (unsigned i = 0; i < region_count; i++) {
        if (address >= regions[i].user && address < regions[i].user + regions[i].size) {
            return regions[i].here + (address - regions[i].user);
        }
    }
    fail("an address of the monitor's");
}

/* ---- queues: 0 to the guest, 1 from it ---- */

struct descriptor {
    uint64_t address;
    uint32_t length;
    uint16_t flags, next;
};
struct available {
    uint16_t flags, index, ring[];
};
struct used {
    uint16_t flags, index;
    struct {
        uint32_t id, length;
    } ring[];
};
static struct queue {
    uint16_t size, seen;
    struct descriptor *table;
    struct available *available;
    struct used *used;
    int kick, call;
} queues[2] = {{.kick = -1, .call = -1}, {.kick = -1, .call = -1}};

static bool runs(const struct queue *queue) { return queue->kick >= 0 && queue->table != NULL && queue->size > 0; }

static bool has_some(const struct queue *queue) {
    return runs(queue) && queue->seen != __atomic_load_n(&queue->available->index, __ATOMIC_ACQUIRE);
}

/* How much the next chain of buffers takes. */
static size_t capacity(const struct queue *queue) {
    const struct descriptor *one = &queue->table[queue->available->ring[queue->seen % queue->size]];
    size_t all = one->length;
    while (one->flags & 1) {
        one = &queue->table[one->next];
        all += one->length;
    }
    return all;
}

/* Copies out of, or into, the next chain of buffers and gives it back. Answers how much it was. */
static size_t pass(struct queue *queue, uint8_t *bytes, size_t length, bool into) {
    uint16_t head = queue->available->ring[queue->seen++ % queue->size];
    size_t done = 0;
    for (uint16_t at = head;; at = queue->table[at].next) {
        const struct descriptor *one = &queue->table[at];
        size_t part = length - done < one->length ? length - done : one->length;
        void *there = by_guest(one->address);
        memcpy(into ? there : bytes + done, into ? bytes + done : there, part);
        done += part;
        if (!(one->flags & 1)) {
            break;
        }
    }
    uint16_t next = queue->used->index;
    queue->used->ring[next % queue->size].id = head;
    queue->used->ring[next % queue->size].length = into ? (uint32_t)done : 0;
    __atomic_store_n(&queue->used->index, (uint16_t)(next + 1), __ATOMIC_RELEASE);
    uint64_t one = 1;
    if (queue->call >= 0 && write(queue->call, &one, sizeof one) < 0) {
        fail("the guest's interrupt");
    }
    return done;
}

/* ---- vsock ---- */

enum { REQUEST = 1, RESPONSE, RESET, SHUTDOWN, DATA, CREDIT_UPDATE, CREDIT_REQUEST };
struct __attribute__((packed)) packet {
    uint64_t from_cid, to_cid;
    uint32_t from_port, to_port, length;
    uint16_t type, operation;
    uint32_t flags, room, forwarded;
    uint8_t data[PACKET * 16];
};
#define HEADER 44

static uint64_t guest_cid;
static struct connection {
    int fd;
    bool asked, open;
    char line[32];
    uint32_t host_port, guest_port, sent, forwarded, told, peer_room, peer_forwarded;
} connections[CONNECTIONS];
static uint32_t next_port = 1u << 30;

static struct {
    uint32_t host_port, guest_port, flags, forwarded;
    uint16_t operation;
} waiting[256];
static unsigned waiting_count;

static void put(uint16_t operation, uint32_t host_port, uint32_t guest_port, uint32_t flags, uint32_t forwarded,
                const uint8_t *data, size_t length) {
    static struct packet packet;
    packet = (struct packet){.from_cid = HOST_CID, .to_cid = guest_cid, .from_port = host_port, .to_port = guest_port,
                             .length = (uint32_t)length, .type = 1, .operation = operation, .flags = flags,
                             .room = BUFFER, .forwarded = forwarded};
    if (length > 0) {
        memcpy(packet.data, data, length);
    }
    pass(&queues[0], (uint8_t *)&packet, HEADER + length, true);
}

static void tell(uint16_t operation, uint32_t host_port, uint32_t guest_port, uint32_t flags, uint32_t forwarded) {
    if (waiting_count == sizeof waiting / sizeof waiting[0]) {
        errno = ENOBUFS;
        fail("packets to the guest");
    }
    waiting[waiting_count].operation = operation;
    waiting[waiting_count].host_port = host_port;
    waiting[waiting_count].guest_port = guest_port;
    waiting[waiting_count].flags = flags;
    waiting[waiting_count++].forwarded = forwarded;
}

static void flush(void) {
    unsigned done = 0;
    for (; done < waiting_count && has_some(&queues[0]); done++) {
        put(waiting[done].operation, waiting[done].host_port, waiting[done].guest_port, waiting[done].flags,
            waiting[done].forwarded, NULL, 0);
    }
    memmove(waiting, waiting + done, (waiting_count - done) * sizeof waiting[0]);
    waiting_count -= done;
}

static void hang_up(struct connection *one) {
    close(one->fd);
    one->fd = -1;
}

static void write_all(int fd, const void *bytes, size_t length) {
    for (size_t at = 0; at < length;) {
        ssize_t sent = send(fd, (const char *)bytes + at, length - at, MSG_NOSIGNAL);
        if (sent < 0) {
            return; /* The host is gone, which the next read tells. */
        }
        at += (size_t)sent;
    }
}

static void from_guest(const struct packet *packet) {
    for (struct connection *one = connections; one < connections + CONNECTIONS; one++) {
        if (one->fd < 0 || !one->asked || one->host_port != packet->to_port || one->guest_port != packet->from_port) {
            continue;
        }
        one->peer_room = packet->room;
        one->peer_forwarded = packet->forwarded;
        switch (packet->operation) {
        case RESPONSE:
            one->open = true;
            char line[32];
            int length = snprintf(line, sizeof line, "OK %u\n", one->host_port);
            write_all(one->fd, line, (size_t)length);
            break;
        case DATA:
            write_all(one->fd, packet->data, packet->length);
            one->forwarded += packet->length;
            if (one->forwarded - one->told > BUFFER / 4) {
                one->told = one->forwarded;
                tell(CREDIT_UPDATE, one->host_port, one->guest_port, 0, one->forwarded);
            }
            break;
        case CREDIT_REQUEST:
            tell(CREDIT_UPDATE, one->host_port, one->guest_port, 0, one->forwarded);
            break;
        case SHUTDOWN:
            tell(RESET, one->host_port, one->guest_port, 0, one->forwarded);
            hang_up(one);
            break;
        case RESET:
            hang_up(one);
            break;
        default:
            break;
        }
        return;
    }
    if (packet->operation != RESET) {
        tell(RESET, packet->to_port, packet->from_port, 0, 0);
    }
}

static size_t credit(const struct connection *one) {
    size_t free = one->peer_room - (one->sent - one->peer_forwarded);
    return free < PACKET - HEADER ? free : PACKET - HEADER;
}

static void command(struct connection *one) {
    size_t have = strlen(one->line);
    ssize_t got = have < sizeof one->line - 1 ? read(one->fd, one->line + have, 1) : -1;
    unsigned port;
    if (got <= 0) {
        hang_up(one);
    } else if (one->line[have] == '\n') {
        if (sscanf(one->line, "CONNECT %u\n", &port) != 1) {
            hang_up(one);
            return;
        }
        one->asked = true;
        one->host_port = next_port++;
        one->guest_port = port;
        tell(REQUEST, one->host_port, one->guest_port, 0, 0);
    }
}

static void from_host(struct connection *one) {
    static uint8_t bytes[PACKET];
    size_t most = capacity(&queues[0]) - HEADER;
    ssize_t got = read(one->fd, bytes, most < credit(one) ? most : credit(one));
    if (got <= 0) {
        tell(SHUTDOWN, one->host_port, one->guest_port, 3, one->forwarded);
        hang_up(one);
        return;
    }
    one->sent += (uint32_t)got;
    put(DATA, one->host_port, one->guest_port, 0, one->forwarded, bytes, (size_t)got);
}

/* ---- the monitor ---- */

struct __attribute__((packed)) message {
    uint32_t request, flags, size;
    union {
        uint64_t number;
        struct {
            uint32_t index, value;
        } state;
        struct {
            uint32_t index, flags;
            uint64_t table, used, available, log;
        } ring;
        struct {
            uint32_t count, padding;
            struct {
                uint64_t guest, size, user, offset;
            } region[REGIONS];
        } memory;
        struct {
            uint32_t offset, size, flags;
            uint8_t bytes[256];
        } config;
    };
};

static void answer(int monitor, struct message *message) {
    message->flags = 1 | 4;
    write_all(monitor, message, 12 + message->size);
}

static void take_memory(const struct message *message, const int *fds) {
    for (unsigned i = 0; i < region_count; i++) {
        munmap(regions[i].here, regions[i].size);
    }
    region_count = message->memory.count;
    for (unsigned i = 0; i < region_count; i++) {
        regions[i] = (struct region){message->memory.region[i].guest, message->memory.region[i].size,
                                     message->memory.region[i].user, NULL};
        regions[i].here = mmap(NULL, regions[i].size, PROT_READ | PROT_WRITE, MAP_SHARED, fds[i],
                               (off_t)message->memory.region[i].offset);
        if (regions[i].here == MAP_FAILED) {
            fail("the guest's memory");
        }
        close(fds[i]);
    }
}

static void replace(int *fd, int by) {
    if (*fd >= 0) {
        close(*fd);
    }
    *fd = by;
}

static bool handle(int monitor) {
    struct message message = {0};
    int fds[REGIONS];
    memset(fds, -1, sizeof fds);
    char control[CMSG_SPACE(sizeof fds)];
    struct iovec header = {&message, 12};
    struct msghdr outer = {.msg_iov = &header, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    if (recvmsg(monitor, &outer, MSG_WAITALL) != 12 || message.size > sizeof message - 12 ||
        (message.size > 0 && recv(monitor, &message.number, message.size, MSG_WAITALL) != (ssize_t)message.size)) {
        return false;
    }
    struct cmsghdr *sent = CMSG_FIRSTHDR(&outer);
    if (sent != NULL && sent->cmsg_type == SCM_RIGHTS) {
        memcpy(fds, CMSG_DATA(sent), sent->cmsg_len - CMSG_LEN(0));
    }
    struct queue *queue = &queues[message.number & 1];
    switch (message.request) {
    case 1: /* GET_FEATURES: version 1 of virtio, and features of this protocol */
        message.number = 1ull << 32 | 1ull << 30;
        message.size = 8;
        answer(monitor, &message);
        break;
    case 15: /* GET_PROTOCOL_FEATURES: the configuration is asked here */
        message.number = 1ull << 9;
        message.size = 8;
        answer(monitor, &message);
        break;
    case 5:
        take_memory(&message, fds);
        break;
    case 8:
        queue->size = (uint16_t)message.state.value;
        break;
    case 9:
        queue->table = by_user(message.ring.table);
        queue->used = by_user(message.ring.used);
        queue->available = by_user(message.ring.available);
        break;
    case 10:
        queue->seen = (uint16_t)message.state.value;
        break;
    case 11: /* GET_VRING_BASE: it stands still from here on */
        message.state.value = queue->seen;
        answer(monitor, &message);
        replace(&queue->kick, -1);
        break;
    case 12:
        replace(&queue->kick, fds[0]);
        break;
    case 13:
        replace(&queue->call, fds[0]);
        break;
    case 24: /* GET_CONFIG */
        memset(message.config.bytes, 0, sizeof message.config.bytes);
        memcpy(message.config.bytes, &guest_cid, sizeof guest_cid);
        answer(monitor, &message);
        break;
    default:
        break;
    }
    return true;
}

static int listen_on(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 8) != 0) {
        fail(path);
    }
    return fd;
}

static void drain(struct queue *queue, short happened) {
    uint64_t kicks;
    if (happened && read(queue->kick, &kicks, sizeof kicks) < 0 && errno != EAGAIN) {
        fail("a kick");
    }
}

static void accept_host(int listener) {
    int fd = accept(listener, NULL, NULL);
    for (struct connection *one = connections; one < connections + CONNECTIONS; one++) {
        if (fd >= 0 && one->fd < 0) {
            *one = (struct connection){.fd = fd};
            return;
        }
    }
    close(fd);
}

int main(int argc, char **argv) {
    if (argc != 4) {
        return 2;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    guest_cid = strtoull(argv[2], NULL, 10);
    for (int i = 0; i < CONNECTIONS; i++) {
        connections[i].fd = -1;
    }
    int monitor_listener = listen_on(argv[1]);
    int listener = listen_on(argv[3]);
    int monitor = accept(monitor_listener, NULL, NULL);
    for (;;) {
        static struct packet packet;
        struct pollfd polls[4 + CONNECTIONS] = {{monitor, POLLIN, 0}, {listener, POLLIN, 0},
                                                {queues[0].kick, POLLIN, 0}, {queues[1].kick, POLLIN, 0}};
        flush();
        for (int i = 0; i < CONNECTIONS; i++) {
            struct connection *one = &connections[i];
            bool ready = !one->asked || (one->open && waiting_count == 0 && has_some(&queues[0]) && credit(one) > 0);
            polls[4 + i] = (struct pollfd){one->fd, ready ? POLLIN : 0, 0};
        }
        if (poll(polls, 4 + CONNECTIONS, -1) < 0) {
            fail("poll");
        }
        if (polls[0].revents && !handle(monitor)) {
            return 0;
        }
        drain(&queues[0], queues[0].kick == polls[2].fd ? polls[2].revents : 0);
        drain(&queues[1], queues[1].kick == polls[3].fd ? polls[3].revents : 0);
        while (has_some(&queues[1])) {
            pass(&queues[1], (uint8_t *)&packet, sizeof packet, false);
            if (packet.length <= sizeof packet.data) {
                from_guest(&packet);
            }
        }
        for (int i = 0; i < CONNECTIONS; i++) {
            struct connection *one = &connections[i];
            if (one->fd >= 0 && one->fd == polls[4 + i].fd && polls[4 + i].revents) {
                if (!one->asked) {
                    command(one);
                } else if (one->open && has_some(&queues[0])) {
                    from_host(one);
                }
            }
        }
        if (polls[1].revents) {
            accept_host(listener);
        }
    }
}
