/*
 * The queue inside the machine: order, patience, closing, and what becomes of
 * items when somebody dies.
 */
#include <stdio.h>

#include "server/core/object.h"
#include "tests/harness/check-main.h"
#include "tests/harness/world.h"
#include "tests/unit/toys.h"

#define M WORLD_MANAGER
#define LANES 6

static struct world *w;
static struct lane *lanes[LANES];
static uint64_t queue;

static void
open_queue(const char *args)
{
	w = world_new(NULL);
	for (uint32_t i = 0; i < LANES; i++) {
		lanes[i] = world_client(w, 100 + i);
		world_ask(w, lanes[i], M, "open", "\"queue\", \"q\"%s", args);
	}
	queue = world_handle(w->asked);
}

static void
setup(void)
{
	open_queue("");
}

static void
teardown(void)
{
	world_free(w);
}

static void
bounded(const char *args)
{
	teardown();
	open_queue(args);
}

#define ck_says(call, want) ck_assert_str_eq(call, want)

/* Asks on lane 0 and gives the answer. */
#define says(method, ...) world_call(w, lanes[0], queue, method, __VA_ARGS__)

static uint64_t
get(int lane, int64_t timeout)
{
	uint64_t id;

	w->timeout = timeout;
	id = world_ask(w, lanes[lane], queue, "get", "%s", "");
	w->timeout = -1;
	return id;
}

static uint64_t
put(int lane, int n, int64_t timeout)
{
	uint64_t id;

	w->timeout = timeout;
	id = world_ask(w, lanes[lane], queue, "put", "%d", n);
	w->timeout = -1;
	return id;
}

static uint64_t
ask(int lane, const char *method, int64_t timeout, const char *args)
{
	uint64_t id;

	w->timeout = timeout;
	id = world_ask(w, lanes[lane], queue, method, "%s", args);
	w->timeout = -1;
	return id;
}

static void
put_numbers(int n)
{
	for (int i = 0; i < n; i++)
		ck_says(world_answer(put(0, i, -1)), "ok");
}

static const char *
contents(void)
{
	return says("str", "%s", "");
}

/* --- order and patience --- */

START_TEST(items_leave_in_the_order_they_came)
{
	char want[20];

	put_numbers(100);
	ck_says(says("qsize", "%s", ""), "ok 100");
	for (int i = 0; i < 100; i++) {
		snprintf(want, sizeof(want), "ok %d", i);
		ck_says(world_answer(get(i % LANES, -1)), want);
	}
	ck_says(says("empty", "%s", ""), "ok true");
	ck_says(world_answer(get(0, 0)), "EMPTY");
}
END_TEST

START_TEST(getters_are_served_in_the_order_they_came)
{
	uint64_t ids[4];
	char want[20];

	for (int i = 0; i < 4; i++)
		ids[i] = get(i, -1);
	put(4, 10, -1);
	put(5, 11, -1);
	ck_says(world_answer(ids[2]), "…");
	put(4, 12, -1);
	put(5, 13, -1);
	for (int i = 0; i < 4; i++) {
		snprintf(want, sizeof(want), "ok %d", 10 + i);
		ck_says(world_answer(ids[i]), want);
	}
}
END_TEST

START_TEST(full_queue_makes_putters_wait_in_order)
{
	uint64_t one, two;

	bounded(", 2");
	put(0, 1, -1);
	put(0, 2, -1);
	ck_says(says("full", "%s", ""), "ok true");
	ck_says(world_answer(put(0, 9, 0)), "FULL");
	one = put(1, 3, -1);
	two = put(2, 4, 10);
	ck_says(world_answer(get(0, 0)), "ok 1");
	ck_says(world_answer(one), "ok");
	ck_says(world_answer(two), "…");
	world_pass(w, 10);
	ck_says(world_answer(two), "TIMEOUT");
	ck_says(contents(), "ok \"queue[2, 3]\"");
}
END_TEST

START_TEST(maxsize_of_nothing_is_no_bound)
{
	bounded(", 0");
	put_numbers(50);
	ck_says(says("full", "%s", ""), "ok false");
	bounded(", -3");
	put_numbers(50);
}
END_TEST

START_TEST(get_with_timeout_waits_and_gives_up)
{
	uint64_t id = get(0, 20);

	world_pass(w, 19);
	ck_says(world_answer(id), "…");
	world_pass(w, 1);
	ck_says(world_answer(id), "TIMEOUT");
	put(0, 1, -1);
	ck_says(says("qsize", "%s", ""), "ok 1");
}
END_TEST

/* --- many --- */

START_TEST(many_go_in_and_out_in_order)
{
	ck_says(says("put_many", "%s", "[1, 2, 3, [4], \"five\"]"), "ok 5");
	ck_says(says("put_many", "%s", "[]"), "ok 0");
	ck_says(says("get_many", "%s", "2"), "ok [1, 2]");
	ck_says(says("get_many", "%s", "100"), "ok [3, [4], \"five\"]");
	ck_says(says("get_many", "%s", "0"), "INVALID");
	ck_says(world_answer(ask(0, "get_many", 0, "3")), "EMPTY");
}
END_TEST

START_TEST(get_many_waits_for_the_first_only)
{
	uint64_t id = ask(1, "get_many", -1, "3");

	put(0, 7, -1);
	ck_says(world_answer(id), "ok [7]");
}
END_TEST

START_TEST(put_many_waits_until_all_are_in)
{
	uint64_t many, one;

	bounded(", 2");
	many = ask(1, "put_many", -1, "[1, 2, 3, 4, 5]");
	one = put(2, 6, -1);
	ck_says(contents(), "ok \"queue[1, 2]\"");
	get(0, -1);
	get(0, -1);
	ck_says(world_answer(many), "…");
	get(0, -1);
	ck_says(world_answer(many), "ok 5");
	ck_says(world_answer(one), "…");
	get(0, -1);
	ck_says(world_answer(one), "ok");
	ck_says(contents(), "ok \"queue[5, 6]\"");
}
END_TEST

START_TEST(put_many_done_in_part_says_how_many)
{
	uint64_t id;

	bounded(", 3");
	ck_says(world_answer(ask(0, "put_many", 0, "[1, 2, 3, 4]")), "ok 3");
	ck_says(world_answer(ask(0, "put_many", 0, "[5]")), "FULL");
	get(0, -1);
	id = ask(1, "put_many", 10, "[6, 7]");
	world_pass(w, 10);
	ck_says(world_answer(id), "ok 1");
	id = ask(1, "put_many", 10, "[8]");
	world_pass(w, 10);
	ck_says(world_answer(id), "TIMEOUT");
	get(0, -1);
	id = ask(1, "put_many", -1, "[9, 10]");
	world_cancel(w, lanes[1], id);
	ck_says(world_answer(id), "ok 1");
	id = ask(1, "put_many", -1, "[11]");
	world_cancel(w, lanes[1], id);
	ck_says(world_answer(id), "CANCELLED");
	get(0, -1);
	id = ask(1, "put_many", -1, "[12, 13]");
	says("close", "%s", "");
	ck_says(world_answer(id), "ok 1");
	ck_says(says("put_many", "%s", "[1]"), "CLOSED");
}
END_TEST

START_TEST(very_many_go_in_steps)
{
	static struct span items[20000];
	static const uint8_t one[] = { 0x18, 0x02 };
	struct buffer list = BUFFER_INIT;
	struct span arg;
	uint64_t id;

	for (size_t i = 0; i < 20000; i++)
		items[i] = span_make(one, 2);
	value_put_list(&list, items, 20000);
	arg = buffer_span(&list);
	w->idle = true;
	id = world_ask_raw(w, lanes[0], queue, "put_many", &arg, 1);
	ck_says(world_answer(id), "…");
	/* an empty list of another lane, so that it is seen to be first */
	world_work(w);
	ck_says(world_answer(id), "ok 20000");
	ck_says(says("qsize", "%s", ""), "ok 20000");
	id = ask(0, "close", -1, "false");
	ck_says(world_answer(id), "…");
	world_work(w);
	ck_says(world_answer(id), "ok");
	ck_says(says("qsize", "%s", ""), "ok 0");
	buffer_deinit(&list);
}
END_TEST

/* --- done --- */

START_TEST(join_waits_for_all_to_be_done)
{
	uint64_t id;

	ck_says(says("join", "%s", ""), "ok");
	put_numbers(3);
	ck_says(world_answer(ask(0, "join", 0, "")), "WOULD_BLOCK");
	id = ask(1, "join", -1, "");
	for (int i = 0; i < 3; i++)
		get(0, -1);
	ck_says(says("task_done", "%s", "2"), "ok");
	ck_says(world_answer(id), "…");
	ck_says(says("task_done", "%s", "2"), "INVALID");
	ck_says(says("task_done", "%s", "0"), "INVALID");
	ck_says(says("task_done", "%s", ""), "ok");
	ck_says(world_answer(id), "ok");
	ck_says(says("task_done", "%s", ""), "INVALID");
}
END_TEST

/* --- closing --- */

START_TEST(closed_queue_drains)
{
	uint64_t putter, getter;

	bounded(", 2");
	put(0, 1, -1);
	put(0, 2, -1);
	putter = put(1, 3, -1);
	ck_says(says("is_closed", "%s", ""), "ok false");
	ck_says(says("close", "%s", ""), "ok");
	ck_says(says("close", "%s", "true"), "ok");
	ck_says(says("is_closed", "%s", ""), "ok true");
	ck_says(world_answer(putter), "CLOSED");
	ck_says(world_answer(put(0, 4, 0)), "CLOSED");
	ck_says(world_answer(get(0, -1)), "ok 1");
	ck_says(world_answer(get(0, 0)), "ok 2");
	ck_says(world_answer(get(0, -1)), "CLOSED");
	ck_says(world_answer(ask(0, "get_many", 0, "1")), "CLOSED");
	getter = ask(0, "join", -1, "");
	says("task_done", "%s", "2");
	ck_says(world_answer(getter), "ok");
}
END_TEST

START_TEST(close_ends_waiting_getters)
{
	uint64_t one = get(1, -1), two = ask(2, "get_many", 100, "5");

	says("close", "%s", "");
	ck_says(world_answer(one), "CLOSED");
	ck_says(world_answer(two), "CLOSED");
}
END_TEST

START_TEST(close_at_once_drops_and_ends_join)
{
	uint64_t join, put1;

	bounded(", 3");
	put_numbers(3);
	put1 = put(2, 9, -1);
	join = ask(1, "join", -1, "");
	ck_says(says("close", "%s", "false"), "ok");
	ck_says(world_answer(join), "ok");
	ck_says(world_answer(put1), "CLOSED");
	ck_says(says("qsize", "%s", ""), "ok 0");
	ck_says(world_answer(get(0, -1)), "CLOSED");
	ck_says(says("close", "%s", "false"), "ok");
}
END_TEST

START_TEST(drained_queue_can_still_be_dropped)
{
	put_numbers(3);
	says("close", "%s", "");
	ck_says(says("close", "%s", "false"), "ok");
	ck_says(world_answer(get(0, -1)), "CLOSED");
}
END_TEST

/* --- death --- */

START_TEST(dead_getter_takes_nothing)
{
	uint64_t live;

	get(1, -1);
	live = get(2, -1);
	world_kill(w, lanes[1]);
	put(0, 5, -1);
	ck_says(world_answer(live), "ok 5");
	ck_says(says("qsize", "%s", ""), "ok 0");
}
END_TEST

START_TEST(dead_putter_puts_nothing)
{
	bounded(", 1");
	put(0, 1, -1);
	put(1, 2, -1);
	put(2, 3, -1);
	world_kill(w, lanes[1]);
	get(0, -1);
	ck_says(contents(), "ok \"queue[3]\"");
}
END_TEST

START_TEST(item_nobody_read_goes_back_to_its_place)
{
	put_numbers(5);
	for (int i = 1; i < 4; i++)
		get(i, -1); /* 0, 1, 2 */
	get(1, 0);	    /* so 0 was read; now 3 */
	world_end(w, lanes[2], true);
	ck_says(contents(), "ok \"queue[1, 4]\"");
	world_end(w, lanes[1], true);
	ck_says(contents(), "ok \"queue[1, 3, 4]\"");
	world_end(w, lanes[3], false); /* 2 was read */
	ck_says(contents(), "ok \"queue[1, 3, 4]\"");
}
END_TEST

START_TEST(items_that_come_back_go_to_who_waits)
{
	uint64_t id;

	put_numbers(2);
	ask(1, "get_many", -1, "2");
	id = get(2, -1);
	world_end(w, lanes[1], true);
	ck_says(world_answer(id), "ok 0");
	ck_says(contents(), "ok \"queue[1]\"");
}
END_TEST

START_TEST(item_that_was_read_does_not_come_back)
{
	put_numbers(2);
	get(1, -1);
	world_call(w, lanes[1], M, "ping", "%s", "");
	world_end(w, lanes[1], true);
	ck_says(contents(), "ok \"queue[1]\"");
	/* a release says so too, a cancel does not: it may cross the answer */
	get(2, -1);
	world_cancel(w, lanes[2], w->asked);
	world_end(w, lanes[2], true);
	ck_says(contents(), "ok \"queue[1]\"");
	get(3, -1);
	world_release(w, lanes[3], 0, 0);
	world_end(w, lanes[3], true);
	ck_says(contents(), "ok \"queue[]\"");
}
END_TEST

START_TEST(item_was_read_when_the_next_call_came_answered_or_not)
{
	put_numbers(1);
	get(1, -1);
	ask(1, "join", -1, "");
	world_end(w, lanes[1], true);
	ck_says(contents(), "ok \"queue[]\"");
}
END_TEST

START_TEST(item_coming_back_may_exceed_the_bound)
{
	bounded(", 1");
	put(0, 1, -1);
	get(1, -1);
	put(0, 2, -1);
	world_end(w, lanes[1], true);
	ck_says(contents(), "ok \"queue[1, 2]\"");
	ck_says(says("full", "%s", ""), "ok true");
	ck_says(world_answer(put(0, 3, 0)), "FULL");
}
END_TEST

START_TEST(item_coming_back_to_a_dropped_queue_is_done)
{
	uint64_t id;

	put_numbers(2);
	get(1, -1);
	says("close", "%s", "false");
	id = ask(2, "join", -1, "");
	ck_says(world_answer(id), "…");
	world_end(w, lanes[1], true);
	ck_says(world_answer(id), "ok");
}
END_TEST

START_TEST(handles_travel_through_a_queue)
{
	uint64_t counter = world_make(w, lanes[0], "counter", "8");
	unsigned long long c = counter;

	says("put", "<%llu>", c);
	says("put_many", "[<%llu>, 1, [<%llu>]]", c, c);
	world_release(w, lanes[0], counter, 1);
	get(1, -1);
	ck_assert_uint_eq(world_handle(w->asked), counter);
	ck_says(world_call(w, lanes[1], counter, "get", "%s", ""), "ok 8");
	ask(2, "get_many", -1, "3");
	ck_assert_uint_eq(world_handle(w->asked), counter);
	world_release(w, lanes[1], counter, 1);
	world_release(w, lanes[2], counter, 1);
	ck_says(world_call(w, lanes[2], counter, "get", "%s", ""), "ok 8");
	world_release(w, lanes[2], counter, 1);
	ck_assert_uint_eq(core_object_count(w->core), 1);
}
END_TEST

/* Round the size up to which items lie in the queue itself; of each size three
 * bytes, or two, are tag and length. Then one with a handle. */
START_TEST(items_of_any_size_go_through_and_come_back)
{
	static const int sizes[] = { 0, 1, 16, 125, 252, 253, 254, 300 };
	unsigned long long c = world_make(w, lanes[0], "counter", "1");
	size_t before = core_memory_used(w->core);
	int n = (int)(sizeof(sizes) / sizeof(sizes[0]));

	for (int i = 0; i <= n; i++) {
		char item[320] = "", answer[340];

		if (i < n) {
			memset(item, '"', (size_t)sizes[i] + 2);
			memset(item + 1, 'a' + i, (size_t)sizes[i]);
		} else {
			snprintf(item, sizeof(item), "[<%llu>]", c);
		}
		world_forget();
		ck_says(says("put", "%s", item), "ok");
		ck_says(says("put_many", "[%s, 2]", item), "ok 2");
		get(1, -1);
		get(2, -1);
		world_end(w, lanes[1], true); /* the first comes back */
		lanes[1] = world_client(w, 200 + (uint32_t)i);
		world_ask(w, lanes[1], M, "open", "%s", "\"queue\", \"q\"");
		get(1, -1);
		snprintf(answer, sizeof(answer), "ok %s", item);
		if (i < n)
			ck_says(world_answer(w->asked), answer);
		else
			ck_assert_uint_eq(world_handle(w->asked), c);
		get(1, -1);
		ck_says(world_answer(w->asked), "ok 2");
		world_call(w, lanes[1], M, "ping", "%s", "");
		world_call(w, lanes[2], M, "ping", "%s", "");
		ck_says(contents(), "ok \"queue[]\"");
		ck_assert_uint_eq(core_memory_used(w->core), before);
	}
}
END_TEST

START_TEST(dying_queue_frees_what_it_holds)
{
	uint64_t own = world_make(w, lanes[0], "queue", "");
	size_t before = core_memory_used(w->core);

	for (int i = 0; i < 1000; i++) {
		world_call(w, lanes[0], own, "put", "\"item %d\"", i);
		world_forget();
	}
	world_call(w, lanes[0], own, "get", "%s", "");
	world_release(w, lanes[0], own, 1);
	ck_assert_uint_lt(core_memory_used(w->core), before);
	ck_assert_uint_eq(core_object_count(w->core), 1);
}
END_TEST

static Suite *
queues_suite(void)
{
	Suite *suite = suite_create("queues");
	TCase *tc = tcase_create("queues");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, items_leave_in_the_order_they_came);
	tcase_add_test(tc, getters_are_served_in_the_order_they_came);
	tcase_add_test(tc, full_queue_makes_putters_wait_in_order);
	tcase_add_test(tc, maxsize_of_nothing_is_no_bound);
	tcase_add_test(tc, get_with_timeout_waits_and_gives_up);
	tcase_add_test(tc, many_go_in_and_out_in_order);
	tcase_add_test(tc, get_many_waits_for_the_first_only);
	tcase_add_test(tc, put_many_waits_until_all_are_in);
	tcase_add_test(tc, put_many_done_in_part_says_how_many);
	tcase_add_test(tc, very_many_go_in_steps);
	tcase_add_test(tc, join_waits_for_all_to_be_done);
	tcase_add_test(tc, closed_queue_drains);
	tcase_add_test(tc, close_ends_waiting_getters);
	tcase_add_test(tc, close_at_once_drops_and_ends_join);
	tcase_add_test(tc, drained_queue_can_still_be_dropped);
	tcase_add_test(tc, dead_getter_takes_nothing);
	tcase_add_test(tc, dead_putter_puts_nothing);
	tcase_add_test(tc, item_nobody_read_goes_back_to_its_place);
	tcase_add_test(tc, items_that_come_back_go_to_who_waits);
	tcase_add_test(tc, item_that_was_read_does_not_come_back);
	tcase_add_test(tc,
		       item_was_read_when_the_next_call_came_answered_or_not);
	tcase_add_test(tc, item_coming_back_may_exceed_the_bound);
	tcase_add_test(tc, item_coming_back_to_a_dropped_queue_is_done);
	tcase_add_test(tc, handles_travel_through_a_queue);
	tcase_add_test(tc, items_of_any_size_go_through_and_come_back);
	tcase_add_test(tc, dying_queue_frees_what_it_holds);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	return check_run(queues_suite());
}
