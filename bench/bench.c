/*
 * The timing frame: medians of slices, because a shared machine disturbs some
 * of them and the median does not care.
 */
#include "bench.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SLICES = 31, SLICES_LEAST = 3, WARM_RUNS = 200 };

double
bench_seconds(void)
{
	const char *wish = getenv("BENCH_SECONDS");
	double seconds = wish ? strtod(wish, NULL) : 0;

	return seconds > 0 ? seconds : 0.3;
}

bool
bench_is_big(void)
{
	const char *wish = getenv("BENCH_BIG");

	return !wish || strcmp(wish, "0") != 0;
}

double
bench_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void
bench_row(const char *name, const char *system, double value, const char *unit)
{
	printf("%s\t%s\t%.6g\t%s\n", name, system, value, unit);
	fflush(stdout);
}

const char *
bench_name(const char *format, ...)
{
	static char name[64];
	va_list args;

	va_start(args, format);
	vsnprintf(name, sizeof(name), format, args);
	va_end(args);
	return name;
}

void
bench_check(int error, const char *what)
{
	if (!error)
		return;
	fprintf(stderr, "bench: %s failed with %d\n", what, error);
	exit(1);
}

void
bench_die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
bench_median(double *values, size_t n)
{
	qsort(values, n, sizeof(values[0]), compare_doubles);
	return values[n / 2];
}

/* Time of n runs, in seconds. */
static double
time_runs(const char *name, long n, int (*one)(void *context), void *context)
{
	double start = bench_now();

	for (long i = 0; i < n; i++)
		bench_check(one(context), name);
	return bench_now() - start;
}

/* Time of one run, from as many as fit into a tenth of the time. */
static double
warm_up(const char *name, double seconds, int (*one)(void *context),
	void *context)
{
	double start = bench_now(), spent = 0;
	long n = 0;

	while (n < WARM_RUNS && spent < seconds / 10) {
		bench_check(one(context), name);
		spent = bench_now() - start;
		n++;
	}
	return spent / (double)n;
}

double
bench_time(const char *name, double seconds, int (*one)(void *context),
	   void *context)
{
	double slice[SLICES] = { 0 };
	double warm = warm_up(name, seconds, one, context);
	double runs = seconds / (warm > 0 ? warm : 1e-9);
	long n = runs > SLICES ? (long)(runs / SLICES) : 1;
	size_t slices = SLICES;

	if (runs < SLICES)
		slices = runs > SLICES_LEAST ? (size_t)runs : SLICES_LEAST;
	for (size_t i = 0; i < slices; i++)
		slice[i] = time_runs(name, n, one, context) / (double)n;
	return bench_median(slice, slices);
}

void
bench_run(const char *name, const char *system, int (*one)(void *context),
	  void *context)
{
	double once = bench_time(name, bench_seconds(), one, context);

	bench_row(name, system, once * 1e6, "us");
}
