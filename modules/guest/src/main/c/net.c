#include "agent.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEVICE "eth0"
#define DEVICE_TRIES 300 /* of 10 ms */

static struct sockaddr_in *address_of(struct sockaddr *in, in_addr_t value) {
    struct sockaddr_in *address = (struct sockaddr_in *)in;
    *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr = {value}};
    return address;
}

static int raise_device(int fd, const char *device) {
    struct ifreq request = {0};
    strcpy(request.ifr_name, device);
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    return ioctl(fd, SIOCSIFFLAGS, &request);
}

static int set_mtu(int fd) {
    char value[8];
    struct ifreq request = {.ifr_name = DEVICE};
    request.ifr_mtu = atoi(boot_option("scaibunker.mtu", value, sizeof value));
    return request.ifr_mtu == 0 ? 0 : ioctl(fd, SIOCSIFMTU, &request);
}

static int set_address(int fd, in_addr_t own, int bits) {
    struct ifreq request = {.ifr_name = DEVICE};
    address_of(&request.ifr_addr, own);
    if (ioctl(fd, SIOCSIFADDR, &request) != 0) {
        return -1;
    }
    address_of(&request.ifr_netmask, htonl(bits == 0 ? 0 : 0xffffffffu << (32 - bits)));
    return ioctl(fd, SIOCSIFNETMASK, &request);
}

static int set_route(int fd, in_addr_t gateway) {
    struct rtentry route = {.rt_flags = RTF_UP | RTF_GATEWAY};
    address_of(&route.rt_dst, 0);
    address_of(&route.rt_genmask, 0);
    address_of(&route.rt_gateway, gateway);
    return ioctl(fd, SIOCADDRT, &route);
}

static int await_device(int fd) {
    struct ifreq request = {.ifr_name = DEVICE};
    for (int i = 0; i < DEVICE_TRIES; i++) {
        if (ioctl(fd, SIOCGIFINDEX, &request) == 0) {
            return 0;
        }
        usleep(10000);
    }
    return -1;
}

/* The image's own names a server of the place that it was built in; a link leads to a service that does not run here. */
static void name_servers(const char *gateway) {
    char text[64];
    snprintf(text, sizeof text, "nameserver %s\n", gateway);
    mkdir("/etc", 0755);
    unlink("/etc/resolv.conf");
    int file = open("/etc/resolv.conf", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (file >= 0) {
        ssize_t written = write(file, text, strlen(text));
        (void)written; /* A full disk is the tenant's to see. */
        close(file);
    }
}

/* «10.0.0.2/30,10.0.0.1»: the own address, and the gateway's, which knows the names, too. */
static int connect_by(int fd, char *wish) {
    struct in_addr own, gateway;
    char *bits = strchr(wish, '/');
    char *comma = strchr(wish, ',');
    if (bits == NULL || comma == NULL || bits > comma) {
        errno = EINVAL;
        return -1;
    }
    *bits++ = *comma++ = '\0';
    int length = atoi(bits);
    if (inet_pton(AF_INET, wish, &own) != 1 || inet_pton(AF_INET, comma, &gateway) != 1 || length < 0 || length > 32) {
        errno = EINVAL;
        return -1;
    }
    if (await_device(fd) != 0 || set_mtu(fd) != 0 || set_address(fd, own.s_addr, length) != 0 || raise_device(fd, DEVICE) != 0 ||
        set_route(fd, gateway.s_addr) != 0) {
        return -1;
    }
    name_servers(comma);
    return 0;
}

void raise_network(void) {
    char wish[64];
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || raise_device(fd, "lo") != 0) {
        say_error("loopback", errno);
    }
    if (fd >= 0 && *boot_option("scaibunker.net", wish, sizeof wish) != '\0' && connect_by(fd, wish) != 0) {
        say_error("network", errno);
    }
    if (fd >= 0) {
        close(fd);
    }
}
