#include "probes.h"

#include <stdio.h>
#include <sys/epoll.h>

#include "clock.h"

int probes_epoll;

static struct {
    int64_t every, next;
    unsigned viewers, turn;
    uint64_t sent;
} probe;

void probes_open(void) {
    probes_epoll = epoll_create1(EPOLL_CLOEXEC);
}

void probes_begin(const struct crowd *crowd, int everyone, int64_t microseconds, unsigned viewers) {
    probe.every = microseconds * 1000;
    probe.next = now_ns();
    for (; probe.viewers < viewers && probe.viewers < crowd->count; probe.viewers++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = probe.viewers};
        int fd = crowd->viewers[probe.viewers].fd;
        if (fd >= 0 && (epoll_ctl(everyone, EPOLL_CTL_DEL, fd, NULL) < 0 ||
                        epoll_ctl(probes_epoll, EPOLL_CTL_ADD, fd, &event) < 0))
            perror("epoll_ctl");
    }
}

void probes_reset(void) {
    probe.sent = 0;
}

uint64_t probes_sent(void) {
    return probe.sent;
}

bool probes_running(void) {
    return probe.every != 0;
}

void probes_send_due(const struct crowd *crowd, int64_t now) {
    if (!probe.every || now < probe.next)
        return;
    struct viewer *viewer = &crowd->viewers[probe.turn++ % probe.viewers];
    probe.next = now + probe.every;
    if (viewer->stage == READY) {
        viewer_send_ping(viewer, now);
        probe.sent++;
    }
}
