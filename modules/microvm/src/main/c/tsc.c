/* Prints how many thousand ticks a second this processor's time stamp counter makes. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

static int64_t nanos(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* Ticks at a moment, as exactly as it can be had: the closest of some tries. */
static int64_t moment(uint64_t *ticks) {
    int64_t best = INT64_MAX, when = 0;
    for (int i = 0; i < 32; i++) {
        int64_t before = nanos();
        uint64_t now = __rdtsc();
        int64_t after = nanos();
        if (after - before < best) {
            best = after - before;
            when = before + best / 2;
            *ticks = now;
        }
    }
    return when;
}

int main(void) {
    uint64_t first, last;
    int64_t start = moment(&first);
    usleep(100000);
    int64_t end = moment(&last);
    printf("%.0f\n", (double)(last - first) * 1e6 / (double)(end - start));
    return 0;
}
