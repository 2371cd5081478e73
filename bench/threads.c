/*
 * Threads of one process, each on a lane of its own: with one call in flight,
 * and with a hundred.
 */
#include <mproxy/mproxy.h>

#include "bench.h"
#include "need.h"
#include "team.h"

enum { DEPTH = 100 };

struct thread {
	struct mproxy_manager *m;
	struct mproxy_dict *dict;
	bool pipelines;
};

static long
get(void *context)
{
	const struct thread *thread = context;
	struct mproxy_value *value = NULL;

	need(mproxy_dict_get(thread->dict, MPROXY("key"), &value), "get");
	mproxy_value_free(value);
	return 1;
}

/* The mode is the thread's own, and ends with it. */
static long
set_many(void *context)
{
	struct thread *thread = context;

	if (!thread->pipelines)
		need(mproxy_pipeline_begin(thread->m, DEPTH), "begin");
	thread->pipelines = true;
	for (int i = 0; i < DEPTH; i++)
		need(mproxy_dict_set(thread->dict, MPROXY("key"), MPROXY(i)),
		     "set");
	return DEPTH;
}

int
main(void)
{
	struct thread threads[TEAM_SIZE];
	void *contexts[TEAM_SIZE];
	struct mproxy_manager *m;
	struct mproxy_dict *dict;

	need(mproxy_start(NULL, &m), "start");
	need(mproxy_dict_new(m, &dict), "dict");
	need(mproxy_dict_set(dict, MPROXY("key"), MPROXY(1)), "set");
	for (int i = 0; i < TEAM_SIZE; i++) {
		threads[i] = (struct thread){ .m = m, .dict = dict };
		contexts[i] = &threads[i];
	}
	bench_row("threads-8", "mproxy", team_run(get, contexts), "calls/s");
	bench_row("threads-8-pipelined", "mproxy", team_run(set_many, contexts),
		  "calls/s");
	mproxy_dict_free(dict);
	mproxy_close(m);
	return 0;
}
