/*
 * Clients that do nothing: what each costs the server in memory, and what all
 * of them cost in CPU.
 *
 * usage: idle SYSTEM ADDRESS N. Each has made a few calls before it falls
 * silent, and the server has had a moment to notice.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"
#include "crowd.h"
#include "process.h"

enum { MOMENT_US = 300000, WATCH_S = 2 };

int
main(int argc, char **argv)
{
	if (argc != 4) {
		fprintf(stderr, "usage: idle SYSTEM ADDRESS N\n");
		return 2;
	}
	const struct crowd_server *server = crowd_find(argv[1]);
	size_t n = strtoul(argv[3], NULL, 10);
	size_t room = process_raise_descriptors();
	if (n + 64 > room) {
		fprintf(stderr,
			"bench: without %zu idle clients: only %zu "
			"descriptors\n",
			n, room);
		return 1;
	}
	pid_t pid = crowd_pid(server->join(argv[2]));
	double before = process_memory(pid);
	for (size_t i = 0; i < n; i++)
		server->join(argv[2]);
	usleep(MOMENT_US);
	double after = process_memory(pid);
	double cpu = process_cpu(pid);
	sleep(WATCH_S);
	cpu = process_cpu(pid) - cpu;
	bench_row(bench_name("idle-%zu-memory", n), server->system,
		  (after - before) / (double)n, "B");
	bench_row(bench_name("idle-%zu-cpu", n), server->system,
		  cpu * 100 / WATCH_S, "%");
	return 0;
}
