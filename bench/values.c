/*
 * Values of all sizes: how many bytes go into a dict, and out, in a second.
 */
#include <stdlib.h>
#include <string.h>

#include <mproxy/mproxy.h>

#include "bench.h"
#include "need.h"
#include "sizes.h"

#define LARGEST_VALUE ((uint64_t)80 << 20)

struct move {
	struct mproxy_dict *dict;
	char *data;
	size_t size;
};

static int
put(void *context)
{
	struct move *move = context;

	return mproxy_dict_set(move->dict, MPROXY("key"),
			       mproxy_value_bytes(move->data, move->size));
}

static int
get(void *context)
{
	struct move *move = context;
	struct mproxy_value *value;
	const void *data;
	size_t size;
	int error = mproxy_dict_get(move->dict, MPROXY("key"), &value);

	if (error)
		return error;
	error = mproxy_value_get_bytes(value, &data, &size);
	mproxy_value_free(value);
	return error ? error : size != move->size;
}

int
main(void)
{
	struct mproxy_manager *m;
	struct move move;

	need(mproxy_start(MPROXY_START_OPTIONS(.max_value = LARGEST_VALUE), &m),
	     "start");
	need(mproxy_dict_new(m, &move.dict), "dict");
	move.data = malloc(sizes[N_SIZES - 1]);
	if (!move.data)
		bench_die("memory for a value");
	memset(move.data, 'x', sizes[N_SIZES - 1]);
	for (int i = 0; i < N_SIZES; i++) {
		move.size = sizes[i];
		double seconds = sizes_seconds();
		sizes_row("put", move.size, "mproxy",
			  bench_time("put", seconds, put, &move));
		sizes_row("get", move.size, "mproxy",
			  bench_time("get", seconds, get, &move));
	}
	free(move.data);
	mproxy_dict_free(move.dict);
	mproxy_close(m);
	return 0;
}
