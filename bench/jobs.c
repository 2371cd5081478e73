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

enum { SMALL = 1000000, BIG = 10000000, MOMENT_US = 500000 };

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

static void
free_all(struct mproxy_manager *m, struct mproxy_list *list, int64_t empty)
{
	double start = bench_now();

	fill_free(m, mproxy_list_object(list), empty);
	bench_row("jobs-free-took", "mproxy", bench_now() - start, "s");
	usleep(MOMENT_US); /* the allocator gives it back after that */
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
	int64_t empty = fill_memory(m);
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
