/*
 * Shared queues through the public headers, against the real daemon.
 */
#include <limits.h>

#include <mproxy/mproxy.h>

#include "tests/harness/check-main.h"
#include "tests/harness/manager.h"
#include "tests/harness/value-check.h"

static struct mproxy_queue *queue;   /* without a bound */
static struct mproxy_queue *bounded; /* of two items */

static void
setup(void)
{
	manager_setup();
	ck_assert_ok(mproxy_queue_new(manager, 0, &queue));
	ck_assert_ok(mproxy_queue_new(manager, 2, &bounded));
}

static void
teardown(void)
{
	queue = mproxy_queue_free(queue);
	bounded = mproxy_queue_free(bounded);
	manager_teardown();
}

static void
fill(struct mproxy_queue *which, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		ck_assert_ok(mproxy_queue_put(which, MPROXY(i), 0));
}

/* --- alone --- */

START_TEST(items_come_out_in_the_order_they_went_in)
{
	fill(queue, 3);
	ck_assert_gives_size(mproxy_queue_qsize(queue, &got), 3);
	ck_assert_gives_bool(mproxy_queue_is_empty(queue, &got), false);
	for (int i = 0; i < 3; i++) {
		char want[2] = { (char)('0' + i), '\0' };

		ck_assert_gives(mproxy_queue_get(queue, 0, &got), want);
	}
	ck_assert_gives_bool(mproxy_queue_is_empty(queue, &got), true);
	ck_assert_gives_size(mproxy_queue_qsize(queue, &got), 0);
}
END_TEST

START_TEST(get_on_empty_fails_at_once_or_after_its_time)
{
	struct mproxy_value *value = NULL;
	int64_t begun;

	ck_assert_error(mproxy_queue_get(queue, 0, &value), EMPTY);
	ck_assert_error(mproxy_queue_get_many(queue, 5, 0, &value), EMPTY);
	begun = now_ms();
	ck_assert_error(mproxy_queue_get(queue, 50, &value), TIMEOUT);
	ck_assert_int_ge(now_ms() - begun, 50);
	ck_assert_error(mproxy_queue_get_many(queue, 5, 1, &value), TIMEOUT);
	ck_assert_ptr_null(value);
}
END_TEST

START_TEST(timeout_that_is_none_is_refused)
{
	struct mproxy_value *value;

	ck_assert_error(mproxy_queue_get(queue, -2, &value), INVALID);
	ck_assert_error(mproxy_queue_put(queue, MPROXY(1), INT_MIN), INVALID);
	ck_assert_gives_size(mproxy_queue_qsize(queue, &got), 0);
}
END_TEST

START_TEST(put_on_full_fails_at_once_or_after_its_time)
{
	size_t put = 99;

	ck_assert_gives_bool(mproxy_queue_is_full(bounded, &got), false);
	fill(bounded, 2);
	ck_assert_gives_bool(mproxy_queue_is_full(bounded, &got), true);
	ck_assert_error(mproxy_queue_put(bounded, MPROXY(3), 0), FULL);
	ck_assert_error(mproxy_queue_put(bounded, MPROXY(3), 20), TIMEOUT);
	ck_assert_error(
		mproxy_queue_put_many(bounded, MPROXY_LIST(3, 4), 0, &put),
		FULL);
	ck_assert_error(
		mproxy_queue_put_many(bounded, MPROXY_LIST(3, 4), 1, &put),
		TIMEOUT);
	ck_assert_uint_eq(put, 99);
	ck_assert_gives_size(mproxy_queue_qsize(bounded, &got), 2);
}
END_TEST

START_TEST(many_go_in_and_out_at_once)
{
	const int64_t numbers[] = { 7, 8, 9 };
	size_t put = 0;
	struct mproxy_value *value;

	ck_assert_ok(mproxy_queue_put_many(
		queue, mproxy_value_list_from_numbers(MPROXY_I64, numbers, 3),
		-1, &put));
	ck_assert_uint_eq(put, 3);
	ck_assert_gives(mproxy_queue_get_many(queue, 2, -1, &got), "[7, 8]");
	ck_assert_gives(mproxy_queue_get_many(queue, 2, -1, &got), "[9]");
	ck_assert_ok(mproxy_queue_put_many(queue, mproxy_value_list(0, NULL), 0,
					   &put));
	ck_assert_uint_eq(put, 0);
	ck_assert_error(mproxy_queue_get_many(queue, 0, 0, &value), INVALID);
	ck_assert_error(mproxy_queue_put_many(queue, MPROXY(1), 0, NULL), TYPE);
	/* what fits goes in, and how many is told */
	ck_assert_ok(
		mproxy_queue_put_many(bounded, MPROXY_LIST(1, 2, 3), 1, &put));
	ck_assert_uint_eq(put, 2);
	ck_assert_ok(mproxy_queue_get_many(bounded, 2, 0, &value));
	mproxy_value_free(value);
	ck_assert_ok(
		mproxy_queue_put_many(bounded, MPROXY_LIST(1, 2, 3), 0, &put));
	ck_assert_uint_eq(put, 2);
}
END_TEST

START_TEST(join_waits_for_every_item_to_be_done)
{
	struct mproxy_value *value;

	ck_assert_ok(mproxy_queue_join(queue, 0));
	fill(queue, 2);
	ck_assert_error(mproxy_queue_join(queue, 0), WOULD_BLOCK);
	ck_assert_ok(mproxy_queue_get_many(queue, 2, 0, &value));
	mproxy_value_free(value);
	ck_assert_error(mproxy_queue_join(queue, 10), TIMEOUT);
	ck_assert_ok(mproxy_queue_task_done(queue, 1));
	ck_assert_error(mproxy_queue_task_done(queue, 2), INVALID);
	ck_assert_ok(mproxy_queue_task_done(queue, 1));
	ck_assert_ok(mproxy_queue_join(queue, -1));
	ck_assert_error(mproxy_queue_task_done(queue, 1), INVALID);
}
END_TEST

START_TEST(closed_queue_is_drained_then_closed)
{
	struct mproxy_value *value;

	fill(queue, 1);
	ck_assert_gives_bool(mproxy_queue_is_closed(queue, &got), false);
	ck_assert_ok(mproxy_queue_close(queue, true));
	ck_assert_gives_bool(mproxy_queue_is_closed(queue, &got), true);
	ck_assert_error(mproxy_queue_put(queue, MPROXY(1), -1), CLOSED);
	ck_assert_error(mproxy_queue_put_many(queue, MPROXY_LIST(1), -1, NULL),
			CLOSED);
	ck_assert_gives(mproxy_queue_get(queue, -1, &got), "0");
	ck_assert_error(mproxy_queue_get(queue, -1, &value), CLOSED);
	ck_assert_error(mproxy_queue_get_many(queue, 3, 0, &value), CLOSED);
	ck_assert_ok(mproxy_queue_close(queue, true));
}
END_TEST

START_TEST(queue_closed_at_once_drops_its_items)
{
	struct mproxy_value *value;

	fill(queue, 3);
	ck_assert_ok(mproxy_queue_close(queue, false));
	ck_assert_error(mproxy_queue_get(queue, 0, &value), CLOSED);
	ck_assert_ok(mproxy_queue_join(queue, 0));
}
END_TEST

START_TEST(proxy_is_counted_named_and_goes_through_values)
{
	int64_t before = manager_objects();
	struct mproxy_queue *a, *b;
	struct mproxy_lock *lock;
	struct mproxy_value *value;

	ck_assert_ok(mproxy_queue_open(manager, "jobs", 1, &a));
	ck_assert_ok(mproxy_queue_open(manager, "jobs", 100, &b));
	ck_assert_ok(mproxy_queue_put(a, MPROXY(1), 0));
	ck_assert_error(mproxy_queue_put(b, MPROXY(1), 0), FULL);
	ck_assert_error(mproxy_lock_open(manager, "jobs", &lock), TYPE);
	value = MPROXY(mproxy_queue_object(mproxy_queue_ref(a)));
	mproxy_queue_free(a);
	mproxy_queue_free(a);
	mproxy_queue_free(b);
	ck_assert_ok(mproxy_queue_from_value(value, &a));
	mproxy_value_free(value);
	ck_assert_ok(mproxy_manager_unlink(manager, "jobs"));
	ck_assert_gives(mproxy_queue_get(a, 0, &got), "1");
	mproxy_queue_free(a);
	ck_assert_int_eq(manager_objects(), before);
}
END_TEST

/* --- with another process --- */

static int
put_three(void)
{
	for (int i = 0; i < 3; i++)
		CHILD_CHECK(mproxy_queue_put(queue, MPROXY(i), -1) == 0);
	return 0;
}

START_TEST(get_waits_for_another_process_to_put)
{
	pid_t child = child_begin(put_three);

	ck_assert_gives(mproxy_queue_get(queue, -1, &got), "0");
	ck_assert_gives(mproxy_queue_get(queue, -1, &got), "1");
	ck_assert_gives(mproxy_queue_get(queue, -1, &got), "2");
	child_end(child);
}
END_TEST

static int
get_one_late(void)
{
	struct mproxy_value *value;

	manager_await_waits(1);
	CHILD_CHECK(mproxy_queue_get(bounded, 0, &value) == 0);
	mproxy_value_free(value);
	return 0;
}

START_TEST(put_waits_for_room)
{
	pid_t child;

	fill(bounded, 2);
	child = child_begin(get_one_late);
	ck_assert_ok(mproxy_queue_put(bounded, MPROXY(2), LONG_MS));
	child_end(child);
	ck_assert_gives(mproxy_queue_get_many(bounded, 9, 0, &got), "[1, 2]");
}
END_TEST

static int
get_and_wait(void)
{
	struct mproxy_value *value;

	mproxy_queue_get(queue, LONG_MS, &value);
	return 0;
}

START_TEST(killed_getter_takes_nothing_with_it)
{
	pid_t child = child_begin(get_and_wait);

	manager_await_waits(1);
	child_kill(child);
	manager_await_waits(0);
	ck_assert_ok(mproxy_queue_put(queue, MPROXY(1), 0));
	ck_assert_gives(mproxy_queue_get(queue, 0, &got), "1");
}
END_TEST

static int
put_and_wait(void)
{
	mproxy_queue_put(bounded, MPROXY("of the dead"), LONG_MS);
	return 0;
}

START_TEST(killed_putter_leaves_nothing_behind)
{
	pid_t child;

	fill(bounded, 2);
	child = child_begin(put_and_wait);
	manager_await_waits(1);
	child_kill(child);
	manager_await_waits(0);
	ck_assert_gives(mproxy_queue_get_many(bounded, 9, 0, &got), "[0, 1]");
	ck_assert_gives_size(mproxy_queue_qsize(bounded, &got), 0);
}
END_TEST

/* A getter that is killed at any moment, and an item that is put meanwhile:
 * either the child had it, and said so, or it is still there. */
static int
get_and_tell(void)
{
	struct mproxy_value *value;

	CHILD_CHECK(mproxy_queue_get(queue, -1, &value) == 0);
	mproxy_queue_put(bounded, value, 0);
	for (;;)
		pause();
}

START_TEST(item_is_not_lost_when_its_getter_dies)
{
	for (int i = 0; i < 50; i++) {
		struct mproxy_value *value;
		pid_t child = child_begin(get_and_tell);
		size_t left, told;

		for (int spin = 0; spin < i % 7; spin++)
			ck_assert_ok(mproxy_manager_ping(manager));
		ck_assert_ok(mproxy_queue_put(queue, MPROXY(i), 0));
		child_kill(child);
		/* what the child sent before it died has been read by now, or
		 * comes before what a new process does */
		ck_assert_ok(mproxy_queue_qsize(bounded, &told));
		ck_assert_ok(mproxy_queue_qsize(queue, &left));
		ck_assert_uint_le(left + told, 1);
		if (left == 1)
			ck_assert_ok(mproxy_queue_get(queue, 0, &value));
		else if (told == 1)
			ck_assert_ok(mproxy_queue_get(bounded, 0, &value));
		else
			continue; /* read, but not yet told */
		mproxy_value_free(value);
	}
}
END_TEST

static int
be_consumer(void)
{
	struct mproxy_value *value;
	int error;

	while ((error = mproxy_queue_get(queue, -1, &value)) == 0) {
		mproxy_value_free(value);
		CHILD_CHECK(mproxy_queue_task_done(queue, 1) == 0);
	}
	CHILD_CHECK(error == MPROXY_ERR_CLOSED);
	return 0;
}

START_TEST(join_and_close_end_all_consumers)
{
	pid_t consumers[4];

	for (int i = 0; i < 4; i++)
		consumers[i] = child_begin(be_consumer);
	for (int i = 0; i < 10; i++)
		ck_assert_ok(mproxy_queue_put(queue, MPROXY(i), -1));
	ck_assert_ok(mproxy_queue_join(queue, -1));
	ck_assert_ok(mproxy_queue_close(queue, true));
	for (int i = 0; i < 4; i++)
		child_end(consumers[i]);
}
END_TEST

static int
put_until_closed(void)
{
	CHILD_CHECK(mproxy_queue_put(bounded, MPROXY(2), LONG_MS) ==
		    MPROXY_ERR_CLOSED);
	return 0;
}

static int
get_until_closed(void)
{
	struct mproxy_value *value;

	CHILD_CHECK(mproxy_queue_get(queue, LONG_MS, &value) ==
		    MPROXY_ERR_CLOSED);
	return 0;
}

START_TEST(close_ends_all_who_wait)
{
	pid_t putter, getter;

	fill(bounded, 2);
	putter = child_begin(put_until_closed);
	getter = child_begin(get_until_closed);
	manager_await_waits(2);
	ck_assert_ok(mproxy_queue_close(bounded, true));
	ck_assert_ok(mproxy_queue_close(queue, true));
	child_end(putter);
	child_end(getter);
	ck_assert_gives(mproxy_queue_get_many(bounded, 9, 0, &got), "[0, 1]");
}
END_TEST

START_TEST(dicts_travel_through_queues)
{
	struct mproxy_dict *dict;
	struct mproxy_value *value;

	ck_assert_ok(mproxy_dict_new_from(manager, MPROXY_MAP("k", 1), &dict));
	ck_assert_ok(mproxy_queue_put(queue, MPROXY_ARGS("job", dict), -1));
	mproxy_dict_free(dict);
	ck_assert_ok(mproxy_queue_get(queue, -1, &value));
	ck_assert_ok(mproxy_unpack(value, ".D", &dict));
	mproxy_value_free(value);
	ck_assert_gives(mproxy_dict_get(dict, MPROXY("k"), &got), "1");
	mproxy_dict_free(dict);
}
END_TEST

static Suite *
queue_suite(void)
{
	Suite *suite = suite_create("queue");
	TCase *tcase = tcase_create("queue");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, items_come_out_in_the_order_they_went_in);
	tcase_add_test(tcase, get_on_empty_fails_at_once_or_after_its_time);
	tcase_add_test(tcase, timeout_that_is_none_is_refused);
	tcase_add_test(tcase, put_on_full_fails_at_once_or_after_its_time);
	tcase_add_test(tcase, many_go_in_and_out_at_once);
	tcase_add_test(tcase, join_waits_for_every_item_to_be_done);
	tcase_add_test(tcase, closed_queue_is_drained_then_closed);
	tcase_add_test(tcase, queue_closed_at_once_drops_its_items);
	tcase_add_test(tcase, proxy_is_counted_named_and_goes_through_values);
	tcase_add_test(tcase, get_waits_for_another_process_to_put);
	tcase_add_test(tcase, put_waits_for_room);
	tcase_add_test(tcase, killed_getter_takes_nothing_with_it);
	tcase_add_test(tcase, killed_putter_leaves_nothing_behind);
	tcase_add_test(tcase, item_is_not_lost_when_its_getter_dies);
	tcase_add_test(tcase, join_and_close_end_all_consumers);
	tcase_add_test(tcase, close_ends_all_who_wait);
	tcase_add_test(tcase, dicts_travel_through_queues);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(queue_suite());
}
