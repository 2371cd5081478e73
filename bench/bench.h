/*
 * The frame all benchmarks share: time a loop, print one TSV row.
 *
 * A row is `case  system  value  unit`. Systems are named mproxy, floor, redis
 * and python. bench/run.sh runs the programs in turn, several rounds, and
 * takes medians.
 */
#ifndef MPROXY_BENCH_H
#define MPROXY_BENCH_H

/*
 * Runs one(context) until about seconds have passed (after a short warm-up),
 * in slices, and prints the median slice's time for one run in microseconds.
 * one() returns 0, or anything else to end the program with a message.
 */
void bench_run(const char *name, const char *system, int (*one)(void *context),
	       void *context);

/* For a case that does its own loop: prints one row. */
void bench_row(const char *name, const char *system, double value,
	       const char *unit);

double bench_now(void); /* seconds of a monotonic clock */

#endif
