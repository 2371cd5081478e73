/*
 * Batches: a thousand elements in one call. Hand-over has those of queues.
 */
#include <mproxy/mproxy.h>

#include "bench.h"
#include "need.h"

enum { BATCH = 1000 };

static int
extend(void *context)
{
	static const int64_t numbers[BATCH];

	return mproxy_list_extend(context, mproxy_value_list_from_numbers(
						   MPROXY_I64, numbers, BATCH));
}

static int
slice(void *context)
{
	struct mproxy_value *value;
	int error = mproxy_list_slice(context, 0, BATCH, 1, &value);

	if (!error)
		mproxy_value_free(value);
	return error;
}

/* The same thousand keys each time. */
static int
update(void *context)
{
	struct mproxy_value *pairs[2 * BATCH];

	for (int i = 0; i < 2 * BATCH; i++)
		pairs[i] = mproxy_value_int(i / 2);
	return mproxy_dict_update(context,
				  mproxy_value_map_from_pairs(BATCH, pairs));
}

static void
measure(const char *name, int (*one)(void *context), void *context)
{
	double once = bench_time(name, bench_seconds(), one, context);

	bench_row(name, "mproxy", BATCH / once, "items/s");
}

int
main(void)
{
	struct mproxy_manager *m;
	struct mproxy_list *list;
	struct mproxy_dict *dict;

	need(mproxy_start(NULL, &m), "start");
	need(mproxy_list_new(m, &list), "list");
	need(mproxy_dict_new(m, &dict), "dict");
	measure("batch-list-extend", extend, list);
	measure("batch-list-slice", slice, list);
	measure("batch-dict-update", update, dict);
	mproxy_dict_free(dict);
	mproxy_list_free(list);
	mproxy_close(m);
	return 0;
}
