/* Both ends of a test of networks: «serve PORT…» says hello to who comes, «reach HOST PORT» says what came of it. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS 4000

static void give(int client, long bytes) {
    static char block[65536];
    struct sockaddr_in here;
    socklen_t size = sizeof here;
    char text[64] = "?";
    getsockname(client, (struct sockaddr *)&here, &size);
    inet_ntop(AF_INET, &here.sin_addr, text, sizeof text);
    dprintf(client, "hello from %s\n", text);
    while (bytes > 0) {
        ssize_t sent = write(client, block, bytes < (long)sizeof block ? (size_t)bytes : sizeof block);
        if (sent <= 0) {
            break;
        }
        bytes -= sent;
    }
    close(client);
}

static int serve(int ports, char **port, long bytes) {
    struct pollfd doors[16];
    signal(SIGPIPE, SIG_IGN);
    for (int i = 0; i < ports; i++) {
        int on = 1;
        struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port[i]))};
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 64) != 0) {
            perror(port[i]);
            return 1;
        }
        doors[i] = (struct pollfd){.fd = fd, .events = POLLIN};
    }
    puts("ready");
    fflush(stdout);
    for (;;) {
        poll(doors, (nfds_t)ports, -1);
        for (int i = 0; i < ports; i++) {
            int client = doors[i].revents ? accept(doors[i].fd, NULL, NULL) : -1;
            if (client >= 0 && fork() == 0) {
                give(client, bytes);
                _exit(0);
            } else if (client >= 0) {
                close(client);
            }
        }
    }
}

static int finished(int fd) {
    struct pollfd one = {.fd = fd, .events = POLLOUT};
    int error = 0;
    socklen_t size = sizeof error;
    if (poll(&one, 1, PATIENCE_MS) == 0) {
        return ETIMEDOUT;
    }
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return error;
}

static int reach(const char *host, const char *port) {
    struct addrinfo wish = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
    int failed = getaddrinfo(host, port, &wish, &found);
    if (failed != 0) {
        printf("no such name: %s\n", gai_strerror(failed));
        return 2;
    }
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    int error = connect(fd, found->ai_addr, found->ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS) {
        error = finished(fd);
    }
    if (error != 0) {
        printf("not reached: %s\n", strerror(error));
        return 3;
    }
    fcntl(fd, F_SETFL, 0);
    char bytes[65536];
    long all = 0;
    ssize_t got;
    while ((got = read(fd, bytes, sizeof bytes)) > 0) {
        if (all == 0) {
            fwrite(bytes, 1, strcspn(bytes, "\n") + 1, stdout);
        }
        all += got;
    }
    printf("%ld bytes\n", all);
    return 0;
}

int main(int argc, char **argv) {
    if (argc > 3 && strcmp(argv[1], "serve") == 0) {
        return serve(argc - 3, argv + 3, atol(argv[2]));
    }
    return argc == 4 && strcmp(argv[1], "reach") == 0 ? reach(argv[2], argv[3]) : 99;
}
