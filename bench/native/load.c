/* Many viewers in one process: the load of the benchmark, and its measure.
 *
 *     load PORT NAMESPACE PER_ADDRESS [bare] [waiting]
 *
 * Reads commands from standard input, one a line, and answers each with one line of JSON:
 *
 *     open COUNT WINDOW RECEIVE_BUFFER SECONDS   connect viewers, at most WINDOW at a time; 0: the kernel's buffer
 *     expect COUNT                               begin to count; each viewer is to get COUNT states
 *     await SECONDS                              wait until all that read have got them; then as `report`
 *     report                                     what was counted
 *     halt FIRST COUNT                           these viewers stop reading; they go on with heartbeats, unasked
 *     resume                                     they read again
 *     resumed                                    what those that read again got
 *     probe MICROSECONDS COUNT                   send a WebSocket ping every so often, in turn from the first viewers
 *     quit
 *
 * Times in answers are nanoseconds. Its own use of the processor is part of every report, so that it can be seen that
 * it was not what limited a run.
 *
 * When there is nothing to read it sleeps for a quarter of a millisecond, instead of waiting in epoll as with
 * `waiting`: a send() to a socket that somebody waits for wakes that one up, on the sender's account. Viewers elsewhere
 * cost a server nothing of the kind; here it was 0.3 us for a sender that never lets the load fall asleep and 5 us for
 * a slower one. So the first message after a pause may be up to that quarter late.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "answers.h"
#include "clock.h"
#include "probes.h"

#define MOST_VIEWERS 200000
/* Few events at a time, so that a pong never waits long behind states. */
#define BATCH 64
#define NAP (SECOND / 4000)
/* Less than any server waits for a heartbeat. */
#define HEARTBEAT_EVERY (10 * SECOND)

/* Beside the viewers' indices in epoll's answers. */
enum { COMMANDS = MOST_VIEWERS, PROBES };

static struct crowd crowd;
static unsigned halted, first_halted;
static int everyone; /* epoll */
static bool waiting;

static struct {
    unsigned goal, window;
    int receive_buffer;
    int64_t began, deadline;
    bool running;
} opening;

static int64_t await_deadline, next_heartbeat;

/* -------------------------------------------------------------------------------------------- viewers */

static void watch(int epoll, int operation, int fd, uint32_t events, unsigned index) {
    struct epoll_event event = {.events = events, .data.u32 = index};
    if (epoll_ctl(epoll, operation, fd, &event) < 0)
        perror("epoll_ctl");
}

static void advance(unsigned index) {
    struct viewer *viewer = &crowd.viewers[index];
    enum stage before = viewer->stage;
    viewer_advance(viewer);
    if (before == CONNECTING && viewer->stage != ENDED)
        watch(everyone, EPOLL_CTL_MOD, viewer->fd, EPOLLIN, index);
}

static void open_one(void) {
    unsigned index = crowd.count++;
    struct viewer *viewer = &crowd.viewers[index];
    viewer_connect(viewer, index, opening.receive_buffer);
    if (viewer->stage != ENDED)
        watch(everyone, EPOLL_CTL_ADD, viewer->fd, EPOLLOUT, index);
}

/* -------------------------------------------------------------------------------------------- commands */

static void begin_tally(uint32_t goal) {
    memset(&tally, 0, sizeof tally);
    tally.target = goal;
    tally.since = now_ns();
    tally.cpu_since = cpu_ns();
    probes_reset();
    for (unsigned i = 0; i < crowd.count; i++)
        crowd.viewers[i].received = crowd.viewers[i].missed = 0;
}

static void begin_opening(unsigned number, unsigned window, int receive_buffer, unsigned seconds) {
    begin_tally(0);
    memset(&joining, 0, sizeof joining);
    opening.goal = crowd.count + number < MOST_VIEWERS ? crowd.count + number : MOST_VIEWERS;
    opening.window = window;
    opening.receive_buffer = receive_buffer;
    opening.began = now_ns();
    opening.deadline = opening.began + seconds * SECOND;
    opening.running = true;
}

static void halt(unsigned first, unsigned number) {
    first_halted = first;
    halted = first + number <= crowd.count ? number : 0;
    for (unsigned i = first; i < first + halted; i++) {
        crowd.viewers[i].halted = true;
        if (crowd.viewers[i].stage != ENDED)
            watch(everyone, EPOLL_CTL_DEL, crowd.viewers[i].fd, 0, i);
    }
    next_heartbeat = now_ns() + HEARTBEAT_EVERY;
}

static void resume(void) {
    newest_at_resume = newest;
    for (unsigned i = first_halted; i < first_halted + halted; i++) {
        struct viewer *viewer = &crowd.viewers[i];
        viewer->halted = false;
        viewer->resumed = true;
        viewer->jumps = viewer->held = viewer->between = 0;
        if (viewer->stage != ENDED)
            watch(everyone, EPOLL_CTL_ADD, viewer->fd, EPOLLIN, i);
    }
    halted = 0;
}

/* Commands that are answered at once, with nothing to tell. */
static bool obey_plain(const char *line) {
    unsigned a = 0, b = 0;
    if (sscanf(line, "expect %u", &a) == 1)
        begin_tally(a);
    else if (sscanf(line, "halt %u %u", &a, &b) == 2)
        halt(a, b);
    else if (strcmp(line, "resume") == 0)
        resume();
    else if (sscanf(line, "probe %u %u", &a, &b) == 2)
        probes_begin(&crowd, everyone, a, b);
    else
        return false;
    printf("{}\n");
    return true;
}

static void obey(const char *line) {
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (obey_plain(line))
        return;
    if (sscanf(line, "open %u %u %u %u", &a, &b, &c, &d) == 4)
        begin_opening(a, b, (int)c, d);
    else if (sscanf(line, "await %u", &a) == 1)
        await_deadline = now_ns() + a * SECOND;
    else if (strcmp(line, "report") == 0)
        answer_report(&crowd, probes_sent());
    else if (strcmp(line, "resumed") == 0)
        answer_resumed(&crowd);
    else
        exit(strcmp(line, "quit") == 0 ? 0 : 2);
}

static void read_commands(void) {
    static char line[200];
    static size_t length;
    ssize_t got = read(STDIN_FILENO, line + length, sizeof line - 1 - length);
    if (got <= 0)
        exit(0); /* whoever gave orders is gone */
    length += (size_t)got;
    line[length] = 0;
    for (char *end; (end = strchr(line, '\n')); length = strlen(line)) {
        *end = 0;
        obey(line);
        memmove(line, end + 1, strlen(end + 1) + 1);
    }
}

/* ------------------------------------------------------------------------------------------------ loop */

static void go_on_opening(int64_t now) {
    while (crowd.count - ready - ended < opening.window && crowd.count < opening.goal)
        open_one();
    if (ready + ended == opening.goal || now > opening.deadline) {
        opening.running = false;
        answer_opened(&crowd, opening.began);
    }
}

static void go_on_waiting(int64_t now) {
    if (tally.complete + ended + halted >= crowd.count || now > await_deadline) {
        await_deadline = 0;
        answer_report(&crowd, probes_sent());
    }
}

static void send_heartbeats(int64_t now) {
    next_heartbeat = now + HEARTBEAT_EVERY;
    for (unsigned i = first_halted; i < first_halted + halted; i++)
        if (crowd.viewers[i].stage == READY)
            viewer_send_heartbeat(&crowd.viewers[i]);
}

static void do_what_is_due(void) {
    int64_t now = now_ns();
    if (opening.running)
        go_on_opening(now);
    if (await_deadline)
        go_on_waiting(now);
    probes_send_due(&crowd, now);
    if (halted && now >= next_heartbeat)
        send_heartbeats(now);
    fflush(stdout);
}

/* Whether there was anything. */
static bool take(int epoll, int milliseconds) {
    struct epoll_event events[BATCH];
    int number = epoll_wait(epoll, events, BATCH, milliseconds);
    for (int i = 0; i < number; i++) {
        if (events[i].data.u32 == COMMANDS)
            read_commands();
        else if (events[i].data.u32 != PROBES)
            advance(events[i].data.u32);
    }
    return number > 0;
}

static int wait_at_most(void) {
    if (!crowd.count && !opening.running)
        return -1; /* there is nothing to look at but commands */
    return waiting ? 1 : 0;
}

static bool is_given(const char *word, char **arguments) {
    while (*arguments && strcmp(*arguments, word) != 0)
        arguments++;
    return *arguments != NULL;
}

static void begin(char **arguments) {
    struct rlimit limit;
    prctl(PR_SET_TIMERSLACK, 1);
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    target.address.sin_family = AF_INET;
    target.address.sin_port = htons((uint16_t)atoi(arguments[0]));
    target.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    target.namespace = arguments[1];
    target.per_address = (unsigned)atoi(arguments[2]);
    target.bare = is_given("bare", arguments);
    waiting = is_given("waiting", arguments);
    crowd.viewers = calloc(MOST_VIEWERS, sizeof *crowd.viewers);
    everyone = epoll_create1(EPOLL_CLOEXEC);
    probes_open();
    watch(everyone, EPOLL_CTL_ADD, STDIN_FILENO, EPOLLIN, COMMANDS);
    watch(everyone, EPOLL_CTL_ADD, probes_epoll, EPOLLIN, PROBES);
}

int main(int argc, char **argv) {
    if (argc < 4)
        return 2;
    begin(argv + 1);
    for (;;) {
        bool busy = take(everyone, wait_at_most());
        if (probes_running())
            take(probes_epoll, 0);
        do_what_is_due();
        if (!busy && !waiting)
            nanosleep(&(struct timespec){.tv_nsec = NAP}, NULL);
    }
}
