/*
 * Pools through the public headers, with real workers: one task after the
 * other, futures, and how a pool ends.
 */
#include <pthread.h>
#include <signal.h>

#include "tests/pool/common.h"

/* --- one task --- */

START_TEST(apply_gives_the_result)
{
	make_pool(_i, 2);
	ck_assert_int_eq(mproxy_pool_workers(pool), 2);
	ck_assert_gives(mproxy_pool_apply(pool, &mproxy_task_square, MPROXY(7),
					  -1, &got),
			"49");
	ck_assert_gives(
		mproxy_pool_apply_name(pool, "square", MPROXY(8), -1, &got),
		"64");
	ck_assert_gives(mproxy_pool_apply(pool, &mproxy_task_nothing,
					  mproxy_value_nil(), -1, &got),
			"nil");
	ck_assert_ok(mproxy_pool_apply(pool, &mproxy_task_square, MPROXY(7), -1,
				       NULL));
}
END_TEST

START_TEST(error_of_a_task_comes_with_code_and_text)
{
	make_pool(_i, 1);
	ck_assert_fails(mproxy_pool_apply(pool, &mproxy_task_square,
					  MPROXY("x"), -1, NULL),
			TYPE, "task square: want a number");
	ck_assert_fails(mproxy_pool_apply(pool, &mproxy_task_fail_with,
					  MPROXY_ARGS(7, "no luck"), -1, NULL),
			FAILED, "task fail_with: code 7: no luck");
	ck_assert_fails(mproxy_pool_apply(pool, &mproxy_task_fail_with,
					  MPROXY_ARGS(-4, mproxy_value_nil()),
					  -1, NULL),
			NOT_FOUND, "task fail_with: not found");
}
END_TEST

START_TEST(task_that_is_unknown_is_named)
{
	make_pool(_i, 1);
	ck_assert_error(
		mproxy_pool_apply_name(pool, "cube", MPROXY(7), -1, NULL),
		NO_TASK);
	ck_assert_ptr_nonnull(strstr(mproxy_error_detail(), "\"cube\""));
}
END_TEST

START_TEST(result_that_is_too_big_fails_its_task_only)
{
	make_pool(_i, 1);
	ck_assert_error(mproxy_pool_apply(pool, &mproxy_task_big,
					  MPROXY((64 << 20) + 1), -1, NULL),
			TOO_BIG);
	ck_assert_error(mproxy_pool_apply(pool, &mproxy_task_big,
					  MPROXY((64 << 20) - 20), -1, NULL),
			TOO_BIG);
	ck_assert_ok(mproxy_pool_apply(pool, &mproxy_task_big, MPROXY(8 << 20),
				       -1, NULL));
	ck_assert_int_eq(stat_of("died"), 0);
}
END_TEST

START_TEST(apply_ends_when_the_time_is_over)
{
	struct mproxy_queue *queue;

	make_pool(_i, 1);
	ck_assert_ok(mproxy_queue_new(manager, 0, &queue));
	ck_assert_error(mproxy_pool_apply(pool, &mproxy_task_await,
					  MPROXY_ARGS(queue), 20, NULL),
			TIMEOUT);
	ck_assert_error(mproxy_pool_apply(pool, &mproxy_task_square, MPROXY(1),
					  0, NULL),
			WOULD_BLOCK);
	/* the first one may have begun, then it still waits for this */
	ck_assert_ok(mproxy_queue_put(queue, MPROXY(1), -1));
	ck_assert_gives(mproxy_pool_apply(pool, &mproxy_task_square, MPROXY(3),
					  -1, &got),
			"9");
	mproxy_queue_free(queue);
}
END_TEST

/* --- handles --- */

START_TEST(handles_arrive_as_working_handles)
{
	struct mproxy_list *list;
	struct mproxy_value *back;
	struct mproxy_object *same;

	make_pool(_i, 2);
	ck_assert_ok(mproxy_list_new(manager, &list));
	ck_assert_ok(mproxy_pool_apply(pool, &mproxy_task_append,
				       MPROXY_ARGS(list, "x"), -1, &back));
	ck_assert_ok(mproxy_value_get_object(back, "list", &same));
	ck_assert_uint_eq(mproxy_object_id(same),
			  mproxy_object_id((struct mproxy_object *)list));
	mproxy_object_free(same);
	mproxy_value_free(back);
	ck_assert_gives(mproxy_list_get(list, 0, &got), "\"x\"");
	mproxy_list_free(list);
}
END_TEST

START_TEST(object_made_in_a_task_outlives_it)
{
	struct mproxy_value *value;
	struct mproxy_list *list;

	make_pool(_i, 1);
	ck_assert_ok(mproxy_pool_apply(pool, &mproxy_task_make_list, MPROXY(5),
				       -1, &value));
	ck_assert_ok(mproxy_unpack(value, "L", &list));
	mproxy_value_free(value);
	pool = mproxy_pool_free(pool);
	ck_assert_gives(mproxy_list_get(list, 0, &got), "5");
	mproxy_list_free(list);
}
END_TEST

/* --- later --- */

START_TEST(future_is_ready_when_its_task_has_ended)
{
	struct mproxy_future *future;
	struct mproxy_queue *queue;
	size_t done, n;
	bool yes;

	make_pool(_i, 1);
	ck_assert_ok(mproxy_queue_new(manager, 0, &queue));
	ck_assert_ok(mproxy_pool_apply_async(pool, &mproxy_task_await,
					     MPROXY_ARGS(queue), &future));
	ck_assert_ok(mproxy_future_ready(future, &yes));
	ck_assert(!yes);
	ck_assert_error(mproxy_future_successful(future, &yes), BUSY);
	ck_assert_error(mproxy_future_get(future, 10, NULL), TIMEOUT);
	ck_assert_error(mproxy_future_get(future, 0, NULL), WOULD_BLOCK);
	ck_assert_error(mproxy_future_wait(future, 10), TIMEOUT);
	ck_assert_ok(mproxy_queue_put(queue, MPROXY("now"), -1));
	ck_assert_ok(mproxy_future_wait(future, LONG_MS));
	ck_assert_ok(mproxy_future_ready(future, &yes));
	ck_assert(yes);
	ck_assert_ok(mproxy_future_successful(future, &yes));
	ck_assert(yes);
	ck_assert_ok(mproxy_future_done(future, &done, &n));
	ck_assert_uint_eq(done, 1);
	ck_assert_uint_eq(n, 1);
	ck_assert_gives(mproxy_future_get(future, 0, &got), "\"now\"");
	ck_assert_gives(mproxy_future_get(future, -1, &got), "\"now\"");
	mproxy_future_free(future);
	mproxy_queue_free(queue);
}
END_TEST

START_TEST(future_of_a_failure_tells_it)
{
	struct mproxy_future *future;
	bool yes;

	make_pool(_i, 1);
	ck_assert_ok(mproxy_pool_apply_async(pool, &mproxy_task_fail_with,
					     MPROXY_ARGS(7, "no"), &future));
	ck_assert_fails(mproxy_future_get(future, -1, NULL), FAILED,
			"task fail_with: code 7: no");
	ck_assert_ok(mproxy_future_successful(future, &yes));
	ck_assert(!yes);
	mproxy_future_free(future);
}
END_TEST

START_TEST(task_whose_future_is_dropped_still_runs)
{
	struct mproxy_queue *queue;
	struct mproxy_list *list;
	int i;

	make_pool(_i, 1);
	ck_assert_ok(mproxy_queue_new(manager, 0, &queue));
	ck_assert_ok(mproxy_list_new(manager, &list));
	ck_assert_ok(mproxy_pool_apply_async(pool, &mproxy_task_await,
					     MPROXY_ARGS(queue), NULL));
	for (i = 0; i < 3; i++)
		ck_assert_ok(mproxy_pool_apply_async(
			pool, &mproxy_task_append, MPROXY_ARGS(list, i), NULL));
	ck_assert_ok(mproxy_queue_put(queue, MPROXY(1), -1));
	ck_assert_ok(mproxy_pool_close(pool));
	ck_assert_ok(mproxy_pool_join(pool, LONG_MS));
	ck_assert_gives_size(mproxy_list_len(list, &got), 3);
	mproxy_list_free(list);
	mproxy_queue_free(queue);
}
END_TEST

START_TEST(cancelled_tasks_never_begin)
{
	struct mproxy_future *first, *second;
	struct mproxy_queue *queue;

	make_pool(_i, 1);
	ck_assert_ok(mproxy_queue_new(manager, 0, &queue));
	ck_assert_ok(mproxy_pool_apply_async(pool, &mproxy_task_await,
					     MPROXY_ARGS(queue), &first));
	ck_assert_ok(mproxy_pool_apply_async(pool, &mproxy_task_square,
					     MPROXY(3), &second));
	ck_assert_ok(mproxy_future_cancel(second));
	ck_assert_error(mproxy_future_get(second, -1, NULL), CANCELLED);
	ck_assert_ok(mproxy_queue_put(queue, MPROXY(1), -1));
	ck_assert_gives(mproxy_future_get(first, -1, &got), "1");
	mproxy_future_free(first);
	mproxy_future_free(second);
	mproxy_queue_free(queue);
}
END_TEST

/* --- ending --- */

START_TEST(closed_pool_runs_what_it_has)
{
	struct mproxy_value **args = numbers(100);
	struct mproxy_results *results;
	struct mproxy_future *future;

	make_pool(_i, 2);
	ck_assert_error(mproxy_pool_join(pool, -1), INVALID);
	ck_assert_ok(mproxy_pool_map_async(pool, &mproxy_task_square, 100, args,
					   &future));
	ck_assert_ok(mproxy_pool_close(pool));
	ck_assert_error(mproxy_pool_apply(pool, &mproxy_task_square, MPROXY(1),
					  -1, NULL),
			CLOSED);
	ck_assert_ok(mproxy_pool_join(pool, LONG_MS));
	ck_assert_ok(mproxy_pool_join(pool, 0));
	ck_assert_ok(mproxy_future_results(future, 0, &results));
	ck_assert_uint_eq(mproxy_results_failed(results), 0);
	mproxy_results_free(results);
	mproxy_future_free(future);
	free(args);
}
END_TEST

START_TEST(terminate_cancels_and_kills)
{
	struct mproxy_future *future, *other;
	struct mproxy_queue *queue;

	make_pool(_i, 1);
	ck_assert_ok(mproxy_queue_new(manager, 0, &queue));
	ck_assert_ok(mproxy_pool_apply_async(pool, &mproxy_task_await,
					     MPROXY_ARGS(queue), &future));
	ck_assert_ok(mproxy_pool_apply_async(pool, &mproxy_task_square,
					     MPROXY(1), &other));
	ck_assert_ok(mproxy_pool_terminate(pool));
	ck_assert_error(mproxy_future_get(future, 0, NULL), CANCELLED);
	ck_assert_error(mproxy_future_get(other, 0, NULL), CANCELLED);
	ck_assert_ok(mproxy_pool_join(pool, LONG_MS));
	ck_assert_int_eq(stat_of("workers"), 0);
	mproxy_future_free(future);
	mproxy_future_free(other);
	mproxy_queue_free(queue);
}
END_TEST

START_TEST(pools_may_come_and_go)
{
	int i;

	for (i = 0; i < 10; i++) {
		make_pool(_i, 1 + i % 3);
		if (i % 2)
			ck_assert_gives(mproxy_pool_apply(pool,
							  &mproxy_task_square,
							  MPROXY(i), -1, &got),
					i == 1	 ? "1"
					: i == 3 ? "9"
					: i == 5 ? "25"
					: i == 7 ? "49"
						 : "81");
		pool = mproxy_pool_free(pool);
	}
}
END_TEST

START_TEST(pool_may_be_freed_after_its_connection)
{
	struct mproxy_manager *other;
	int64_t begun;

	ck_assert_ok(mproxy_start(NULL, &other));
	ck_assert_ok(mproxy_pool_new(
		other, MPROXY_POOL_OPTIONS(.workers = 1, .method = methods[_i]),
		&pool));
	ck_assert_ok(mproxy_pool_apply(pool, &mproxy_task_square, MPROXY(1), -1,
				       NULL));
	mproxy_close(other);
	ck_assert_error(mproxy_pool_apply(pool, &mproxy_task_square, MPROXY(1),
					  -1, NULL),
			CLOSED);
	begun = now_ms();
	pool = mproxy_pool_free(pool);
	ck_assert_int_lt(now_ms() - begun, 1900); /* it did not wait in vain */
}
END_TEST

/* --- threads and forks --- */

static void *
apply_often(void *context)
{
	int64_t *wrong = context;
	int i;

	for (i = 0; i < 100; i++) {
		struct mproxy_value *value = NULL;
		int64_t n = 0;

		if (mproxy_pool_apply(pool, &mproxy_task_square, MPROXY(i), -1,
				      &value) != 0 ||
		    mproxy_value_get_int(value, &n) != 0 || n != i * i)
			++*wrong;
		mproxy_value_free(value);
	}
	return NULL;
}

START_TEST(threads_share_a_pool)
{
	pthread_t threads[4];
	int64_t wrong[4] = { 0 };
	int i;

	make_pool(_i, 2);
	for (i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, apply_often, &wrong[i]);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	for (i = 0; i < 4; i++)
		ck_assert_int_eq(wrong[i], 0);
}
END_TEST

static struct mproxy_future *inherited;

static int
submit_in_child(void)
{
	struct mproxy_value *value = NULL;
	int64_t n = 0;

	CHILD_CHECK(mproxy_pool_apply(pool, &mproxy_task_square, MPROXY(9), -1,
				      &value) == 0);
	mproxy_value_get_int(value, &n);
	mproxy_value_free(value);
	CHILD_CHECK(n == 81);
	CHILD_CHECK(mproxy_future_get(inherited, -1, NULL) ==
		    MPROXY_ERR_FORKED);
	inherited = mproxy_future_free(inherited);
	pool = mproxy_pool_free(pool); /* only the child's handle */
	return 0;
}

START_TEST(child_may_submit_but_not_wait_for_the_parents_futures)
{
	make_pool(_i, 1);
	ck_assert_ok(mproxy_pool_apply_async(pool, &mproxy_task_square,
					     MPROXY(2), &inherited));
	child_end(child_begin(submit_in_child));
	ck_assert_gives(mproxy_future_get(inherited, -1, &got), "4");
	ck_assert_gives(mproxy_pool_apply(pool, &mproxy_task_square, MPROXY(3),
					  -1, &got),
			"9");
	inherited = mproxy_future_free(inherited);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		apply_gives_the_result,
		error_of_a_task_comes_with_code_and_text,
		task_that_is_unknown_is_named,
		result_that_is_too_big_fails_its_task_only,
		apply_ends_when_the_time_is_over,
		handles_arrive_as_working_handles,
		object_made_in_a_task_outlives_it,
		future_is_ready_when_its_task_has_ended,
		future_of_a_failure_tells_it,
		task_whose_future_is_dropped_still_runs,
		cancelled_tasks_never_begin,
		closed_pool_runs_what_it_has,
		terminate_cancels_and_kills,
		pools_may_come_and_go,
		pool_may_be_freed_after_its_connection,
		threads_share_a_pool,
		child_may_submit_but_not_wait_for_the_parents_futures,
	};
	Suite *suite;

	if (mproxy_init())
		return 1;
	suite = pool_suite_of("pool", tests, N_TESTS(tests));
	return check_run(suite);
}
