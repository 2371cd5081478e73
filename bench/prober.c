/*
 * It is a process, not a thread, because that is what others are; the notes
 * are in memory that both have.
 */
#include "prober.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "latency.h"
#include "need.h"
#include "process.h"

enum { PHASES = 10 };

struct prober {
	atomic_int phase; /* -1: end */
	const char *names[PHASES];
	struct latency latencies[PHASES];
	struct latency served[PHASES];
	pid_t pid;
	struct mproxy_dict *dict;
};

/* A call counts for the phase in which it began. */
static void
probe(struct prober *prober, pid_t server)
{
	int own = process_watch_delay(getpid());
	int other = process_watch_delay(server);
	int phase;

	while ((phase = prober->phase) >= 0) {
		struct mproxy_value *value = NULL;
		double delay = process_delay(own) + process_delay(other);
		double start = bench_now();

		need(mproxy_dict_get(prober->dict, MPROXY("key"), &value),
		     "the other client's call");
		mproxy_value_free(value);
		double took = bench_now() - start;
		delay = process_delay(own) + process_delay(other) - delay;
		latency_add(&prober->latencies[phase], took);
		latency_add(&prober->served[phase],
			    took > delay ? took - delay : 0);
	}
}

struct prober *
prober_start(struct mproxy_manager *m)
{
	struct prober *prober = mmap(NULL, sizeof(*prober),
				     PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (prober == MAP_FAILED)
		bench_die("memory for the other client");
	need(mproxy_dict_new(m, &prober->dict), "dict");
	need(mproxy_dict_set(prober->dict, MPROXY("key"), MPROXY(1)), "set");
	prober->pid = fork();
	if (prober->pid < 0)
		bench_die("fork");
	if (prober->pid == 0) {
		probe(prober, mproxy_manager_pid(m));
		_exit(0);
	}
	return prober;
}

/* Phase 0 has no name: what happens between. */
void
prober_phase(struct prober *prober, const char *name)
{
	int phase = 1;

	while (prober->names[phase])
		phase++;
	bench_check(phase == PHASES - 1, "a phase");
	prober->names[phase] = name;
	prober->phase = phase;
}

static void
report(const char *name, const char *which, const struct latency *latency)
{
	bench_row(bench_name("%s%s-p99", name, which), "mproxy",
		  latency_at(latency, 0.99) * 1e6, "us");
	bench_row(bench_name("%s%s-max", name, which), "mproxy",
		  latency->longest * 1e3, "ms");
}

void
prober_finish(struct prober *prober)
{
	int status;

	prober->phase = -1;
	if (waitpid(prober->pid, &status, 0) < 0)
		bench_die("waitpid");
	bench_check(status, "the other client");
	for (int i = 1; i < PHASES && prober->names[i]; i++) {
		report(prober->names[i], "", &prober->latencies[i]);
		report(prober->names[i], "-served", &prober->served[i]);
	}
	mproxy_dict_free(prober->dict);
	munmap(prober, sizeof(*prober));
}
