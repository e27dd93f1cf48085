/* Counts durations in buckets that are never wider than 1/64 of what they hold, from nanoseconds to minutes. */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BUCKETS (64 * 40)

struct histogram {
    uint64_t count;
    int64_t max;
    uint32_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *histogram, int64_t value);
/* The value that `share` (0 to 1) of all values do not exceed; 0 if there are none. */
int64_t histogram_at(const struct histogram *histogram, double share);

#endif
