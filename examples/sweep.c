/*
 * A parameter sweep: an array of structs in, an array of structs out.
 *
 * The task is in a static library (sweep-model.c) and uses OpenMP inside.
 */
#include "sweep-model.h"

#include <stdio.h>
#include <stdlib.h>

enum { N = 8 };

static void
check(int error)
{
	if (error) {
		fprintf(stderr, "%s\n", mproxy_error_detail());
		exit(EXIT_FAILURE);
	}
}

int
main(void)
{
	struct mproxy_manager *m;
	struct mproxy_pool *pool;
	struct params params[N];
	struct result results[N];
	int statuses[N];

	check(mproxy_init());
	check(mproxy_start(NULL, &m));
	check(mproxy_pool_new(m, MPROXY_POOL_OPTIONS(.workers = 2), &pool));

	for (int i = 0; i < N; i++)
		params[i] = (struct params){ .angle = 10.0 * (i + 1),
					     .speed = 20,
					     .steps = i == N - 1 ? 0 : 1000 };
	check(MPROXY_POOL_MAP_FLAT(pool, &mproxy_task_simulate, N, params,
				   results, statuses, -1));

	for (int i = 0; i < N; i++) {
		if (statuses[i])
			printf("%2.0f degrees: %s\n", params[i].angle,
			       mproxy_strerror(statuses[i]));
		else
			printf("%2.0f degrees: %5.2f m far, %5.2f m high\n",
			       params[i].angle, results[i].range,
			       results[i].height);
	}

	mproxy_pool_free(pool);
	mproxy_close(m);
	return 0;
}
