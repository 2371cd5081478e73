/*
 * Stalls: how long another client waits at most while an object grows, a dict
 * by 100 elements a call, others by 1000; and, beside that, the longest time the
 * server computed on one call of the dict, which no scheduler disturbs.
 */
#include <stdio.h>
#include <unistd.h>

#include <mproxy/mproxy.h>

#include "bench.h"
#include "fill.h"
#include "need.h"
#include "prober.h"
#include "process.h"

enum {
	STEP = 100,
	LONG_STEP = 1000,
	SMALL = 1000000,
	BIG = 10000000,
	MOMENT_US = 300000
};

static void
grow_list(struct mproxy_manager *m, long n)
{
	struct mproxy_list *list;

	need(mproxy_list_new(m, &list), "list");
	for (long i = 0; i < n; i += LONG_STEP)
		fill_list(list, i, LONG_STEP);
	mproxy_list_free(list);
}

static void
grow_queue(struct mproxy_manager *m, long n)
{
	struct mproxy_queue *queue;

	need(mproxy_queue_new(m, 0, &queue), "queue");
	for (long i = 0; i < n; i += LONG_STEP)
		fill_queue(queue, i, LONG_STEP);
	mproxy_queue_free(queue);
}

static void
grow_dict(struct mproxy_manager *m, long n)
{
	struct mproxy_dict *dict;

	need(mproxy_dict_new(m, &dict), "dict");
	for (long i = 0; i < n; i += STEP)
		fill_dict(dict, i, STEP);
	mproxy_dict_free(dict);
}

/* Nobody else calls meanwhile, so that all the server does is this. */
static void
compute(struct mproxy_manager *m, long n)
{
	pid_t pid = mproxy_manager_pid(m);
	double longest = 0, before = process_cpu(pid);
	struct mproxy_dict *dict;

	need(mproxy_dict_new(m, &dict), "dict");
	for (long i = 0; i < n; i += STEP) {
		fill_dict(dict, i, STEP);
		double after = process_cpu(pid);
		if (after - before > longest)
			longest = after - before;
		before = after;
	}
	mproxy_dict_free(dict);
	bench_row("stall-dict-compute", "mproxy", longest * 1e3, "ms");
}

int
main(void)
{
	long n = bench_is_big() ? BIG : SMALL;
	struct mproxy_manager *m;

	need(mproxy_start(NULL, &m), "start");
	compute(m, n);
	struct prober *prober = prober_start(m);
	prober_phase(prober, "stall-usual");
	usleep(MOMENT_US);
	prober_phase(prober, "stall-list");
	grow_list(m, n);
	prober_phase(prober, "stall-queue");
	grow_queue(m, n);
	prober_phase(prober, "stall-dict");
	grow_dict(m, n);
	prober_finish(prober);
	mproxy_close(m);
	return 0;
}
