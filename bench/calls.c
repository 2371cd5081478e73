/*
 * One call in flight: what a single operation on a shared object takes.
 */
#include "bench.h"

#include <stdio.h>

#include <mproxy/mproxy.h>

#include "need.h"

enum { KEYS = 1000 };

struct objects {
	struct mproxy_list *list;  /* KEYS items; is read */
	struct mproxy_list *other; /* grows */
	struct mproxy_dict *dict;
	struct mproxy_queue *queue;
	struct mproxy_lock *lock;
	unsigned turn;
	char keys[KEYS][16];
};

static struct mproxy_value *
next_key(struct objects *objects)
{
	return mproxy_value_string(objects->keys[objects->turn++ % KEYS]);
}

static int
dict_set(void *context)
{
	struct objects *objects = context;

	return mproxy_dict_set(objects->dict, next_key(objects),
			       mproxy_value_int(objects->turn));
}

static int
dict_get(void *context)
{
	struct objects *objects = context;
	struct mproxy_value *value;
	int error = mproxy_dict_get(objects->dict, next_key(objects), &value);

	if (!error)
		mproxy_value_free(value);
	return error;
}

static int
list_get(void *context)
{
	struct objects *objects = context;
	struct mproxy_value *value;
	int error = mproxy_list_get(objects->list, objects->turn++ % KEYS,
				    &value);

	if (!error)
		mproxy_value_free(value);
	return error;
}

static int
list_append(void *context)
{
	struct objects *objects = context;

	return mproxy_list_append(objects->other,
				  mproxy_value_int(objects->turn++));
}

static int
queue_put_get(void *context)
{
	struct objects *objects = context;
	struct mproxy_value *value;
	int error = mproxy_queue_put(objects->queue,
				     mproxy_value_int(objects->turn++), -1);

	if (!error)
		error = mproxy_queue_get(objects->queue, -1, &value);
	if (!error)
		mproxy_value_free(value);
	return error;
}

static int
lock_pair(void *context)
{
	struct objects *objects = context;
	int error = mproxy_lock_acquire(objects->lock, -1, NULL);

	return error ? error : mproxy_lock_release(objects->lock);
}

int
main(void)
{
	static struct objects objects;
	struct mproxy_manager *m;

	need(mproxy_start(NULL, &m), "start");
	need(mproxy_list_new(m, &objects.list), "list");
	need(mproxy_list_new(m, &objects.other), "list");
	need(mproxy_dict_new(m, &objects.dict), "dict");
	need(mproxy_queue_new(m, 0, &objects.queue), "queue");
	need(mproxy_lock_new(m, &objects.lock), "lock");
	for (unsigned i = 0; i < KEYS; i++)
		snprintf(objects.keys[i], sizeof(objects.keys[i]), "key:%06u",
			 i);
	for (unsigned i = 0; i < KEYS; i++) {
		need(dict_set(&objects), "fill");
		need(mproxy_list_append(objects.list, MPROXY(i)), "fill");
	}
	bench_run("dict-get", "mproxy", dict_get, &objects);
	bench_run("dict-set", "mproxy", dict_set, &objects);
	bench_run("list-get", "mproxy", list_get, &objects);
	bench_run("list-append", "mproxy", list_append, &objects);
	bench_run("queue-put-get", "mproxy", queue_put_get, &objects);
	bench_run("lock-pair", "mproxy", lock_pair, &objects);
	mproxy_lock_free(objects.lock);
	mproxy_queue_free(objects.queue);
	mproxy_dict_free(objects.dict);
	mproxy_list_free(objects.other);
	mproxy_list_free(objects.list);
	mproxy_close(m);
	return 0;
}
