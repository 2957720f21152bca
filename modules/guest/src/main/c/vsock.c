#include "agent.h"
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel's struct sockaddr_vm, which this C library does not have. */
struct address {
    sa_family_t family;
    uint16_t reserved;
    uint32_t port, cid;
    uint8_t zero[4];
};
#define ANYBODY 0xffffffffu
#define HOST 2

int vsock_listen(uint32_t port) {
    struct address own = {.family = AF_VSOCK, .port = port, .cid = ANYBODY};
    int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof own) != 0 || listen(fd, 4) != 0) {
        say_error("vsock", errno);
        return -1;
    }
    return fd;
}

int vsock_accept(int listener) {
    struct address peer = {0};
    socklen_t length = sizeof peer;
    int fd = accept4(listener, (struct sockaddr *)&peer, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0 && peer.cid != HOST) {
        close(fd);
        fd = -1;
    }
    return fd;
}
