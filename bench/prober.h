/*
 * Another client: a process that makes one small call after the other and
 * notes how long each took, while something else goes on.
 */
#ifndef MPROXY_BENCH_PROBER_H
#define MPROXY_BENCH_PROBER_H

#include <mproxy/mproxy.h>

struct prober;

struct prober *prober_start(struct mproxy_manager *m);

/* What begins from now on is noted under this name, a constant. */
void prober_phase(struct prober *prober, const char *name);

/* Ends it, and prints NAME-p99 and NAME-max for each phase; and of the same
 * calls NAME-served-p99 and -max: without the time during which this client or
 * the server was ready to run and waited for a CPU. */
void prober_finish(struct prober *prober);

#endif
