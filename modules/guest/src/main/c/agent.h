/*
 * The guest agent: first process of a bunker. See package-info.java of module guest for the idea and the wire.
 *
 *   main.c   the loop            boot.c   from the initrd to the bunker's own root
 *   port.c   bytes and frames    exec.c   commands and their streams
 *   child.c  from a request to a running program      user.c   who it runs as
 *   net.c    its one network device                   vsock.c  the channel to the host where it is no port
 *   file.c   reading, writing, listing and removing files, and holding the disk still, in a child of its own that executes
 *            nothing
 *
 * There is no allocation: all that is ever held is declared here and there as static arrays.
 */
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define AGENT_VERSION "4"

/* The wire: the same numbers as in Frame.java and FrameCodec.java. */
#define PROTOCOL 1
#define MAX_LENGTH 65536
#define HEADER 5
#define MAX_DATA 16384
#define FRAME_COST 64
#define MAX_STREAMS 64
#define STDIN_WINDOW 32768
#define NONCE 16
#define EXEC_WHOLE 0xC0FFEE5Bu
/* What an agent of this version knows beyond the first one: GuestHello.features. */
#define FEATURES (WITH_TERMINAL | FILE_WORK | SET_CLOCK | TELLS_START)
#define MAGIC_LENGTH 16
#define HOST_MAGIC "\xffSCAIBUNKER-HOST"
#define GUEST_MAGIC "\xffSCAIBUNKER-GUES"

enum frame_type {
    HELLO = 0x01,
    POWER_OFF = 0x03,
    EXEC = 0x10,
    STDIN = 0x11,
    STDIN_END = 0x12,
    CREDIT = 0x13,
    SIGNAL = 0x14,
    RESIZE = 0x15,
    CLOCK = 0x16,
    HELLO_BACK = 0x81,
    STARTED = 0x90,
    FAILED = 0x91,
    STDOUT = 0x92,
    STDERR = 0x93,
    STDIN_CREDIT = 0x94,
    ENDED = 0x95,
};

/* ExecOutcome.Stage, by position. */
enum stage { STAGE_RESOURCES, STAGE_USER, STAGE_DIRECTORY, STAGE_EXECUTE, STAGE_REQUEST };

uint32_t get32(const uint8_t *at);
void put32(uint8_t *at, uint32_t value);
void put64(uint8_t *at, uint64_t value);
/* Since the kernel began. */
uint64_t uptime_millis(void);
/* When this program began, on that clock. */
extern uint64_t began;
void say(const char *text);
void say_error(const char *what, int error);

/* boot.c */
void boot(void);
bool only_probing(void);
int open_port(void);
/* Once the machine is told to listen on a vsock port, by its kernel's command line; 0 otherwise. */
uint32_t vsock_port(void);
_Noreturn void power_off(void);
/* The scratch disk, which no path leads to; -1 and errno. */
int open_disk(void);
/* The value of name= on the kernel's command line, up to the next blank; empty when not there. */
const char *boot_option(const char *name, char *into, size_t size);

/* net.c: loopback, and the device that the machine has, if it has one. */
void raise_network(void);

/* vsock.c: one host at a time, and the newest is the one. -1 where it does not work, or nobody is there. */
int vsock_listen(uint32_t port);
int vsock_accept(int listener);

/* port.c: what is sent waits in one buffer of fixed size. */
void port_open(int fd); /* In the place of the former one. -1: nobody is there yet. */
void port_fill(struct pollfd *slot);
void port_handle(short happened);
/* How many bytes of body fit now, so that `reserve` more bytes stay free. Negative when none. */
long port_room(size_t reserve);
void port_send(uint8_t type, uint32_t stream, const uint8_t *body, size_t length);

/* exec.c: answers false when the host sent what no honest host sends. */
bool exec_start(uint32_t stream, const uint8_t *body, size_t length);
bool exec_stdin(uint32_t stream, const uint8_t *bytes, size_t length);
bool exec_stdin_end(uint32_t stream);
bool exec_credit(uint32_t stream, uint32_t more);
bool exec_signal(uint32_t stream, uint8_t number);
bool exec_resize(uint32_t stream, uint16_t columns, uint16_t rows);
void exec_reset(void);
void exec_reaped(pid_t pid, int status);
#define EXEC_POLLS (MAX_STREAMS * 4)
size_t exec_fill(struct pollfd *slots);
void exec_pump(void);

/* child.c */
#define WITH_STDIN 1
#define WITH_TERMINAL 2 /* of its own: stdin, stdout and stderr are one */
#define FILE_WORK 4     /* argv is for file_work(), not for a program */
/* Not of requests: what else this agent knows. */
#define SET_CLOCK 8    /* the frame CLOCK */
#define TELLS_START 16 /* HELLO_BACK says when the agent began */
struct request {
    uint8_t flags;
    uint16_t columns, rows; /* of the terminal */
    uint32_t credit;
    char **argv, **env, *cwd, *user; /* They point into the frame: good until it is consumed. */
};
struct pipes {
    int in, out, err, news;
    uint64_t group;
};
bool request_parse(const uint8_t *body, size_t length, struct request *request);
/* -1 and errno when there is no room for another process; `group` is set in any case. */
pid_t child_start(const struct request *request, struct pipes *ours);
void child_kill_all(uint64_t group);
void child_forget(uint64_t group);

/* file.c: runs in the child. Ends it with 0 or an error number. `disk` is open for «freeze» alone. */
_Noreturn void file_work(char **words, int disk);
/* Lets go of a disk that is held still; false where it was not, so that somebody else has let go of it before. */
bool thaw(int disk);

/* user.c: runs in the child. Answers 0 or an error number. */
struct user {
    uid_t uid;
    gid_t gid;
    gid_t groups[32];
    int group_count;
    char home[256];
};
int user_find(const char *spec, struct user *found);
