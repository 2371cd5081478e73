/*
 * The sizes at which costs are measured, and how they are shown.
 */
#ifndef MPROXY_BENCH_GROWTH_H
#define MPROXY_BENCH_GROWTH_H

#include <stddef.h>
#include <stdint.h>

struct growth_size {
	long n;
	const char *name;
};

static const struct growth_size growth_sizes[] = {
	{ 10, "10" },	   { 1000, "1k" },	{ 100000, "100k" },
	{ 1000000, "1M" }, { 10000000, "10M" },
};

enum {
	GROWTH_SIZES = sizeof(growth_sizes) / sizeof(growth_sizes[0]),
	GROWTH_SIZES_BUT_BIG = GROWTH_SIZES - 1
};

/* A number below n; the same row of them in each run. */
static inline long
growth_random(long n)
{
	static uint64_t state = 88172645463325252u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (long)(state % (uint64_t)n);
}

#endif
