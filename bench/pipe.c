/*
 * Two that take turns use one CPU between them, however many there are: that is
 * how one sees from outside whether a client goes on while its server works.
 */
#include "pipe.h"

#include <unistd.h>

#include "bench.h"
#include "process.h"

void
pipe_begin(struct pipe_run *run, pid_t server)
{
	run->server = server;
	run->client_cpu = process_cpu(getpid());
	run->server_cpu = process_cpu(server);
	run->start = bench_now();
	run->end = run->start + bench_seconds();
}

void
pipe_end(const struct pipe_run *run, const char *name, long depth,
	 const char *system, long n)
{
	double took = bench_now() - run->start;
	double server = process_cpu(run->server) - run->server_cpu;
	double client = process_cpu(getpid()) - run->client_cpu;

	bench_row(bench_name("pipeline-%s-%ld", name, depth), system,
		  (double)n / took, "calls/s");
	bench_row(bench_name("pipeline-%s-%ld-cpu", name, depth), system,
		  server / (double)n * 1e6, "us");
	bench_row(bench_name("pipeline-%s-%ld-overlap", name, depth), system,
		  (server + client) / took, "CPUs");
}
