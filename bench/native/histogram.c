#include "histogram.h"

/* Values below 128 have a bucket each; above, each doubling is split into 64. */
static int bucket_of(int64_t value) {
    int doublings = value < 128 ? 0 : 63 - __builtin_clzll((unsigned long long)value) - 6;
    int bucket = 64 * doublings + (int)(value >> doublings);
    return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

/* The greatest value that falls into a bucket. */
static int64_t top_of(int bucket) {
    if (bucket < 128)
        return bucket;
    int doublings = bucket / 64 - 1;
    return (((int64_t)bucket - 64LL * doublings + 1) << doublings) - 1;
}

void histogram_add(struct histogram *histogram, int64_t value) {
    if (value < 0)
        value = 0;
    histogram->count++;
    histogram->buckets[bucket_of(value)]++;
    if (value > histogram->max)
        histogram->max = value;
}

int64_t histogram_at(const struct histogram *histogram, double share) {
    uint64_t passed = 0;
    for (int bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
        passed += histogram->buckets[bucket];
        if (passed && (double)passed >= share * (double)histogram->count) {
            int64_t top = top_of(bucket);
            return top < histogram->max ? top : histogram->max;
        }
    }
    return histogram->max;
}
