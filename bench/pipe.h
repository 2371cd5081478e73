/*
 * What is noted of pipelined calls, ours and Redis'.
 */
#ifndef MPROXY_BENCH_PIPE_H
#define MPROXY_BENCH_PIPE_H

#include <sys/types.h>

enum { PIPE_KEYS = 1000 };

struct pipe_run {
	pid_t server;
	double start, end; /* end: when to stop */
	double client_cpu, server_cpu;
};

/* Begins to measure: it is to go on until run->end. */
void pipe_begin(struct pipe_run *run, pid_t server);

/* All n calls are answered. Prints the rows pipeline-NAME-DEPTH: calls per
 * second; -cpu, what the server computed on each; -overlap, how many CPUs were
 * at work on the average, client's and server's. */
void pipe_end(const struct pipe_run *run, const char *name, long depth,
	      const char *system, long n);

#endif
