/*
 * Many tasks at once: maps, results as they come, structs.
 */
#include "tests/pool/common.h"

#if defined __SANITIZE_THREAD__
#define MANY 2000
#else
#define MANY 10000
#endif

/* --- many --- */

START_TEST(map_keeps_order_and_has_a_status_for_each)
{
	struct mproxy_value *args[] = { MPROXY(2), MPROXY("x"), MPROXY(4) };
	struct mproxy_results *results;
	int64_t n;

	make_pool(_i, 2);
	ck_assert_ok(mproxy_pool_map(pool, &mproxy_task_square, 3, args, -1,
				     &results));
	ck_assert_uint_eq(mproxy_results_count(results), 3);
	ck_assert_uint_eq(mproxy_results_failed(results), 1);
	ck_assert_int_eq(mproxy_results_status(results, 0), 0);
	ck_assert_int_eq(mproxy_results_status(results, 1), MPROXY_ERR_TYPE);
	ck_assert_int_eq(mproxy_results_status(results, 3), MPROXY_ERR_RANGE);
	ck_assert_str_eq(mproxy_results_error(results, 0), "");
	ck_assert_str_eq(mproxy_results_error(results, 1), "want a number");
	ck_assert_ok(
		mproxy_value_get_int(mproxy_results_value(results, 2), &n));
	ck_assert_int_eq(n, 16);
	mproxy_results_free(results);
}
END_TEST

START_TEST(map_of_nothing_is_nothing)
{
	struct mproxy_results *results;
	struct mproxy_future *future;

	make_pool(_i, 1);
	ck_assert_ok(mproxy_pool_map(pool, &mproxy_task_square, 0, NULL, -1,
				     &results));
	ck_assert_uint_eq(mproxy_results_count(results), 0);
	mproxy_results_free(results);
	ck_assert_ok(mproxy_pool_imap_unordered(pool, &mproxy_task_square, 0,
						NULL, &future));
	ck_assert_error(mproxy_future_next(future, -1, NULL, NULL, NULL),
			CLOSED);
	mproxy_future_free(future);
	ck_assert_ok(MPROXY_POOL_MAP_FLAT(pool, &mproxy_task_add_up, 0,
					  (struct point *)NULL,
					  (struct sum *)NULL, NULL, -1));
}
END_TEST

START_TEST(map_of_ten_thousand_is_right)
{
	struct mproxy_value **args = numbers(MANY);
	struct mproxy_results *results;
	int64_t n;
	size_t i;

	make_pool(_i, 3);
	ck_assert_ok(mproxy_pool_map(pool, &mproxy_task_square, MANY, args, -1,
				     &results));
	ck_assert_uint_eq(mproxy_results_failed(results), 0);
	for (i = 0; i < MANY; i++) {
		mproxy_value_get_int(mproxy_results_value(results, i), &n);
		if (n != (int64_t)(i * i))
			ck_abort_msg("result %zu is %lld", i, (long long)n);
	}
	mproxy_results_free(results);
	free(args);
}
END_TEST

START_TEST(map_with_big_arguments_and_results_goes_in_pages)
{
	struct mproxy_value *args[20];
	struct mproxy_results *results;
	char *text = malloc(1 << 20);
	size_t i;

	make_pool(_i, 2);
	memset(text, 'x', 1 << 20);
	for (i = 0; i < 20; i++)
		args[i] = mproxy_value_string_n(text, 1 << 20);
	free(text);
	ck_assert_ok(mproxy_pool_map(pool, &mproxy_task_echo, 20, args, -1,
				     &results));
	ck_assert_uint_eq(mproxy_results_failed(results), 0);
	for (i = 0; i < 20; i++) {
		const char *words;
		size_t size = 0;

		ck_assert_ok(mproxy_value_get_string(
			mproxy_results_value(results, i), &words, &size));
		ck_assert_uint_eq(size, 1 << 20);
	}
	mproxy_results_free(results);
}
END_TEST

START_TEST(map_gives_up_when_the_time_is_over)
{
	struct mproxy_value *args[50];
	struct mproxy_results *results;
	struct mproxy_queue *queue;
	size_t i;

	make_pool(_i, 1);
	ck_assert_ok(mproxy_queue_new(manager, 0, &queue));
	for (i = 0; i < 50; i++)
		args[i] = MPROXY_ARGS(queue);
	ck_assert_error(mproxy_pool_map(pool, &mproxy_task_await, 50, args, 20,
					&results),
			TIMEOUT);
	/* at most one has begun; the others are gone */
	ck_assert_int_eq(stat_of("queued"), 0);
	ck_assert_int_ge(stat_of("cancelled"), 49);
	ck_assert_ok(mproxy_queue_put(queue, MPROXY(1), -1));
	mproxy_queue_free(queue);
}
END_TEST

START_TEST(map_async_is_a_future_of_all)
{
	struct mproxy_value **args = numbers(100);
	struct mproxy_results *results;
	struct mproxy_future *future;

	make_pool(_i, 2);
	ck_assert_ok(mproxy_pool_map_async(pool, &mproxy_task_square, 100, args,
					   &future));
	ck_assert_error(mproxy_future_get(future, -1, NULL), INVALID);
	ck_assert_ok(mproxy_future_results(future, -1, &results));
	ck_assert_uint_eq(mproxy_results_count(results), 100);
	mproxy_results_free(results);
	ck_assert_ok(mproxy_future_results(future, 0, &results));
	mproxy_results_free(results);
	mproxy_future_free(future);
	free(args);
}
END_TEST

START_TEST(imap_gives_each_result_once)
{
	struct mproxy_value **args = numbers(500);
	struct mproxy_future *future;
	bool seen[500] = { false };
	int status, error;
	size_t index, n = 0;

	make_pool(_i, 3);
	ck_assert_ok(mproxy_pool_imap_unordered(pool, &mproxy_task_square, 500,
						args, &future));
	for (;;) {
		struct mproxy_value *value;
		int64_t square = -1;

		error = mproxy_future_next(future, LONG_MS, &index, &status,
					   &value);
		if (error)
			break;
		ck_assert_int_eq(status, 0);
		ck_assert_uint_lt(index, 500);
		ck_assert(!seen[index]);
		seen[index] = true;
		mproxy_value_get_int(value, &square);
		ck_assert_int_eq(square, (int64_t)(index * index));
		mproxy_value_free(value);
		n++;
	}
	ck_assert_error(error, CLOSED);
	ck_assert_uint_eq(n, 500);
	mproxy_future_free(future);
	free(args);
}
END_TEST

/* --- structs --- */

START_TEST(structs_go_in_and_come_out)
{
	struct point in[300];
	struct sum out[300];
	int statuses[300];
	size_t i;

	make_pool(_i, 2);
	for (i = 0; i < 300; i++)
		in[i] = (struct point){ (double)i, 0.5 };
	ck_assert_ok(MPROXY_POOL_MAP_FLAT(pool, &mproxy_task_add_up, 300, in,
					  out, NULL, -1));
	for (i = 0; i < 300; i++)
		ck_assert(out[i].value == (double)i + 0.5);

	in[7].x = -1;
	out[7].value = 42;
	ck_assert_ok(MPROXY_POOL_MAP_FLAT(pool, &mproxy_task_add_up, 300, in,
					  out, statuses, -1));
	ck_assert_int_eq(statuses[6], 0);
	ck_assert_int_eq(statuses[7], 3);
	ck_assert(out[7].value == 42);
	ck_assert_fails(MPROXY_POOL_MAP_FLAT(pool, &mproxy_task_add_up, 300, in,
					     out, NULL, -1),
			FAILED, "item 7: task add_up: code 3: x is negative");
}
END_TEST

START_TEST(structs_of_another_size_are_refused)
{
	struct point in[1] = { { 1, 2 } };
	struct sum out[1];
	char small;

	make_pool(_i, 1);
	ck_assert_error(MPROXY_POOL_MAP_FLAT(pool, &mproxy_task_add_up, 1,
					     &small, out, NULL, -1),
			TYPE);
	ck_assert_error(MPROXY_POOL_MAP_FLAT(pool, &mproxy_task_add_up, 1, in,
					     &small, NULL, -1),
			TYPE);
	ck_assert_error(MPROXY_POOL_MAP_FLAT(pool, &mproxy_task_square, 1, in,
					     out, NULL, -1),
			TYPE);
	/* and by a worker, when bytes come as a value */
	ck_assert_error(mproxy_pool_apply(pool, &mproxy_task_add_up,
					  mproxy_value_bytes("x", 1), -1, NULL),
			TYPE);
	ck_assert_error(mproxy_pool_apply(pool, &mproxy_task_add_up, MPROXY(1),
					  -1, NULL),
			TYPE);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		map_keeps_order_and_has_a_status_for_each,
		map_of_nothing_is_nothing,
		map_of_ten_thousand_is_right,
		map_with_big_arguments_and_results_goes_in_pages,
		map_gives_up_when_the_time_is_over,
		map_async_is_a_future_of_all,
		imap_gives_each_result_once,
		structs_go_in_and_come_out,
		structs_of_another_size_are_refused,
	};
	Suite *suite;

	if (mproxy_init())
		return 1;
	suite = pool_suite_of("pool-map", tests, N_TESTS(tests));
	return check_run(suite);
}
