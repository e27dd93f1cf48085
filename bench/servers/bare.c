/* The least that a fan-out can cost: a loop that calls send() for every connection.
 *
 *     bare PORT STATE
 *
 * Accepts plain TCP connections and sends each one frame, as a viewer gets the current state when it connects.
 * "go COUNT INTERVAL" (milliseconds) on standard input makes it send COUNT frames to all, as long as those of the
 * other servers: the same WebSocket header and Socket.IO event around STATE, in which it fills in `"version":0` and
 * `"n":0,"t":0`.
 *
 * Faults that the benchmark has to see are in its environment: with BENCH_DROP it leaves out every so-manieth frame,
 * with BENCH_MOST it turns away those beyond so many connections.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../native/clock.h"

#define MOST 200000
#define FIRST 1000000 /* numbers of equal length make frames of equal length */

static int connections[MOST];
static unsigned count, most;
static unsigned drop, sent;
static char format[1 << 15]; /* of the event */
static long number;          /* of the newest state, which is its version too */
static char frame[1 << 16];
static size_t frame_length;

static void make_frame(void) {
    char text[sizeof frame - 4];
    int length = snprintf(text, sizeof text, format, number, FIRST + number, (long long)now_ns());
    size_t head = length > 125 ? 4 : 2;
    frame[0] = (char)0x81;
    frame[1] = (char)(length > 125 ? 126 : length);
    frame[2] = (char)(length >> 8);
    frame[3] = (char)length;
    memcpy(frame + head, text, (size_t)length);
    frame_length = head + (size_t)length;
}

static void send_to_all(void) {
    make_frame();
    for (unsigned i = 0; i < count; i++) {
        if (drop && ++sent % drop == 0)
            continue;
        if (send(connections[i], frame, frame_length, MSG_NOSIGNAL) != (ssize_t)frame_length) {
            close(connections[i]);
            connections[i--] = connections[--count];
        }
    }
}

static void wait_until(int64_t due) {
    struct timespec time = {.tv_sec = due / SECOND, .tv_nsec = due % SECOND};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
}

static void go(int times, int milliseconds) {
    int64_t due = now_ns();
    for (int i = 0; i < times; i++) {
        wait_until(due);
        number++;
        send_to_all();
        due += milliseconds * (SECOND / 1000);
    }
}

static void take_order(void) {
    char line[100];
    int times, milliseconds;
    if (!fgets(line, sizeof line, stdin))
        exit(0);
    if (sscanf(line, "go %d %d", &times, &milliseconds) == 2)
        go(times, milliseconds);
}

static void take_connection(int listener) {
    int yes = 1, fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    if (count == most) {
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    connections[count++] = fd;
    make_frame();
    if (send(fd, frame, frame_length, MSG_NOSIGNAL) < 0)
        close(connections[--count]);
}

static int listen_at(int port) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int yes = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 4096) < 0) {
        perror("listen");
        exit(1);
    }
    return fd;
}

/* Puts a printf directive where a number is to be filled in. The state has no '%' of its own. */
static void make_hole(const char *name, const char *directive) {
    char *hole = strstr(format, name), *zero;
    if (!hole || !(zero = strchr(hole, '0')))
        exit(2);
    memmove(zero + strlen(directive), zero + 1, strlen(zero + 1) + 1);
    memcpy(zero, directive, strlen(directive));
}

static unsigned number_of(const char *variable, unsigned otherwise) {
    const char *text = getenv(variable);
    return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

int main(int argc, char **argv) {
    if (argc < 3 || strlen(argv[2]) > sizeof format / 2)
        return 2;
    sprintf(format, "42/windsock,[\"state\",%s]", argv[2]);
    make_hole("\"version\":0", "%ld");
    make_hole("\"n\":0", "%ld");
    make_hole("\"t\":0", "%lld");
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    drop = number_of("BENCH_DROP", 0);
    most = number_of("BENCH_MOST", MOST);
    setvbuf(stdin, NULL, _IONBF, 0);
    struct pollfd waiting[2] = {{.fd = listen_at(atoi(argv[1])), .events = POLLIN}, {.events = POLLIN}};
    for (;;) {
        poll(waiting, 2, -1);
        if (waiting[0].revents)
            take_connection(waiting[0].fd);
        if (waiting[1].revents)
            take_order();
    }
}
