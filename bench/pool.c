/*
 * The pool: one task at a time, many tiny ones, and how long workers take to
 * start.
 *
 * There is no choice of chunks: a map is one row against Python's with chunks
 * of 1, and the same figure against its automatic ones.
 */
#include <stdlib.h>

#include <mproxy/mproxy.h>

#include "bench.h"
#include "need.h"

enum { WORKERS = 2, TASKS_BASE = 50000, ROUNDS = 5, CREW = 9 };

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

/* The initializer: tells a queue that this worker is there. */
static int
report(struct mproxy_task *task, const struct mproxy_value *arg,
       struct mproxy_value **ret)
{
	struct mproxy_queue *ready;
	int error = mproxy_queue_from_value(arg, &ready);

	(void)ret;
	if (error)
		return mproxy_task_fail(task, error, "want a queue");
	error = mproxy_queue_put(ready, MPROXY(1), -1);
	mproxy_queue_free(ready);
	return error;
}
MPROXY_TASK(report);

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

static struct mproxy_value **
arguments(int n)
{
	struct mproxy_value **args = malloc((size_t)n * sizeof(args[0]));

	if (!args)
		bench_die("memory for arguments");
	for (int i = 0; i < n; i++)
		args[i] = mproxy_value_int(i);
	return args;
}

static double
map(struct mproxy_pool *pool, int n)
{
	struct mproxy_value **args = arguments(n);
	struct mproxy_results *results;
	double start = bench_now();

	need(mproxy_pool_map(pool, &mproxy_task_nothing, (size_t)n, args, -1,
			     &results),
	     "map");
	double took = bench_now() - start;
	mproxy_results_free(results);
	free(args);
	return took / n;
}

static double
imap_unordered(struct mproxy_pool *pool, int n)
{
	struct mproxy_value **args = arguments(n);
	struct mproxy_future *future;
	struct mproxy_value *value;
	double start = bench_now();
	int error;

	need(mproxy_pool_imap_unordered(pool, &mproxy_task_nothing, (size_t)n,
					args, &future),
	     "imap_unordered");
	while ((error = mproxy_future_next(future, -1, NULL, NULL, &value)) ==
	       0)
		mproxy_value_free(value);
	if (error != MPROXY_ERR_CLOSED)
		need(error, "next");
	double took = bench_now() - start;
	mproxy_future_free(future);
	free(args);
	return took / n;
}

static double
median_of(double (*one)(struct mproxy_pool *pool, int n),
	  struct mproxy_pool *pool)
{
	int n = (int)(TASKS_BASE * bench_seconds());
	double round[ROUNDS];

	for (int i = 0; i < ROUNDS; i++)
		round[i] = one(pool, n > 100 ? n : 100);
	return bench_median(round, ROUNDS);
}

/* Until all of n workers have said that they are there. */
static double
start_pool(struct mproxy_manager *m, int n)
{
	struct mproxy_queue *ready;
	struct mproxy_pool *pool;

	need(mproxy_queue_new(m, 0, &ready), "queue");
	struct mproxy_value *arg = MPROXY(ready);
	double start = bench_now();
	need(mproxy_pool_new(
		     m,
		     MPROXY_POOL_OPTIONS(.workers = n,
					 .initializer = &mproxy_task_report,
					 .init_arg = arg),
		     &pool),
	     "pool");
	for (int i = 0; i < n; i++) {
		struct mproxy_value *value;

		need(mproxy_queue_get(ready, -1, &value), "a worker");
		mproxy_value_free(value);
	}
	double took = bench_now() - start;
	mproxy_pool_free(pool);
	mproxy_value_free(arg);
	mproxy_queue_free(ready);
	return took;
}

static void
starts(struct mproxy_manager *m)
{
	double one[ROUNDS], two[ROUNDS], crew[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		one[i] = start_pool(m, 1);
		two[i] = start_pool(m, WORKERS);
		crew[i] = start_pool(m, CREW);
	}
	bench_row("pool-start", "mproxy", bench_median(two, ROUNDS) * 1e3,
		  "ms");
	bench_row("pool-worker-start", "mproxy",
		  (bench_median(crew, ROUNDS) - bench_median(one, ROUNDS)) *
			  1e3 / (CREW - 1),
		  "ms");
}

int
main(void)
{
	struct mproxy_manager *m;
	struct mproxy_pool *pool;

	need(mproxy_init(), "init");
	need(mproxy_start(NULL, &m), "start");
	starts(m);
	need(mproxy_pool_new(m, MPROXY_POOL_OPTIONS(.workers = WORKERS), &pool),
	     "pool");
	bench_run("pool-apply", "mproxy", apply, pool);
	double each = median_of(map, pool);
	bench_row("pool-map-chunk1", "mproxy", each * 1e6, "us");
	bench_row("pool-map-auto", "mproxy", each * 1e6, "us");
	bench_row("pool-imap-unordered", "mproxy",
		  median_of(imap_unordered, pool) * 1e6, "us");
	mproxy_pool_free(pool);
	mproxy_close(m);
	return 0;
}
