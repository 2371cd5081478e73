/*
 * Long jobs: how long another client's calls take while a big list is sorted,
 * searched, and freed.
 */
#include <stdio.h>
#include <unistd.h>

#include <mproxy/mproxy.h>

#include "bench.h"
#include "fill.h"
#include "need.h"
#include "prober.h"

enum { SMALL = 1000000, BIG = 10000000, MOMENT_US = 500000, LOOK_US = 2000 };

static int64_t
memory_of(struct mproxy_manager *m)
{
	struct mproxy_value *stats = NULL, *memory = NULL;
	int64_t bytes = 0;

	need(mproxy_manager_stats(m, &stats), "stats");
	need(mproxy_value_find(stats, MPROXY("memory"), &memory), "stats");
	need(mproxy_value_get_int(memory, &bytes), "stats");
	mproxy_value_free(memory);
	mproxy_value_free(stats);
	return bytes;
}

static void
sort(struct mproxy_list *list)
{
	double start = bench_now();

	need(mproxy_list_sort(list, false), "sort");
	bench_row("jobs-sort-took", "mproxy", bench_now() - start, "s");
}

/* For what is not there. */
static void
search(struct mproxy_list *list)
{
	double start = bench_now();
	size_t n = 0;

	need(mproxy_list_count(list, MPROXY(-1), &n), "count");
	bench_row("jobs-search-took", "mproxy", bench_now() - start, "s");
}

/* Freeing is not waited for: it is over when the memory is back. */
static void
free_all(struct mproxy_manager *m, struct mproxy_list *list, int64_t empty)
{
	double start = bench_now();

	mproxy_list_free(list);
	while (memory_of(m) > 2 * empty)
		usleep(LOOK_US);
	bench_row("jobs-free-took", "mproxy", bench_now() - start, "s");
}

int
main(void)
{
	long n = bench_is_big() ? BIG : SMALL;
	struct mproxy_manager *m;
	struct mproxy_list *list;

	need(mproxy_start(NULL, &m), "start");
	struct prober *prober = prober_start(m);
	need(mproxy_list_new(m, &list), "list");
	fill_list(list, 0, 1);
	int64_t empty = memory_of(m);
	fill_list_shuffled(list, n);
	prober_phase(prober, "jobs-usual");
	usleep(MOMENT_US);
	prober_phase(prober, "jobs-sort");
	sort(list);
	prober_phase(prober, "jobs-search");
	search(list);
	prober_phase(prober, "jobs-free");
	free_all(m, list, empty);
	prober_finish(prober);
	mproxy_close(m);
	return 0;
}
