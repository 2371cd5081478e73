/*
 * Stalls: how long another client waits at most while an object is freed or grows, a dict
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

/* And what the allocator put off, until somebody needs a larger piece. */
static void
free_all(struct mproxy_manager *m, struct mproxy_object *object, int64_t empty)
{
	struct mproxy_list *next;

	fill_free(m, object, empty);
	usleep(MOMENT_US);
	need(mproxy_list_new(m, &next), "list");
	fill_list(next, 0, 10 * LONG_STEP);
	mproxy_list_free(next);
	usleep(MOMENT_US);
}

static void
measure_list(struct mproxy_manager *m, struct prober *prober, long n)
{
	int64_t empty = fill_memory(m);
	struct mproxy_list *list;

	need(mproxy_list_new(m, &list), "list");
	prober_phase(prober, "stall-list");
	for (long i = 0; i < n; i += LONG_STEP)
		fill_list(list, i, LONG_STEP);
	prober_phase(prober, "stall-list-free");
	free_all(m, mproxy_list_object(list), empty);
}

static void
measure_queue(struct mproxy_manager *m, struct prober *prober, long n)
{
	int64_t empty = fill_memory(m);
	struct mproxy_queue *queue;

	need(mproxy_queue_new(m, 0, &queue), "queue");
	prober_phase(prober, "stall-queue");
	for (long i = 0; i < n; i += LONG_STEP)
		fill_queue(queue, i, LONG_STEP);
	prober_phase(prober, "stall-queue-free");
	free_all(m, mproxy_queue_object(queue), empty);
}

static void
measure_dict(struct mproxy_manager *m, struct prober *prober, long n)
{
	int64_t empty = fill_memory(m);
	struct mproxy_dict *dict;

	need(mproxy_dict_new(m, &dict), "dict");
	prober_phase(prober, "stall-dict");
	for (long i = 0; i < n; i += STEP)
		fill_dict(dict, i, STEP);
	prober_phase(prober, "stall-dict-free");
	free_all(m, mproxy_dict_object(dict), empty);
}

/* Nobody else calls meanwhile, so that all the server does is this. */
static void
compute(struct mproxy_manager *m, long n)
{
	int64_t empty = fill_memory(m);
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
	free_all(m, mproxy_dict_object(dict), empty);
	bench_row("stall-dict-compute", "mproxy", longest * 1e3, "ms");
}

int
main(void)
{
	long n = bench_is_big() ? BIG : SMALL;
	struct mproxy_manager *m;
	struct mproxy_dict *some;

	need(mproxy_start(NULL, &m), "start");
	need(mproxy_dict_new(m, &some), "dict"); /* so that memory is not 0 */
	fill_dict(some, 0, STEP);
	compute(m, n);
	struct prober *prober = prober_start(m);
	prober_phase(prober, "stall-usual");
	usleep(MOMENT_US);
	measure_list(m, prober, n);
	measure_queue(m, prober, n);
	measure_dict(m, prober, n);
	prober_finish(prober);
	mproxy_dict_free(some);
	mproxy_close(m);
	return 0;
}
