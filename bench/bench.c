/*
 * The timing frame: medians of slices, because a shared machine disturbs some
 * of them and the median does not care.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SLICES = 31 };

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
	printf("%s\t%s\t%.3f\t%s\n", name, system, value, unit);
	fflush(stdout);
}

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Time of n runs, in seconds. */
static double
time_runs(const char *name, long n, int (*one)(void *context), void *context)
{
	double start = bench_now();

	for (long i = 0; i < n; i++) {
		int error = one(context);
		if (error) {
			fprintf(stderr, "bench: %s failed with %d\n", name,
				error);
			exit(1);
		}
	}
	return bench_now() - start;
}

void
bench_run(const char *name, const char *system, int (*one)(void *context),
	  void *context)
{
	const char *wish = getenv("BENCH_SECONDS");
	double seconds = wish ? strtod(wish, NULL) : 0.5;
	double slice[SLICES];
	double warm = time_runs(name, 200, one, context) / 200;
	long n = (long)(seconds / SLICES / (warm > 0 ? warm : 1e-9));

	if (n < 1)
		n = 1;
	for (int i = 0; i < SLICES; i++)
		slice[i] = time_runs(name, n, one, context) / (double)n;
	qsort(slice, SLICES, sizeof(slice[0]), compare_doubles);
	bench_row(name, system, slice[SLICES / 2] * 1e6, "us");
}
