/*
 * Memory: what an element costs the server, by what it holds more afterwards.
 *
 * Each object is alone in a server of its own.
 */
#include <stdio.h>

#include <mproxy/mproxy.h>

#include "bench.h"
#include "fill.h"
#include "growth.h"
#include "need.h"
#include "process.h"

static struct mproxy_object *
list(struct mproxy_manager *m, long n)
{
	struct mproxy_list *list;

	need(mproxy_list_new(m, &list), "list");
	fill_list(list, 0, n);
	return mproxy_list_object(list);
}

static struct mproxy_object *
dict(struct mproxy_manager *m, long n)
{
	struct mproxy_dict *dict;

	need(mproxy_dict_new(m, &dict), "dict");
	fill_dict(dict, 0, n);
	return mproxy_dict_object(dict);
}

static struct mproxy_object *
queue(struct mproxy_manager *m, long n)
{
	struct mproxy_queue *queue;

	need(mproxy_queue_new(m, 0, &queue), "queue");
	fill_queue(queue, 0, n);
	return mproxy_queue_object(queue);
}

static const struct subject {
	const char *name;
	/* Gives the object. */
	struct mproxy_object *(*fill)(struct mproxy_manager *m, long n);
} subjects[] = {
	{ "memory-list", list },
	{ "memory-dict", dict },
	{ "memory-queue", queue },
};

static void
measure(const struct subject *subject, const struct growth_size *size)
{
	struct mproxy_manager *m;

	need(mproxy_start(NULL, &m), "start");
	pid_t pid = mproxy_manager_pid(m);
	double before = process_memory(pid);
	struct mproxy_object *object = subject->fill(m, size->n);
	bench_row(bench_name("%s-%s", subject->name, size->name), "mproxy",
		  (process_memory(pid) - before) / (double)size->n, "B");
	mproxy_object_free(object);
	mproxy_close(m);
}

int
main(void)
{
	for (int size = 2; size < GROWTH_SIZES; size++) {
		if (size >= GROWTH_SIZES_BUT_BIG && !bench_is_big())
			continue;
		for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]);
		     i++)
			measure(&subjects[i], &growth_sizes[size]);
	}
	return 0;
}
