/* One viewer: connects, takes part in a namespace, and reads states; and what all viewers saw together. */
#ifndef VIEWER_H
#define VIEWER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "histogram.h"

enum stage { CONNECTING, UPGRADING, JOINING, READY, ENDED };

struct viewer {
    int fd;
    enum stage stage;
    bool joined, shown; /* CONNECT was answered; a first state has come */
    bool halted;        /* it does not read */
    bool resumed;       /* it did not read for a while; its latencies say nothing */
    int64_t began;      /* when it began to connect */
    int64_t newest;     /* the number of its newest state */
    uint32_t received;  /* states since `tally_begin`, each number once */
    uint32_t missed;    /* numbers that were skipped since then */
    /* After it reads again: states before the first skipped one; how often it skipped; and states after the first
     * skipped one that were overtaken already when it began to read again. */
    uint32_t held, jumps, between;
    char *rest; /* the beginning of a frame whose end has not come */
    uint32_t rest_length;
};

/* How to reach the server. */
struct target {
    struct sockaddr_in address;
    const char *namespace; /* such as "/windsock" */
    bool bare;             /* no handshakes: frames come as soon as it is connected */
    unsigned per_address;  /* viewers of one source address: 127.0.0.2 and up */
};

/* What was seen since the last `tally_begin`. */
struct tally {
    uint32_t target;   /* states that each viewer is to get */
    uint32_t complete; /* viewers that got them */
    uint64_t received, repeated, backwards, other, heartbeats;
    size_t least_bytes, most_bytes; /* of a state's frame */
    int64_t since, cpu_since;
    struct histogram latency, probes;
};

extern struct target target;
extern struct tally tally;
extern unsigned ready, ended;     /* viewers that take part, and that are gone */
extern int64_t newest;           /* the greatest number that any viewer has seen */
extern int64_t newest_at_resume; /* what it was when the halted ones began to read again */
extern struct histogram joining; /* how long it took viewers from connecting to their first state */
extern char first_error[200];    /* what ended the first viewer that was ended; empty: none was */

void viewer_connect(struct viewer *viewer, unsigned index, int receive_buffer);
/* The socket has something, or is connected. */
void viewer_advance(struct viewer *viewer);
void viewer_end(struct viewer *viewer, const char *why);
void viewer_send_ping(struct viewer *viewer, int64_t now);
void viewer_send_heartbeat(struct viewer *viewer);

#endif
