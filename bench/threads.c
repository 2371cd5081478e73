/*
 * Threads of one process, each with a call in flight on a lane of its own.
 */
#include <mproxy/mproxy.h>

#include "bench.h"
#include "need.h"
#include "team.h"

static long
get(void *context)
{
	struct mproxy_value *value = NULL;

	need(mproxy_dict_get(context, MPROXY("key"), &value), "get");
	mproxy_value_free(value);
	return 1;
}

int
main(void)
{
	void *contexts[TEAM_SIZE];
	struct mproxy_manager *m;
	struct mproxy_dict *dict;

	need(mproxy_start(NULL, &m), "start");
	need(mproxy_dict_new(m, &dict), "dict");
	need(mproxy_dict_set(dict, MPROXY("key"), MPROXY(1)), "set");
	for (int i = 0; i < TEAM_SIZE; i++)
		contexts[i] = dict;
	bench_row("threads-8", "mproxy", team_run(get, contexts), "calls/s");
	mproxy_dict_free(dict);
	mproxy_close(m);
	return 0;
}
