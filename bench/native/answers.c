#include "answers.h"

#include <stdio.h>

#include "clock.h"

typedef unsigned long long wide;

static void print_errors(void) {
    printf(",\"error\":\"");
    for (const char *c = first_error; *c; c++)
        putchar(*c < ' ' || *c == '"' || *c == '\\' ? '\'' : *c);
    printf("\"");
}

static void print_histogram(const char *name, const struct histogram *histogram) {
    printf(",\"%s\":{\"count\":%llu,\"p50\":%lld,\"p95\":%lld,\"p99\":%lld,\"max\":%lld}", name, (wide)histogram->count,
           (long long)histogram_at(histogram, 0.5), (long long)histogram_at(histogram, 0.95),
           (long long)histogram_at(histogram, 0.99), (long long)histogram->max);
}

static void print_crowd(const struct crowd *crowd, int64_t since) {
    printf("{\"viewers\":%u,\"ready\":%u,\"ended\":%u,\"took\":%lld,\"cpu\":%lld", crowd->count, ready, ended,
           (long long)(now_ns() - since), (long long)(cpu_ns() - tally.cpu_since));
    print_errors();
}

void answer_opened(const struct crowd *crowd, int64_t began) {
    print_crowd(crowd, began);
    print_histogram("joining", &joining);
    printf("}\n");
}

static void print_spread(const struct crowd *crowd) {
    uint64_t missed = 0;
    uint32_t least = UINT32_MAX, most = 0;
    for (const struct viewer *viewer = crowd->viewers; viewer < crowd->viewers + crowd->count; viewer++) {
        if (viewer->halted || viewer->resumed)
            continue;
        missed += viewer->missed;
        least = viewer->received < least ? viewer->received : least;
        most = viewer->received > most ? viewer->received : most;
    }
    printf(",\"least\":%u,\"most\":%u,\"missed\":%llu", most ? least : 0, most, (wide)missed);
}

void answer_report(const struct crowd *crowd, uint64_t pings) {
    print_crowd(crowd, tally.since);
    print_spread(crowd);
    printf(",\"complete\":%u,\"received\":%llu,\"repeated\":%llu,\"backwards\":%llu,\"other\":%llu,"
           "\"heartbeats\":%llu,\"least_bytes\":%zu,\"most_bytes\":%zu,\"pings\":%llu",
           tally.complete, (wide)tally.received, (wide)tally.repeated, (wide)tally.backwards, (wide)tally.other,
           (wide)tally.heartbeats, tally.least_bytes, tally.most_bytes, (wide)pings);
    print_histogram("latency", &tally.latency);
    print_histogram("probes", &tally.probes);
    printf("}\n");
}

void answer_resumed(const struct crowd *crowd) {
    const char *comma = "";
    printf("{\"viewers\":[");
    for (const struct viewer *viewer = crowd->viewers; viewer < crowd->viewers + crowd->count; viewer++) {
        if (!viewer->resumed)
            continue;
        printf("%s{\"held\":%u,\"jumps\":%u,\"between\":%u,\"behind\":%lld,\"ended\":%s}", comma, viewer->held,
               viewer->jumps, viewer->between, (long long)(newest - viewer->newest),
               viewer->stage == ENDED ? "true" : "false");
        comma = ",";
    }
    printf("]}\n");
}
