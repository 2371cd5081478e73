/*
 * The sizes of values, the same for all who move them.
 */
#ifndef MPROXY_BENCH_SIZES_H
#define MPROXY_BENCH_SIZES_H

#include <stddef.h>

#include "bench.h"

static const size_t sizes[] = { 16,	 256,	   4096,    65536,
				1 << 20, 16 << 20, 64 << 20 };

enum { N_SIZES = sizeof(sizes) / sizeof(sizes[0]) };

/* "value-put-16M" and so on, in GB/s. */
static inline void
sizes_row(const char *direction, size_t size, const char *system,
	  double seconds)
{
	const char *unit = size < 1024 ? "" : size < 1 << 20 ? "K" : "M";
	size_t shown = size < 1024	? size
		       : size < 1 << 20 ? size >> 10
					: size >> 20;

	bench_row(bench_name("value-%s-%zu%s", direction, shown, unit), system,
		  (double)size / seconds / 1e9, "GB/s");
}

/* All sizes together take about six cases' time. */
static inline double
sizes_seconds(void)
{
	return bench_seconds() / 2;
}

#endif
