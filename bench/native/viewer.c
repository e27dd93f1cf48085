#define _GNU_SOURCE
#include "viewer.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "frames.h"

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

#define LITERAL(text) text, sizeof(text) - 1

struct target target;
struct tally tally;
unsigned ready, ended;
int64_t newest, newest_at_resume;
struct histogram joining;
char first_error[200];

/* ------------------------------------------------------------------------------------------ connecting */

static void set_option(int fd, int level, int name, int value) {
    setsockopt(fd, level, name, &value, sizeof value);
}

/* One source address has some 28,000 ports: more viewers need more addresses. All of 127/8 is this machine. */
static void bind_source(int fd, unsigned index) {
    uint32_t host = (127u << 24) + 2 + index / target.per_address;
    struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(host)};
    /* The port is chosen by connect(), which may use one port towards several servers. */
    set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    if (bind(fd, (struct sockaddr *)&source, sizeof source) < 0)
        perror("bind");
}

static void set_options(int fd, int receive_buffer) {
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    /* Ends with RST: thousands of sockets in TIME_WAIT would stand in the way of the next run. */
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    if (receive_buffer)
        set_option(fd, SOL_SOCKET, SO_RCVBUF, receive_buffer);
}

void viewer_connect(struct viewer *viewer, unsigned index, int receive_buffer) {
    memset(viewer, 0, sizeof *viewer);
    viewer->began = now_ns();
    viewer->stage = CONNECTING;
    viewer->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (viewer->fd < 0) {
        viewer_end(viewer, strerror(errno));
        return;
    }
    set_options(viewer->fd, receive_buffer);
    bind_source(viewer->fd, index);
    if (connect(viewer->fd, (struct sockaddr *)&target.address, sizeof target.address) < 0 && errno != EINPROGRESS)
        viewer_end(viewer, strerror(errno));
}

void viewer_end(struct viewer *viewer, const char *why) {
    if (!first_error[0])
        snprintf(first_error, sizeof first_error, "%s", why);
    ready -= viewer->stage == READY;
    ended += viewer->stage != ENDED;
    if (viewer->fd >= 0)
        close(viewer->fd);
    free(viewer->rest);
    viewer->rest = NULL;
    viewer->rest_length = 0;
    viewer->fd = -1;
    viewer->stage = ENDED;
}

static void send_bytes(struct viewer *viewer, const void *bytes, size_t length) {
    if (send(viewer->fd, bytes, length, MSG_NOSIGNAL) != (ssize_t)length)
        viewer_end(viewer, "could not send");
}

static void send_frame(struct viewer *viewer, enum opcode opcode, const void *data, size_t length) {
    char bytes[6 + 125];
    send_bytes(viewer, bytes, frame_write(bytes, opcode, data, length));
}

static void on_connected(struct viewer *viewer) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(viewer->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) {
        viewer_end(viewer, strerror(error));
    } else if (target.bare) {
        viewer->joined = true;
        viewer->stage = JOINING;
    } else {
        char request[400];
        int length = snprintf(request, sizeof request,
                              "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
                              "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                              "Sec-WebSocket-Key: d2luZHNvY2sgYmVuY2ggNA==\r\nUser-Agent: bench\r\n\r\n",
                              (unsigned)ntohs(target.address.sin_port));
        send_bytes(viewer, request, (size_t)length);
        if (viewer->stage != ENDED)
            viewer->stage = UPGRADING;
    }
}

/* How much of the bytes the answer to the handshake takes; 0: it is not complete. */
static size_t on_answer(struct viewer *viewer, const char *bytes, size_t length) {
    char *end = memmem(bytes, length, LITERAL("\r\n\r\n"));
    if (!end)
        return 0;
    if (length < 12 || memcmp(bytes + 9, "101", 3) != 0) {
        char why[100];
        snprintf(why, sizeof why, "the handshake was answered: %.*s", (int)strcspn(bytes, "\r\n"), bytes);
        viewer_end(viewer, why);
        return 0;
    }
    viewer->stage = JOINING;
    return (size_t)(end - bytes) + 4;
}

/* -------------------------------------------------------------------------------------------- messages */

static void note_ready(struct viewer *viewer) {
    if (viewer->stage == JOINING && viewer->joined && viewer->shown) {
        viewer->stage = READY;
        ready++;
        histogram_add(&joining, now_ns() - viewer->began);
    }
}

static void note_skipped(struct viewer *viewer, int64_t number) {
    viewer->missed += (uint32_t)(number - viewer->newest - 1);
    viewer->jumps++;
}

/* What a viewer that reads again gets. */
static void note_resumed(struct viewer *viewer, int64_t number) {
    if (viewer->jumps == 0)
        viewer->held++;
    else if (number < newest_at_resume)
        viewer->between++;
}

static void note_size(size_t bytes) {
    if (!tally.least_bytes || bytes < tally.least_bytes)
        tally.least_bytes = bytes;
    if (bytes > tally.most_bytes)
        tally.most_bytes = bytes;
}

static void on_number(struct viewer *viewer, int64_t number, int64_t sent, size_t bytes) {
    if (number <= viewer->newest) {
        *(number < viewer->newest ? &tally.backwards : &tally.repeated) += 1;
        return;
    }
    if (viewer->newest && number != viewer->newest + 1)
        note_skipped(viewer, number);
    if (viewer->resumed)
        note_resumed(viewer, number);
    else
        histogram_add(&tally.latency, now_ns() - sent);
    viewer->newest = number;
    newest = number > newest ? number : newest;
    tally.received++;
    note_size(bytes);
    if (++viewer->received == tally.target)
        tally.complete++;
}

static void on_event(struct viewer *viewer, const struct frame *frame) {
    const char *end = frame->data + frame->length;
    const char *data = memmem(frame->data, frame->length, LITERAL("\"data\":{"));
    const char *number = data ? memmem(data, (size_t)(end - data), LITERAL("\"n\":")) : NULL;
    const char *sent = number ? memmem(number, (size_t)(end - number), LITERAL("\"t\":")) : NULL;
    bool state = memmem(frame->data, frame->length < 40 ? frame->length : 40, LITERAL("[\"state\",")) != NULL;
    if (!state) {
        tally.other++;
        return;
    }
    bool first = !viewer->shown;
    viewer->shown = true;
    /* A text in a frame ends with its closing brackets, so strtoll stops before the frame's end. */
    if (sent && first)
        viewer->newest = strtoll(number + 4, NULL, 10);
    else if (sent)
        on_number(viewer, strtoll(number + 4, NULL, 10), strtoll(sent + 4, NULL, 10), frame->total);
    note_ready(viewer);
}

/* A Socket.IO packet; what stands before the namespace is its type. */
static void on_packet(struct viewer *viewer, const struct frame *frame) {
    char type = frame->length > 1 ? frame->data[1] : '?';
    if (type == '2') {
        on_event(viewer, frame);
    } else if (type == '0') {
        viewer->joined = true;
        note_ready(viewer);
    } else {
        char why[100];
        snprintf(why, sizeof why, "the server said: %.*s", (int)frame->length, frame->data);
        viewer_end(viewer, why);
    }
}

/* An Engine.IO packet. */
static void on_text(struct viewer *viewer, const struct frame *frame) {
    char type = frame->length ? frame->data[0] : '?';
    if (type == '4') {
        on_packet(viewer, frame);
    } else if (type == '2') {
        tally.heartbeats++;
        send_frame(viewer, TEXT, "3", 1);
    } else if (type == '0') {
        char packet[100];
        int length = snprintf(packet, sizeof packet, "40%s,", target.namespace);
        send_frame(viewer, TEXT, packet, (size_t)length);
    } else {
        viewer_end(viewer, "the server sent an unexpected Engine.IO packet");
    }
}

static void on_frame(struct viewer *viewer, const struct frame *frame) {
    int64_t sent;
    if (frame->opcode == TEXT) {
        on_text(viewer, frame);
    } else if (frame->opcode == PONG && frame->length == sizeof sent) {
        memcpy(&sent, frame->data, sizeof sent);
        histogram_add(&tally.probes, now_ns() - sent);
    } else if (frame->opcode == PING && frame->length <= 125) {
        send_frame(viewer, PONG, frame->data, frame->length);
    } else {
        viewer_end(viewer, frame->opcode == CLOSE ? "the server closed" : "an unexpected frame");
    }
}

/* --------------------------------------------------------------------------------------------- reading */

static char bytes[1 << 18];

static void keep_rest(struct viewer *viewer, const char *rest, size_t length) {
    char *copy = NULL;
    if (length) {
        copy = malloc(length);
        memcpy(copy, rest, length);
    }
    free(viewer->rest);
    viewer->rest = copy;
    viewer->rest_length = (uint32_t)length;
}

static void on_bytes(struct viewer *viewer, size_t length) {
    size_t at = viewer->stage == UPGRADING ? on_answer(viewer, bytes, length) : 0;
    struct frame frame;
    int found = 0;
    while (viewer->stage != ENDED && viewer->stage != UPGRADING &&
           (found = frame_read(bytes + at, length - at, &frame)) > 0) {
        on_frame(viewer, &frame);
        at += frame.total;
    }
    if (viewer->stage == ENDED)
        return;
    if (found < 0)
        viewer_end(viewer, "not a WebSocket frame");
    else if (at < length || viewer->rest)
        keep_rest(viewer, bytes + at, length - at);
}

void viewer_advance(struct viewer *viewer) {
    if (viewer->stage == ENDED)
        return;
    if (viewer->stage == CONNECTING) {
        on_connected(viewer);
        return;
    }
    if (viewer->rest)
        memcpy(bytes, viewer->rest, viewer->rest_length);
    ssize_t count = recv(viewer->fd, bytes + viewer->rest_length, sizeof bytes - viewer->rest_length, 0);
    if (count > 0)
        on_bytes(viewer, viewer->rest_length + (size_t)count);
    else if (count == 0)
        viewer_end(viewer, "the server closed the connection");
    else if (errno != EAGAIN && errno != EINTR)
        viewer_end(viewer, strerror(errno));
}

void viewer_send_ping(struct viewer *viewer, int64_t now) {
    send_frame(viewer, PING, &now, sizeof now);
}

void viewer_send_heartbeat(struct viewer *viewer) {
    send_frame(viewer, TEXT, "3", 1);
}
