/*
 * Hand-over: items that pass from producers to consumers through a queue, one
 * at a time and many a call, and how long one takes when somebody waits for it.
 */
#include <sys/wait.h>
#include <unistd.h>

#include <mproxy/mproxy.h>

#include "bench.h"
#include "crew.h"
#include "need.h"

enum { MANY = 100 };

static long
put_one(void *context)
{
	struct mproxy_queue **queue = context;

	need(mproxy_queue_put(*queue, MPROXY(1), -1), "put");
	return 1;
}

static long
get_one(void *context)
{
	struct mproxy_queue **queue = context;
	struct mproxy_value *value;
	int error = mproxy_queue_get(*queue, -1, &value);

	if (error == MPROXY_ERR_CLOSED)
		return 0;
	need(error, "get");
	mproxy_value_free(value);
	return 1;
}

static long
put_many(void *context)
{
	static const int64_t items[MANY];
	struct mproxy_queue **queue = context;

	need(mproxy_queue_put_many(
		     *queue,
		     mproxy_value_list_from_numbers(MPROXY_I64, items, MANY),
		     -1, NULL),
	     "put_many");
	return MANY;
}

static long
get_many(void *context)
{
	struct mproxy_queue **queue = context;
	struct mproxy_value *value;
	int error = mproxy_queue_get_many(*queue, MANY, -1, &value);

	if (error == MPROXY_ERR_CLOSED)
		return 0;
	need(error, "get_many");
	long n = (long)mproxy_value_count(value);
	mproxy_value_free(value);
	return n;
}

static void
finish(void *context)
{
	struct mproxy_queue **queue = context;

	need(mproxy_queue_close(*queue, true), "close");
}

static void
pass(struct mproxy_manager *m, const char *name, const struct crew *crew)
{
	struct mproxy_queue *queue;

	need(mproxy_queue_new(m, 0, &queue), "queue");
	bench_row(name, "mproxy", crew_run(crew, &queue), "items/s");
	mproxy_queue_free(queue);
}

struct table {
	struct mproxy_queue *there, *back;
};

static int
there_and_back(void *context)
{
	struct table *table = context;
	struct mproxy_value *value;
	int error = mproxy_queue_put(table->there, MPROXY(1), -1);

	if (!error)
		error = mproxy_queue_get(table->back, -1, &value);
	if (!error)
		mproxy_value_free(value);
	return error;
}

static void
return_all(struct table *table)
{
	struct mproxy_value *value;

	while (mproxy_queue_get(table->there, -1, &value) == 0)
		need(mproxy_queue_put(table->back, value, -1), "put back");
}

/* One item at a time between two processes, each waiting for the other. */
static void
hop(struct mproxy_manager *m)
{
	struct table table;

	need(mproxy_queue_new(m, 0, &table.there), "queue");
	need(mproxy_queue_new(m, 0, &table.back), "queue");
	pid_t child = fork();
	if (child < 0)
		bench_die("fork");
	if (child == 0) {
		return_all(&table);
		_exit(0);
	}
	double both = bench_time("hop", bench_seconds(), there_and_back,
				 &table);
	bench_row("handover-hop", "mproxy", both / 2 * 1e6, "us");
	need(mproxy_queue_close(table.there, false), "close");
	waitpid(child, NULL, 0);
	mproxy_queue_free(table.there);
	mproxy_queue_free(table.back);
}

int
main(void)
{
	struct crew one = { 1, 1, NULL, put_one, get_one, finish };
	struct crew crowd = { 4, 4, NULL, put_one, get_one, finish };
	struct crew many = { 1, 1, NULL, put_many, get_many, finish };
	struct mproxy_manager *m;

	need(mproxy_start(NULL, &m), "start");
	hop(m);
	pass(m, "handover-1-1", &one);
	pass(m, "handover-4-4", &crowd);
	pass(m, "handover-many", &many);
	mproxy_close(m);
	return 0;
}
