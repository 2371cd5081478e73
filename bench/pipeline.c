/*
 * Pipelined calls of one client: sets, whose results nobody asks for.
 * Where there are several CPUs, also with client and server kept apart: the
 * kernel likes to have both on one, and then they cannot work at once.
 *
 * usage: pipeline DEPTH…
 */
#include <stdio.h>
#include <stdlib.h>

#include <mproxy/mproxy.h>

#include "bench.h"
#include "need.h"
#include "pipe.h"
#include "process.h"

static struct mproxy_value *keys[PIPE_KEYS];

static void
measure(struct mproxy_manager *m, struct mproxy_dict *dict, const char *name,
	long depth)
{
	struct pipe_run run;
	long n = 0;

	need(mproxy_pipeline_begin(m, (size_t)depth), "begin");
	for (pipe_begin(&run, mproxy_manager_pid(m)); bench_now() < run.end;
	     n++)
		need(mproxy_dict_set(dict,
				     mproxy_value_ref(keys[n % PIPE_KEYS]),
				     mproxy_value_int(n)),
		     "set");
	need(mproxy_pipeline_flush(m), "flush");
	pipe_end(&run, name, depth, "mproxy", n);
	need(mproxy_pipeline_end(m), "end");
}

int
main(int argc, char **argv)
{
	struct mproxy_manager *m;
	struct mproxy_dict *dict;

	if (argc < 2) {
		fprintf(stderr, "usage: pipeline DEPTH...\n");
		return 2;
	}
	need(mproxy_start(NULL, &m), "start");
	need(mproxy_dict_new(m, &dict), "dict");
	for (int i = 0; i < PIPE_KEYS; i++) {
		char key[16];

		snprintf(key, sizeof(key), "key:%06d", i);
		keys[i] = mproxy_value_string(key);
	}
	for (int i = 1; i < argc; i++)
		measure(m, dict, "set", strtol(argv[i], NULL, 10));
	bool apart = process_part(mproxy_manager_pid(m));
	for (int i = 1; apart && i < argc; i++)
		measure(m, dict, "set-apart", strtol(argv[i], NULL, 10));
	for (int i = 0; i < PIPE_KEYS; i++)
		mproxy_value_free(keys[i]);
	mproxy_dict_free(dict);
	mproxy_close(m);
	return 0;
}
