/*
 * Latencies in bins: any number of them in fixed memory, so that it can lie in
 * memory shared by two processes. A bin is at most 1/64 wide.
 */
#ifndef MPROXY_BENCH_LATENCY_H
#define MPROXY_BENCH_LATENCY_H

#include <stdint.h>

enum {
	LATENCY_STEPS = 64, /* a doubling has so many bins */
	LATENCY_BINS = 40 * LATENCY_STEPS
};

struct latency {
	uint64_t n;
	double longest;
	uint64_t bins[LATENCY_BINS];
};

void latency_add(struct latency *latency, double seconds);

/* The latency that a share of all calls did not exceed, in seconds. */
double latency_at(const struct latency *latency, double share);

#endif
