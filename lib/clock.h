/*
 * Time as the library counts it: CLOCK_MONOTONIC in nanoseconds.
 */
#ifndef MPROXY_LIB_CLOCK_H
#define MPROXY_LIB_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define NS_PER_MS INT64_C(1000000)

static inline int64_t
clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 * NS_PER_MS + now.tv_nsec;
}

/* INT64_MAX: never. */
static inline bool
clock_is_past(int64_t deadline)
{
	return deadline != INT64_MAX && clock_now() >= deadline;
}

#endif
