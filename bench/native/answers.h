/* What the load answers: one line of JSON each; times are nanoseconds. */
#ifndef ANSWERS_H
#define ANSWERS_H

#include <stdint.h>

#include "viewer.h"

/* All viewers that were ever begun. */
struct crowd {
    struct viewer *viewers;
    unsigned count;
};

void answer_opened(const struct crowd *crowd, int64_t began);
/* What was counted since the tally began, of the viewers that read all the time. */
void answer_report(const struct crowd *crowd, uint64_t pings);
/* What each viewer got that did not read for a while. */
void answer_resumed(const struct crowd *crowd);

#endif
