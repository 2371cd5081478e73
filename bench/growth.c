/*
 * Growth: what a call costs as the object grows.
 *
 * All sizes exist at the same time and are measured in turn, in small slices:
 * what disturbs the machine disturbs them alike.
 */
#include <stdio.h>
#include <stdlib.h>

#include <mproxy/mproxy.h>

#include "bench.h"
#include "fill.h"
#include "growth.h"
#include "need.h"

enum { RUNS = 16, SLICES = 400 };

struct objects {
	long n;
	struct mproxy_list *list;
	struct mproxy_dict *dict;
	struct mproxy_queue *queue;
};

enum place { FRONT, MIDDLE, END };

static long
index_of(const struct objects *objects, enum place place)
{
	if (place == FRONT)
		return 0;
	if (place == END)
		return objects->n - 1;
	return objects->n / 4 + growth_random(objects->n / 2);
}

static int
list_get(struct objects *objects, enum place place)
{
	struct mproxy_value *value;
	int error = mproxy_list_get(objects->list, index_of(objects, place),
				    &value);

	if (!error)
		mproxy_value_free(value);
	return error;
}

static int
list_insert(struct objects *objects, enum place place)
{
	return mproxy_list_insert(
		objects->list,
		place == END ? INT64_MAX : index_of(objects, place), MPROXY(7));
}

static int
list_delete(struct objects *objects, enum place place)
{
	return mproxy_list_delete(objects->list,
				  place == END ? -1 : index_of(objects, place));
}

static int
dict_get(struct objects *objects, enum place place)
{
	struct mproxy_value *value;
	int error = mproxy_dict_get(objects->dict,
				    MPROXY(growth_random(objects->n)), &value);

	(void)place;
	if (!error)
		mproxy_value_free(value);
	return error;
}

static int
dict_set(struct objects *objects, enum place place)
{
	(void)place;
	return mproxy_dict_set(objects->dict, MPROXY(growth_random(objects->n)),
			       MPROXY(7));
}

static int
queue_put_get(struct objects *objects, enum place place)
{
	struct mproxy_value *value;
	int error = mproxy_queue_put(objects->queue, MPROXY(7), -1);

	(void)place;
	if (!error)
		error = mproxy_queue_get(objects->queue, -1, &value);
	if (!error)
		mproxy_value_free(value);
	return error;
}

static const struct subject {
	const char *name;
	int (*one)(struct objects *objects, enum place place);
	enum place place;
} subjects[] = {
	{ "list-get-front", list_get, FRONT },
	{ "list-get-middle", list_get, MIDDLE },
	{ "list-get-end", list_get, END },
	{ "list-insert-front", list_insert, FRONT },
	{ "list-delete-front", list_delete, FRONT },
	{ "list-insert-middle", list_insert, MIDDLE },
	{ "list-delete-middle", list_delete, MIDDLE },
	{ "list-insert-end", list_insert, END },
	{ "list-delete-end", list_delete, END },
	{ "dict-get", dict_get, FRONT },
	{ "dict-set", dict_set, FRONT },
	{ "queue-put-get", queue_put_get, FRONT },
};

enum { SUBJECTS = sizeof(subjects) / sizeof(subjects[0]) };

/* Seconds of one run, slice by slice. */
static double samples[SUBJECTS][GROWTH_SIZES][SLICES];

static void
make(struct mproxy_manager *m, const struct growth_size *size,
     struct objects *objects)
{
	objects->n = size->n;
	need(mproxy_list_new(m, &objects->list), "list");
	need(mproxy_dict_new(m, &objects->dict), "dict");
	need(mproxy_queue_new(m, 0, &objects->queue), "queue");
	fill_list(objects->list, 0, size->n);
	fill_dict(objects->dict, 0, size->n);
	fill_queue(objects->queue, 0, size->n);
}

static double
time_slice(const struct subject *subject, struct objects *objects)
{
	double start = bench_now();

	for (int i = 0; i < RUNS; i++)
		need(subject->one(objects, subject->place), subject->name);
	return (bench_now() - start) / RUNS;
}

static size_t
measure(struct objects *objects, int n_sizes)
{
	double end = bench_now() + 10 * bench_seconds();
	size_t slice;

	for (slice = 0; slice < SLICES && bench_now() < end; slice++) {
		for (int size = 0; size < n_sizes; size++) {
			for (int i = 0; i < SUBJECTS; i++)
				samples[i][size][slice] = time_slice(
					&subjects[i], &objects[size]);
		}
	}
	return slice;
}

int
main(void)
{
	static struct objects objects[GROWTH_SIZES];
	int n_sizes = bench_is_big() ? GROWTH_SIZES : GROWTH_SIZES_BUT_BIG;
	struct mproxy_manager *m;

	need(mproxy_start(NULL, &m), "start");
	for (int i = 0; i < n_sizes; i++)
		make(m, &growth_sizes[i], &objects[i]);
	size_t slices = measure(objects, n_sizes);
	for (int i = 0; i < SUBJECTS; i++) {
		for (int size = 0; size < n_sizes; size++)
			bench_row(bench_name("%s-%s", subjects[i].name,
					     growth_sizes[size].name),
				  "mproxy",
				  bench_median(samples[i][size], slices) * 1e6,
				  "us");
	}
	for (int i = 0; i < n_sizes; i++) {
		mproxy_queue_free(objects[i].queue);
		mproxy_dict_free(objects[i].dict);
		mproxy_list_free(objects[i].list);
	}
	mproxy_close(m);
	return 0;
}
