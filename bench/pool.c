/*
 * The pool: one task at a time, and many tiny ones.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

#include <mproxy/mproxy.h>

enum { TASKS = 20000, ROUNDS = 5 };

static int
nothing(struct mproxy_task *task, const struct mproxy_value *arg,
	struct mproxy_value **ret)
{
	int64_t n;
	int error = mproxy_unpack(arg, "i", &n);

	if (error)
		return mproxy_task_fail(task, error, "want an integer");
	*ret = mproxy_value_int(n);
	return 0;
}
MPROXY_TASK(nothing);

static void
need(int error, const char *what)
{
	if (!error)
		return;
	fprintf(stderr, "bench: %s: %s\n", what, mproxy_error_detail());
	exit(1);
}

static int
apply(void *context)
{
	struct mproxy_value *value;
	int error = mproxy_pool_apply(context, &mproxy_task_nothing, MPROXY(1),
				      -1, &value);

	if (!error)
		mproxy_value_free(value);
	return error;
}

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
map(struct mproxy_pool *pool)
{
	static struct mproxy_value *args[TASKS];
	double round[ROUNDS];

	for (int r = 0; r < ROUNDS; r++) {
		struct mproxy_results *results;

		for (int i = 0; i < TASKS; i++)
			args[i] = mproxy_value_int(i);
		double start = bench_now();
		need(mproxy_pool_map(pool, &mproxy_task_nothing, TASKS, args,
				     -1, &results),
		     "map");
		round[r] = (bench_now() - start) / TASKS;
		mproxy_results_free(results);
	}
	qsort(round, ROUNDS, sizeof(round[0]), compare_doubles);
	bench_row("pool-map-chunk1", "mproxy", round[ROUNDS / 2] * 1e6, "us");
}

int
main(void)
{
	struct mproxy_manager *m;
	struct mproxy_pool *pool;

	need(mproxy_init(), "init");
	need(mproxy_start(NULL, &m), "start");
	need(mproxy_pool_new(m, MPROXY_POOL_OPTIONS(.workers = 2), &pool),
	     "pool");
	bench_run("pool-apply", "mproxy", apply, pool);
	map(pool);
	mproxy_pool_free(pool);
	mproxy_close(m);
	return 0;
}
