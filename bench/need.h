/*
 * For programs that use the library: a failure ends them, with its sentence.
 */
#ifndef MPROXY_BENCH_NEED_H
#define MPROXY_BENCH_NEED_H

#include <stdio.h>
#include <stdlib.h>

#include <mproxy/error.h>

static inline void
need(int error, const char *what)
{
	if (!error)
		return;
	fprintf(stderr, "bench: %s: %s\n", what, mproxy_error_detail());
	exit(1);
}

#endif
