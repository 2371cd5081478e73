/*
 * A function run for each of many inputs, by four worker processes.
 *
 * Run it: ./pool-map
 */
#include <mproxy/mproxy.h>
#include <stdio.h>
#include <stdlib.h>

enum { N = 5 };

static void
check(int error)
{
	if (error) {
		fprintf(stderr, "%s\n", mproxy_error_detail());
		exit(EXIT_FAILURE);
	}
}

/* Runs in a worker. */
static int
square(struct mproxy_task *task, const struct mproxy_value *arg,
       struct mproxy_value **ret)
{
	int64_t n;
	int error = mproxy_unpack(arg, "i", &n);

	if (error)
		return mproxy_task_fail(task, error, "a number is wanted");
	*ret = MPROXY(n * n);
	return 0;
}
MPROXY_TASK(square); /* makes mproxy_task_square */

int
main(void)
{
	struct mproxy_manager *m;
	struct mproxy_pool *pool;
	struct mproxy_value *inputs[N];
	struct mproxy_results *results;

	check(mproxy_init()); /* workers may be copies of this program */
	check(mproxy_start(NULL, &m));
	check(mproxy_pool_new(m, MPROXY_POOL_OPTIONS(.workers = 4), &pool));

	for (int i = 0; i < N; i++)
		inputs[i] = MPROXY(i + 1);
	check(mproxy_pool_map(pool, &mproxy_task_square, N, inputs, -1,
			      &results));

	for (size_t i = 0; i < N; i++) {
		int64_t n;

		/* each has a status of its own */
		check(mproxy_results_status(results, i));
		check(mproxy_value_get_int(mproxy_results_value(results, i),
					   &n));
		printf("%s%lld%s", i == 0 ? "[" : ", ", (long long)n,
		       i == N - 1 ? "]\n" : "");
	}

	mproxy_results_free(results);
	mproxy_pool_free(pool);
	mproxy_close(m);
	return 0;
}
