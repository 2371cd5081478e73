/*
 * Asynchronous calls of one client: gets, each answered one followed by
 * another, so that as many as are wanted are always in flight.
 * Also with client and server kept apart, as in pipeline.c.
 *
 * usage: async DEPTH…
 */
#include <stdio.h>
#include <stdlib.h>

#include <mproxy/mproxy.h>

#include "bench.h"
#include "need.h"
#include "pipe.h"
#include "process.h"

struct gets {
	struct mproxy_async *async;
	struct mproxy_object *dict;
	double end;
	long sent, answered;
};

static struct mproxy_value *arguments[PIPE_KEYS]; /* of get: a list each */

static void on_item(void *context, int error, const struct mproxy_value *item);

static void
send_get(struct gets *gets)
{
	struct mproxy_value *argument = arguments[gets->sent++ % PIPE_KEYS];

	need(mproxy_async_call(gets->async, gets->dict, "get", 0,
			       mproxy_value_ref(argument), on_item, gets, NULL),
	     "get");
}

static void
on_item(void *context, int error, const struct mproxy_value *item)
{
	struct gets *gets = context;

	(void)item;
	need(error, "get");
	gets->answered++;
	if (bench_now() < gets->end)
		send_get(gets);
}

static void
measure(struct mproxy_manager *m, struct mproxy_dict *dict, const char *name,
	long depth)
{
	struct gets gets = { .dict = mproxy_dict_object(dict) };
	struct pipe_run run;

	need(mproxy_async_new(m, &gets.async), "async");
	pipe_begin(&run, mproxy_manager_pid(m));
	gets.end = run.end;
	for (long i = 0; i < depth; i++)
		send_get(&gets);
	need(mproxy_async_wait(gets.async, -1), "wait");
	pipe_end(&run, name, depth, "mproxy", gets.answered);
	mproxy_async_free(gets.async);
}

int
main(int argc, char **argv)
{
	struct mproxy_manager *m;
	struct mproxy_dict *dict;

	if (argc < 2) {
		fprintf(stderr, "usage: async DEPTH...\n");
		return 2;
	}
	need(mproxy_start(NULL, &m), "start");
	need(mproxy_dict_new(m, &dict), "dict");
	for (int i = 0; i < PIPE_KEYS; i++) {
		char key[16];

		snprintf(key, sizeof(key), "key:%06d", i);
		need(mproxy_dict_set(dict, MPROXY(key), MPROXY(i)), "fill");
		arguments[i] = MPROXY_ARGS(MPROXY(key));
	}
	for (int i = 1; i < argc; i++)
		measure(m, dict, "get", strtol(argv[i], NULL, 10));
	bool apart = process_part(mproxy_manager_pid(m));
	for (int i = 1; apart && i < argc; i++)
		measure(m, dict, "get-apart", strtol(argv[i], NULL, 10));
	for (int i = 0; i < PIPE_KEYS; i++)
		mproxy_value_free(arguments[i]);
	mproxy_dict_free(dict);
	mproxy_close(m);
	return 0;
}
