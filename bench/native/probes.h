/* WebSocket pings from some of the viewers in turn, and the way of their pongs: how soon a server answers. */
#ifndef PROBES_H
#define PROBES_H

#include "answers.h"

/* An epoll of its own, so that pongs are read between batches of states; it becomes readable when one has come. */
extern int probes_epoll;

void probes_open(void);
/* From now on one ping every so often, from the first viewers, which leave the epoll they were in. */
void probes_begin(const struct crowd *crowd, int everyone, int64_t microseconds, unsigned viewers);
/* Begin to count anew. */
void probes_reset(void);
/* How many were sent. */
uint64_t probes_sent(void);
bool probes_running(void);
/* Send one if it is time. */
void probes_send_due(const struct crowd *crowd, int64_t now);

#endif
