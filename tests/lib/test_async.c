/*
 * Asynchronous calls: each ends in exactly one callback, in order, whatever
 * the callbacks do.
 */
#include <stdlib.h>

#include "tests/harness/check-main.h"
#include "tests/lib/async-check.h"

#define MANY 100000

/* Whatever was submitted has arrived by then. */
static void
await_answer(void)
{
	struct seen seen = { 0 };

	ck_assert_ok(on_list("len", NULL, &seen));
	while (seen.n == 0)
		ck_assert_ok(mproxy_async_dispatch(async, MPROXY_ASYNC_READ));
}

/* --- results --- */

START_TEST(each_call_ends_in_one_callback_with_its_result)
{
	struct seen seen[5] = { 0 };

	ck_assert_ok(on_list("append", MPROXY_ARGS("x"), &seen[0]));
	ck_assert_ok(on_list("append", MPROXY_ARGS(7), NULL));
	ck_assert_ok(on_list("get", MPROXY_ARGS(0), &seen[1]));
	ck_assert_ok(on_list("len", NULL, &seen[2]));
	ck_assert_ok(on_list("get", MPROXY_ARGS(99), &seen[3]));
	ck_assert_ok(on_list("sing", NULL, &seen[4]));
	ck_assert_uint_eq(mproxy_async_in_flight(async), 6);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(seen[i].n, 0);
	ck_assert_ok(mproxy_async_wait(async, -1));
	ck_assert_uint_eq(mproxy_async_in_flight(async), 0);
	ck_assert_seen(seen[0], 0, "nil");
	ck_assert_seen(seen[1], 0, "\"x\"");
	ck_assert_seen(seen[2], 0, "2");
	ck_assert_seen(seen[3], MPROXY_ERR_RANGE, "");
	ck_assert(strncmp(seen[3].detail, "server: ", 8) == 0);
	ck_assert_seen(seen[4], MPROXY_ERR_NO_METHOD, "");
}
END_TEST

START_TEST(several_results_come_as_a_list)
{
	struct mproxy_lock *lock;
	struct seen seen = { 0 };

	ck_assert_ok(mproxy_lock_new(manager, &lock));
	ck_assert_ok(mproxy_async_call(async, mproxy_lock_object(lock),
				       "acquire", -1, NULL, note, &seen, NULL));
	ck_assert_ok(mproxy_async_wait(async, -1));
	ck_assert_seen(seen, 0, "[1, false]");
	/* it belongs to the connection */
	ck_assert_error(mproxy_lock_acquire(lock, 0, NULL), WOULD_BLOCK);
	async = mproxy_async_free(async);
	ck_assert_ok(mproxy_lock_acquire(lock, LONG_MS, NULL));
	mproxy_lock_free(lock);
}
END_TEST

struct order {
	int64_t next;
	bool wrong;
};

static struct order order;

static void
in_order(void *context, int error, const struct mproxy_value *value)
{
	(void)value;
	if (error || (int64_t)(intptr_t)context != order.next++)
		order.wrong = true;
}

START_TEST(answers_come_in_the_order_of_the_calls)
{
	size_t n;

	order = (struct order){ 0 };
	for (intptr_t i = 0; i < MANY; i++)
		ck_assert_ok(mproxy_async_call(async, mproxy_list_object(list),
					       "append", 0, MPROXY_ARGS(i),
					       in_order, (void *)i, NULL));
	ck_assert_ok(mproxy_async_wait(async, -1));
	ck_assert_int_eq(order.next, MANY);
	ck_assert(!order.wrong);
	ck_assert_ok(mproxy_list_len(list, &n));
	ck_assert_uint_eq(n, MANY);
	for (int i = 0; i < MANY; i += 9999) {
		char want[8];

		snprintf(want, sizeof(want), "%d", i);
		ck_assert_gives(mproxy_list_get(list, i, &got), want);
	}
}
END_TEST

START_TEST(completion_says_that_all_before_it_have_taken_effect)
{
	struct seen seen = { 0 };

	for (int i = 0; i < 1000; i++)
		ck_assert_ok(mproxy_async_call(
			async, mproxy_queue_object(queue), "put", 0,
			MPROXY_ARGS(i), NULL, NULL, NULL));
	ck_assert_ok(on_list("len", NULL, &seen));
	while (seen.n == 0)
		ck_assert_ok(mproxy_async_dispatch(async, MPROXY_ASYNC_READ));
	for (int i = 0; i < 1000; i++) {
		char want[8];

		snprintf(want, sizeof(want), "%d", i);
		ck_assert_gives(mproxy_queue_get(queue, 0, &got), want);
	}
}
END_TEST

/* --- calls that wait --- */

START_TEST(call_that_waits_delays_none_behind_it)
{
	struct seen waits = { 0 }, other = { 0 };

	ck_assert_ok(get_item(LONG_MS, &waits, NULL));
	ck_assert_ok(on_list("len", NULL, &other));
	while (other.n == 0)
		ck_assert_ok(mproxy_async_dispatch(async, MPROXY_ASYNC_READ));
	ck_assert_int_eq(waits.n, 0);
	ck_assert_ok(mproxy_queue_put(queue, MPROXY("at last"), 0));
	ck_assert_ok(mproxy_async_wait(async, -1));
	ck_assert_seen(waits, 0, "\"at last\"");
}
END_TEST

START_TEST(a_thousand_wait_at_once_and_are_served_in_order)
{
	size_t n = 1000;

	order = (struct order){ 0 };
	for (size_t i = 0; i < n; i++)
		ck_assert_ok(mproxy_async_call(
			async, mproxy_queue_object(queue), "get", -1, NULL,
			in_order, (void *)(intptr_t)i, NULL));
	/* others come and go meanwhile, and find their slots */
	for (int i = 0; i < 5000; i++)
		ck_assert_ok(on_list("append", MPROXY_ARGS(i), NULL));
	ck_assert_error(mproxy_async_wait(async, 0), TIMEOUT);
	for (size_t i = 0; i < n; i++)
		ck_assert_ok(mproxy_queue_put(queue, MPROXY(i), 0));
	ck_assert_ok(mproxy_async_wait(async, -1));
	ck_assert_int_eq(order.next, (int64_t)n);
	ck_assert(!order.wrong);
	ck_assert_gives_size(mproxy_list_len(list, &got), 5000);
}
END_TEST

START_TEST(timeout_is_an_answer_like_others)
{
	struct seen seen[2] = { 0 };

	ck_assert_ok(get_item(30, &seen[0], NULL));
	ck_assert_ok(get_item(0, &seen[1], NULL));
	ck_assert_ok(mproxy_async_wait(async, -1));
	ck_assert_seen(seen[0], MPROXY_ERR_TIMEOUT, "");
	ck_assert_seen(seen[1], MPROXY_ERR_EMPTY, "");
}
END_TEST

START_TEST(cancelled_call_ends_as_cancelled_or_with_its_result)
{
	struct seen seen[2] = { 0 };
	uint64_t calls[2];

	ck_assert_ok(get_item(-1, &seen[0], &calls[0]));
	ck_assert_ok(get_item(-1, &seen[1], &calls[1]));
	ck_assert_uint_ne(calls[0], calls[1]);
	ck_assert_ok(mproxy_async_cancel(async, calls[0]));
	ck_assert_ok(mproxy_async_cancel(async, calls[0]));
	ck_assert_int_eq(seen[0].n, 0);
	await_answer();
	ck_assert_ok(mproxy_queue_put(queue, MPROXY(1), 0));
	ck_assert_ok(mproxy_async_wait(async, -1));
	ck_assert_seen(seen[0], MPROXY_ERR_CANCELLED, "");
	ck_assert_seen(seen[1], 0, "1");
	ck_assert_error(mproxy_async_cancel(async, calls[0]), NOT_FOUND);
	ck_assert_error(mproxy_async_cancel(async, 0), NOT_FOUND);
}
END_TEST

/* Whichever is quicker: no item is lost, and none comes twice. */
START_TEST(cancel_that_races_with_the_result_loses_nothing)
{
	int cancelled = 0, got_it = 0;

	for (int i = 0; i < 2000; i++) {
		struct seen seen = { 0 };
		uint64_t call;

		ck_assert_ok(get_item(-1, &seen, &call));
		ck_assert_ok(mproxy_async_dispatch(async, MPROXY_ASYNC_WRITE));
		ck_assert_ok(mproxy_queue_put(queue, MPROXY(i), 0));
		ck_assert_ok(mproxy_async_cancel(async, call));
		ck_assert_ok(mproxy_async_wait(async, -1));
		ck_assert_int_eq(seen.n, 1);
		if (seen.error == 0) {
			got_it++;
			continue;
		}
		ck_assert_int_eq(seen.error, MPROXY_ERR_CANCELLED);
		cancelled++;
		ck_assert_ok(mproxy_object_call(mproxy_queue_object(queue),
						"get", NULL, 0, NULL));
	}
	ck_assert_int_eq(cancelled + got_it, 2000);
	ck_assert_gives_size(mproxy_queue_qsize(queue, &got), 0);
}
END_TEST

START_TEST(more_waiting_calls_than_the_server_takes_are_refused_by_it)
{
	static struct seen seen[1025];

	memset(seen, 0, sizeof(seen));
	for (int i = 0; i < 1025; i++)
		ck_assert_ok(get_item(-1, &seen[i], NULL));
	while (seen[1024].n == 0)
		ck_assert_ok(mproxy_async_dispatch(async, MPROXY_ASYNC_READ));
	ck_assert_seen(seen[1024], MPROXY_ERR_LIMIT, "");
	async = mproxy_async_free(async);
	for (int i = 0; i < 1024; i++)
		ck_assert_seen(seen[i], MPROXY_ERR_CLOSED, "");
}
END_TEST

/* --- what callbacks may do --- */

static void
chain(void *context, int error, const struct mproxy_value *value)
{
	int *left = context;

	(void)value;
	ck_assert_int_eq(error, 0);
	ck_assert_error(mproxy_async_dispatch(async, 0), BUSY);
	ck_assert_error(mproxy_async_wait(async, 0), BUSY);
	if (--*left > 0)
		ck_assert_ok(mproxy_async_call(async, mproxy_list_object(list),
					       "append", 0, MPROXY_ARGS(*left),
					       chain, left, NULL));
}

START_TEST(callback_may_submit)
{
	int left = 10000;

	ck_assert_ok(mproxy_async_call(async, mproxy_list_object(list), "len",
				       0, NULL, chain, &left, NULL));
	ck_assert_ok(mproxy_async_wait(async, -1));
	ck_assert_int_eq(left, 0);
	ck_assert_gives_size(mproxy_list_len(list, &got), 9999);
}
END_TEST

static void
submit_many(void *context, int error, const struct mproxy_value *value)
{
	(void)error;
	(void)value;
	for (int i = 0; i < 1000; i++)
		ck_assert_ok(on_list("len", NULL, context));
	/* and the library's other calls */
	ck_assert_ok(mproxy_list_append(list, MPROXY(1)));
}

START_TEST(callback_may_submit_so_much_that_the_table_grows)
{
	struct seen seen = { 0 };

	ck_assert_ok(mproxy_async_call(async, mproxy_list_object(list), "len",
				       0, NULL, submit_many, &seen, NULL));
	ck_assert_ok(mproxy_async_wait(async, -1));
	ck_assert_int_eq(seen.n, 1000);
	ck_assert_str_eq(seen.text, "1");
}
END_TEST

static uint64_t to_cancel;

static void
cancel_other(void *context, int error, const struct mproxy_value *value)
{
	(void)context;
	(void)error;
	(void)value;
	ck_assert_ok(mproxy_async_cancel(async, to_cancel));
}

START_TEST(callback_may_cancel)
{
	struct seen seen = { 0 };

	ck_assert_ok(get_item(-1, &seen, &to_cancel));
	ck_assert_ok(mproxy_async_call(async, mproxy_list_object(list), "len",
				       0, NULL, cancel_other, NULL, NULL));
	ck_assert_ok(mproxy_async_wait(async, -1));
	ck_assert_seen(seen, MPROXY_ERR_CANCELLED, "");
}
END_TEST

static void
free_all(void *context, int error, const struct mproxy_value *value)
{
	(void)context;
	(void)error;
	(void)value;
	async = mproxy_async_free(async);
}

START_TEST(callback_may_free_the_whole)
{
	struct seen before = { 0 }, after = { 0 }, waits = { 0 };
	struct mproxy_async *same = async;
	int error;

	ck_assert_ok(get_item(-1, &waits, NULL));
	ck_assert_ok(on_list("len", NULL, &before));
	ck_assert_ok(mproxy_async_call(async, mproxy_list_object(list), "len",
				       0, NULL, free_all, NULL, NULL));
	for (int i = 0; i < 100; i++)
		ck_assert_ok(on_list("len", NULL, &after));
	do
		error = mproxy_async_dispatch(same, MPROXY_ASYNC_READ);
	while (error == 0);
	ck_assert_int_eq(error, MPROXY_ERR_CLOSED);
	ck_assert_ptr_null(async);
	ck_assert_seen(before, 0, "0");
	ck_assert_int_eq(after.n, 100);
	ck_assert_int_eq(after.error, MPROXY_ERR_CLOSED);
	ck_assert_seen(waits, MPROXY_ERR_CLOSED, "");
}
END_TEST

static void
keep(void *context, int error, const struct mproxy_value *value)
{
	struct mproxy_value **kept = context;

	ck_assert_int_eq(error, 0);
	*kept = mproxy_value_ref(value);
}

START_TEST(value_can_be_kept)
{
	struct mproxy_value *kept = NULL;

	ck_assert_ok(mproxy_list_append(list, MPROXY(queue)));
	ck_assert_ok(mproxy_async_call(async, mproxy_list_object(list), "get",
				       0, MPROXY_ARGS(0), keep, &kept, NULL));
	ck_assert_ok(mproxy_async_wait(async, -1));
	queue = mproxy_queue_free(queue);
	ck_assert_ok(mproxy_queue_from_value(kept, &queue));
	mproxy_value_free(kept);
	ck_assert_ok(mproxy_queue_put(queue, MPROXY(1), 0));
}
END_TEST

static Suite *
async_suite(void)
{
	Suite *suite = suite_create("async");
	TCase *tcase = tcase_create("all");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, each_call_ends_in_one_callback_with_its_result);
	tcase_add_test(tcase, several_results_come_as_a_list);
	tcase_add_test(tcase, answers_come_in_the_order_of_the_calls);
	tcase_add_test(tcase,
		       completion_says_that_all_before_it_have_taken_effect);
	tcase_add_test(tcase, call_that_waits_delays_none_behind_it);
	tcase_add_test(tcase, a_thousand_wait_at_once_and_are_served_in_order);
	tcase_add_test(tcase, timeout_is_an_answer_like_others);
	tcase_add_test(tcase,
		       cancelled_call_ends_as_cancelled_or_with_its_result);
	tcase_add_test(tcase, cancel_that_races_with_the_result_loses_nothing);
	tcase_add_test(
		tcase,
		more_waiting_calls_than_the_server_takes_are_refused_by_it);
	tcase_add_test(tcase, callback_may_submit);
	tcase_add_test(tcase, callback_may_submit_so_much_that_the_table_grows);
	tcase_add_test(tcase, callback_may_cancel);
	tcase_add_test(tcase, callback_may_free_the_whole);
	tcase_add_test(tcase, value_can_be_kept);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(async_suite());
}
