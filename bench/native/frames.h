/* WebSocket frames (RFC 6455, section 5) as a client reads and writes them. */
#ifndef FRAMES_H
#define FRAMES_H

#include <stddef.h>

enum opcode { TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10 };

struct frame {
    int opcode;
    const char *data;
    size_t length; /* of data */
    size_t total;  /* with the header */
};

/* 1: a frame was read; 0: its end is still missing; -1: not a whole, unmasked frame as a server sends it. */
int frame_read(const char *bytes, size_t available, struct frame *frame);

/* Writes a masked frame of up to 125 bytes of data; its length. `out` holds 6 bytes more than the data. */
size_t frame_write(char *out, enum opcode opcode, const void *data, size_t length);

#endif
