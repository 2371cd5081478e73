/*
 * The lock inside the machine: every moment at which a holder or a waiter can
 * die.
 */
#include <stdio.h>
#include <stdlib.h>

#include "server/core/object.h"
#include "tests/harness/check-main.h"
#include "tests/harness/world.h"
#include "tests/unit/toys.h"

#define M WORLD_MANAGER
#define LANES 5

static struct world *w;
static struct lane *lanes[LANES];
static uint64_t lock;

static void
setup(void)
{
	w = world_new(NULL);
	for (uint32_t i = 0; i < LANES; i++) {
		lanes[i] = world_client(w, 100 + i);
		world_ask(w, lanes[i], M, "open", "%s", "\"lock\", \"l\"");
	}
	lock = world_handle(w->asked);
}

static void
teardown(void)
{
	world_free(w);
}

#define ck_says(call, want) ck_assert_str_eq(call, want)

static uint64_t
acquire(int lane, int64_t timeout)
{
	uint64_t id;

	w->timeout = timeout;
	id = world_ask(w, lanes[lane], lock, "acquire", "%s", "");
	w->timeout = -1;
	return id;
}

static const char *
release(int lane)
{
	return world_call(w, lanes[lane], lock, "release", "%s", "");
}

/* The fencing number of a grant; checks the flag. */
static long
granted(uint64_t id, bool died)
{
	const char *text = world_answer(id);

	ck_assert_msg(strncmp(text, "ok ", 3) == 0, "acquire: %s", text);
	ck_assert_ptr_nonnull(strstr(text, died ? ", true" : ", false"));
	return atol(text + 3);
}

START_TEST(one_at_a_time_in_order)
{
	uint64_t ids[LANES];
	long last = 0;

	for (int i = 0; i < LANES; i++)
		ids[i] = acquire(i, -1);
	for (int i = 0; i < LANES; i++) {
		long number = granted(ids[i], false);

		ck_assert_int_gt(number, last);
		last = number;
		if (i + 1 < LANES)
			ck_says(world_answer(ids[i + 1]), "…");
		ck_says(release(i), "ok");
	}
	ck_says(release(0), "NOT_OWNER");
	ck_says(world_call(w, lanes[0], lock, "locked", "%s", ""), "ok false");
}
END_TEST

START_TEST(only_the_holder_may_release)
{
	struct lane *other = world_thread(w, lanes[0], 77);

	granted(acquire(0, -1), false);
	ck_says(release(1), "NOT_OWNER");
	ck_says(world_detail(w->asked),
		"process 100, thread 100 holds the lock");
	ck_says(world_call(w, other, lock, "release", "%s", ""), "NOT_OWNER");
	ck_says(world_call(w, other, lock, "locked", "%s", ""), "ok true");
	ck_says(release(0), "ok");
}
END_TEST

START_TEST(not_waiting_and_waiting_in_vain)
{
	uint64_t id;

	granted(acquire(0, 0), false);
	ck_says(world_answer(acquire(1, 0)), "WOULD_BLOCK");
	ck_says(world_answer(acquire(0, 0)), "WOULD_BLOCK");
	id = acquire(1, 50);
	world_pass(w, 50);
	ck_says(world_answer(id), "TIMEOUT");
	release(0);
	granted(acquire(1, 0), false);
}
END_TEST

START_TEST(holder_is_told)
{
	char want[100];
	long number;

	ck_says(world_call(w, lanes[0], lock, "holder", "%s", ""), "NOT_FOUND");
	number = granted(acquire(2, -1), false);
	acquire(3, -1);
	acquire(4, -1);
	world_pass(w, 3);
	snprintf(want, sizeof(want), "ok [102, 102, %ld, 3000000, 2]", number);
	ck_says(world_call(w, lanes[0], lock, "holder", "%s", ""), want);
	ck_says(world_call(w, lanes[0], lock, "str", "%s", ""),
		"ok \"<lock held by process 102, thread 102>\"");
}
END_TEST

START_TEST(passed_on_when_the_holder_dies)
{
	uint64_t one, two;
	long number = granted(acquire(0, -1), false);

	one = acquire(1, -1);
	two = acquire(2, -1);
	world_kill(w, lanes[0]);
	ck_assert_int_gt(granted(one, true), number);
	ck_says(world_answer(two), "…");
	release(1);
	granted(two, false); /* only the first one after the death is told */
}
END_TEST

START_TEST(death_without_waiters_is_told_to_the_next)
{
	granted(acquire(0, -1), false);
	world_end(w, lanes[0], false);
	ck_says(world_call(w, lanes[1], lock, "locked", "%s", ""), "ok false");
	granted(acquire(1, -1), true);
	release(1);
	granted(acquire(2, -1), false);
}
END_TEST

START_TEST(dead_waiter_is_passed_over)
{
	uint64_t one, two;

	granted(acquire(0, -1), false);
	one = acquire(1, -1);
	two = acquire(2, -1);
	world_kill(w, lanes[1]);
	release(0);
	ck_says(world_answer(one), "…");
	granted(two, false);
}
END_TEST

START_TEST(session_that_holds_and_waits_gets_nothing_when_it_dies)
{
	struct lane *thread = world_thread(w, lanes[0], 77);
	uint64_t mine, other;

	granted(acquire(0, -1), false);
	mine = world_ask(w, thread, lock, "acquire", "%s", "");
	other = acquire(1, -1);
	world_kill(w, lanes[0]);
	ck_says(world_answer(mine), "…");
	granted(other, true);
}
END_TEST

START_TEST(grant_nobody_read_passes_on)
{
	uint64_t one, two;

	granted(acquire(0, -1), false);
	one = acquire(1, -1);
	two = acquire(2, -1);
	release(0);
	granted(one, false);
	world_end(w, lanes[1], true);
	granted(two, true);
}
END_TEST

START_TEST(held_lock_outlives_the_last_reference)
{
	uint64_t own = world_make(w, lanes[0], "lock", "");

	granted(world_ask(w, lanes[0], own, "acquire", "%s", ""), false);
	world_release(w, lanes[0], own, 1);
	ck_assert_uint_eq(core_object_count(w->core), 2);
	world_end(w, lanes[0], false);
	ck_assert_uint_eq(core_object_count(w->core), 1);
}
END_TEST

START_TEST(number_grows_over_unlink_and_making_anew)
{
	long before = granted(acquire(0, -1), false);

	world_call(w, lanes[0], M, "unlink", "%s", "\"l\"");
	world_ask(w, lanes[0], M, "open", "%s", "\"lock\", \"l\"");
	lock = world_handle(w->asked);
	ck_assert_int_gt(granted(acquire(0, -1), false), before);
}
END_TEST

static Suite *
locks_suite(void)
{
	Suite *suite = suite_create("locks");
	TCase *tc = tcase_create("locks");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, one_at_a_time_in_order);
	tcase_add_test(tc, only_the_holder_may_release);
	tcase_add_test(tc, not_waiting_and_waiting_in_vain);
	tcase_add_test(tc, holder_is_told);
	tcase_add_test(tc, passed_on_when_the_holder_dies);
	tcase_add_test(tc, death_without_waiters_is_told_to_the_next);
	tcase_add_test(tc, dead_waiter_is_passed_over);
	tcase_add_test(tc,
		       session_that_holds_and_waits_gets_nothing_when_it_dies);
	tcase_add_test(tc, grant_nobody_read_passes_on);
	tcase_add_test(tc, held_lock_outlives_the_last_reference);
	tcase_add_test(tc, number_grows_over_unlink_and_making_anew);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	return check_run(locks_suite());
}
