#include "frames.h"

#include <stdint.h>

static uint64_t big_endian(const unsigned char *bytes, int count) {
    uint64_t value = 0;
    for (int i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

int frame_read(const char *bytes, size_t available, struct frame *frame) {
    const unsigned char *head = (const unsigned char *)bytes;
    if (available < 2)
        return 0;
    /* FIN set, nothing reserved set, no mask: servers send states whole, and the load offers no extension. */
    if ((head[0] & 0xf0) != 0x80 || head[1] & 0x80)
        return -1;
    int extra = head[1] == 126 ? 2 : head[1] == 127 ? 8 : 0;
    if (available < 2 + (size_t)extra)
        return 0;
    frame->opcode = head[0] & 0x0f;
    frame->length = extra ? big_endian(head + 2, extra) : head[1];
    frame->data = bytes + 2 + extra;
    frame->total = 2 + (size_t)extra + frame->length;
    return available >= frame->total;
}

size_t frame_write(char *out, enum opcode opcode, const void *data, size_t length) {
    /* A mask protects proxies from the page's scripts; here it only has to be a mask. */
    static const char mask[4] = {0x1b, 0x6e, 0x27, 0x53};
    out[0] = (char)(0x80 | opcode);
    out[1] = (char)(0x80 | length);
    for (int i = 0; i < 4; i++)
        out[2 + i] = mask[i];
    for (size_t i = 0; i < length; i++)
        out[6 + i] = (char)(((const char *)data)[i] ^ mask[i & 3]);
    return 6 + length;
}
