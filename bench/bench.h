/*
 * The frame all benchmarks share: time a loop, print one TSV row.
 *
 * A row is `case  system  value  unit`. The systems: mproxy; floor, what the
 * kernel alone takes; redis, redis-benchmark, python and others are peers.
 * bench/run.sh runs the programs in turn, several rounds, adds the placement
 * and takes medians.
 */
#ifndef MPROXY_BENCH_H
#define MPROXY_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* How long a case shall take: BENCH_SECONDS, or 0.3. */
double bench_seconds(void);

/* Whether the cases of 10^7 elements are wanted: BENCH_BIG is not 0. */
bool bench_is_big(void);

/*
 * Runs one(context) for about so many seconds (after a short warm-up), in
 * slices. Returns the median slice's time for one run, in seconds. one()
 * returns 0, or anything else to end the program with a message.
 */
double bench_time(const char *name, double seconds, int (*one)(void *context),
		  void *context);

/* The same for bench_seconds(), printed as a row in microseconds. */
void bench_run(const char *name, const char *system, int (*one)(void *context),
	       void *context);

/* For a case that does its own loop: prints one row. */
void bench_row(const char *name, const char *system, double value,
	       const char *unit);

/* A name made as by printf(); valid until the next one is made. */
const char *bench_name(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

double bench_now(void); /* seconds of a monotonic clock */

/* Sorts the n values; returns the one in the middle. */
double bench_median(double *values, size_t n);

/* Ends the program with a message if error is not 0. */
void bench_check(int error, const char *what);

/* Ends the program, saying what the last system call failed at. */
void bench_die(const char *what) __attribute__((noreturn));

#endif
