/*
 * mproxyd -- prog: a manager for one command, gone with it.
 */
#ifndef MPROXY_SERVER_AROUND_H
#define MPROXY_SERVER_AROUND_H

#include "server/options.h"

#define AROUND_FAILED 125      /* mproxyd itself */
#define AROUND_NOT_STARTED 127 /* prog, for whatever reason */

/* Runs options->command; returns the exit status to end with. */
int around_run(const struct options *options);

#endif
