#include "agent.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PORT_NAME "scaibunker.agent"
#define DEVICE_TRIES 500 /* of 10 ms */

static char command_line[4096];
static int initrd_root = -1;

_Noreturn static void end_machine(int how) {
    reboot(how);
    for (;;) {
        pause();
    }
}

_Noreturn static void fatal(const char *what, int error) {
    say_error(what, error);
    /* Not a power-off, which is how a bunker ends well. */
    end_machine(RB_AUTOBOOT);
}

static void must(const char *what, int result) {
    if (result != 0) {
        fatal(what, errno);
    }
}

static void try(const char *what, int result) {
    if (result != 0) {
        say_error(what, errno);
    }
}

static void pause_briefly(void) { usleep(10000); }

static size_t read_file(const char *path, char *into, size_t size) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, into, size - 1);
    if (fd >= 0) {
        close(fd);
    }
    got = got < 0 ? 0 : got;
    into[got] = '\0';
    into[strcspn(into, "\n")] = '\0';
    return strlen(into);
}

const char *boot_option(const char *name, char *into, size_t size) {
    const char *at = command_line;
    size_t length = strlen(name);
    *into = '\0';
    while ((at = strstr(at, name)) != NULL) {
        if ((at == command_line || at[-1] == ' ') && at[length] == '=') {
            at += length + 1;
            size_t end = strcspn(at, " ");
            end = end < size - 1 ? end : size - 1;
            memcpy(into, at, end);
            into[end] = '\0';
            break;
        }
        at += length;
    }
    return into;
}

bool only_probing(void) {
    char value[4];
    return strcmp(boot_option("scaibunker.probe", value, sizeof value), "1") == 0;
}

uint32_t vsock_port(void) {
    char value[12];
    return (uint32_t)strtoul(boot_option("scaibunker.vsock", value, sizeof value), NULL, 10);
}

static int load(const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno;
    }
    int error = syscall(SYS_finit_module, fd, "", 0) == 0 || errno == EEXIST ? 0 : errno;
    close(fd);
    return error;
}

static int by_name(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }

/* In the order of their names. This is the only place that allocates, and it is done before the first command. */
static void load_modules(void) {
    struct dirent **files;
    int count = scandir("/modules", &files, NULL, by_name);
    for (int i = 0; i < count; i++) {
        char path[512];
        if (files[i]->d_name[0] != '.') {
            snprintf(path, sizeof path, "/modules/%s", files[i]->d_name);
            bool idle = strstr(path, "vsock") != NULL && vsock_port() == 0;
            int error = idle ? 0 : load(path);
            if (error != 0 && error != ENODEV) {
                say_error(path, error);
            }
            unlink(path);
        }
        free(files[i]);
    }
    if (count >= 0) {
        free(files);
    }
}

/* Disks are known by their serial, because their letters depend on the machine's type; a host that cannot give them one
 * tells the letters: scaibunker.image=vda. */
static bool find_disk(const char *serial, char *device, size_t size) {
    char option[32], told[8];
    snprintf(option, sizeof option, "scaibunker.%s", serial);
    if (*boot_option(option, told, sizeof told) != '\0') {
        snprintf(device, size, "/dev/%s", told);
        return access(device, F_OK) == 0;
    }
    for (char letter = 'a'; letter <= 'h'; letter++) {
        char path[64], found[32];
        snprintf(path, sizeof path, "/sys/block/vd%c/serial", letter);
        read_file(path, found, sizeof found);
        if (strcmp(found, serial) == 0) {
            snprintf(device, size, "/dev/vd%c", letter);
            return access(device, F_OK) == 0;
        }
    }
    return false;
}

static void await_disk(const char *serial, char *device, size_t size) {
    for (int i = 0; i < DEVICE_TRIES; i++) {
        if (find_disk(serial, device, size)) {
            return;
        }
        pause_briefly();
    }
    fatal(serial, ENODEV);
}

static void mount_disks(void) {
    char device[32];
    struct stat root;
    await_disk("image", device, sizeof device);
    if (mount(device, "/image", "ext4", MS_RDONLY | MS_NOATIME, NULL) != 0) {
        must("mount of the image", mount(device, "/image", "ext4", MS_RDONLY | MS_NOATIME, "noload"));
    }
    await_disk("scratch", device, sizeof device);
    must("mount of the scratch disk", mount(device, "/scratch", "ext4", MS_NOATIME, "discard"));
    bool fresh = mkdir("/scratch/upper", 0755) == 0;
    mkdir("/scratch/work", 0755);
    if (fresh && stat("/image", &root) == 0) {
        /* The merged root looks like the upper's. */
        try("owner of the root", chown("/scratch/upper", root.st_uid, root.st_gid));
        try("mode of the root", chmod("/scratch/upper", root.st_mode & 07777));
    }
    /* What a snapshot reads of the upper directory must be all there is to know: nothing moved, nothing hollow. */
    must("overlay", mount("overlay", "/root", "overlay", 0,
                          "lowerdir=/image,upperdir=/scratch/upper,workdir=/scratch/work,redirect_dir=nofollow,"
                          "metacopy=off,index=off"));
}

static void switch_root(void) {
    initrd_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    must("entering the root", chdir("/root"));
    must("moving the root", mount(".", "/", NULL, MS_MOVE, NULL));
    must("changing the root", chroot("."));
    must("entering /", chdir("/"));
}

int open_disk(void) { return openat(initrd_root, "scratch", O_RDONLY | O_DIRECTORY | O_CLOEXEC); }

static void mount_at(const char *type, const char *at, unsigned long flags, const char *options) {
    mkdir(at, 0755);
    try(at, mount(type, at, type, flags, options));
}

static void mount_kernel_views(void) {
    mount_at("proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
    mount_at("sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
    mount_at("devtmpfs", "/dev", MS_NOSUID, "mode=0755");
}

static void mount_usual(void) {
    mount_kernel_views();
    mount_at("cgroup2", "/sys/fs/cgroup", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
    mount_at("devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "gid=5,mode=620,ptmxmode=666");
    mount_at("tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777");
    mount_at("tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=0755");
    if (mkdir("/tmp", 01777) == 0) {
        try("/tmp", chmod("/tmp", 01777));
    }
    const char *links[][2] = {{"/proc/self/fd", "/dev/fd"},
                              {"/proc/self/fd/0", "/dev/stdin"},
                              {"/proc/self/fd/1", "/dev/stdout"},
                              {"/proc/self/fd/2", "/dev/stderr"}};
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        int made = symlink(links[i][0], links[i][1]);
        (void)made; /* There already: as good. */
    }
}

/* Images often carry these two empty, because their builder bind-mounts its own over them. */
static void write_if_empty(const char *path, const char *text, bool anyway) {
    struct stat is;
    if (stat(path, &is) == 0 && (!S_ISREG(is.st_mode) || (is.st_size > 0 && !anyway))) {
        return;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0644);
    if (fd >= 0) {
        ssize_t written = write(fd, text, strlen(text));
        (void)written; /* A full disk is the tenant's to see. */
        close(fd);
    }
}

#define OUR_HOSTS "127.0.0.1 localhost\n::1 localhost\n127.0.1.1 "

/* An image of a snapshot has the name of the bunker that it was taken of, where that had it from here. */
static bool named_by_us(void) {
    char text[sizeof OUR_HOSTS] = "";
    int fd = open("/etc/hosts", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool ours = fd >= 0 && read(fd, text, sizeof OUR_HOSTS - 1) == sizeof OUR_HOSTS - 1 && strcmp(text, OUR_HOSTS) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return ours;
}

static void name_host(void) {
    char name[65], text[256];
    bool anyway = named_by_us();
    if (*boot_option("scaibunker.hostname", name, sizeof name) == '\0') {
        return;
    }
    try("hostname", sethostname(name, strlen(name)));
    snprintf(text, sizeof text, "%s\n", name);
    write_if_empty("/etc/hostname", text, anyway);
    snprintf(text, sizeof text, OUR_HOSTS "%s\n", name);
    write_if_empty("/etc/hosts", text, anyway);
}

static void spare_from_memory_killer(void) {
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        ssize_t written = write(fd, "-1000", 5);
        (void)written; /* Then it is one among others. */
        close(fd);
    }
}

void boot(void) {
    mount_kernel_views();
    read_file("/proc/cmdline", command_line, sizeof command_line);
    load_modules();
    if (only_probing()) {
        return;
    }
    mount_disks();
    switch_root();
    mount_usual();
    raise_network();
    name_host();
    spare_from_memory_killer();
}

static int find_port(void) {
    for (int device = 0; device < 4; device++) {
        for (int number = 0; number < 8; number++) {
            char path[64], name[64];
            snprintf(path, sizeof path, "/sys/class/virtio-ports/vport%dp%d/name", device, number);
            read_file(path, name, sizeof name);
            if (strcmp(name, PORT_NAME) == 0) {
                snprintf(path, sizeof path, "/dev/vport%dp%d", device, number);
                return open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
            }
        }
    }
    return -1;
}

int open_port(void) {
    for (int i = 0; i < DEVICE_TRIES; i++) {
        int fd = find_port();
        if (fd >= 0) {
            return fd;
        }
        pause_briefly();
    }
    return -1;
}

/* Whether all others ended in that many steps of 10 ms. Orphans are ours, so no child left means nobody left. */
static bool all_gone(int steps) {
    for (int i = 0; i < steps; i++) {
        pid_t ended;
        while ((ended = waitpid(-1, NULL, WNOHANG)) > 0) {
        }
        if (ended < 0 && errno == ECHILD) {
            return true;
        }
        pause_briefly();
    }
    return false;
}

_Noreturn void power_off(void) {
    say("powering off");
    kill(-1, SIGTERM);
    if (!all_gone(100)) {
        kill(-1, SIGKILL);
        all_gone(100);
    }
    if (initrd_root >= 0) {
        umount2("/", MNT_DETACH);
        if (fchdir(initrd_root) == 0 && chroot(".") == 0) {
            try("unmount of the scratch disk", umount2("/scratch", 0));
        }
    }
    sync();
    /* Where the host cannot see a power-off. */
    char how[8];
    bool reset = strcmp(boot_option("scaibunker.end", how, sizeof how), "reboot") == 0;
    end_machine(reset ? RB_AUTOBOOT : RB_POWER_OFF);
}
