/*
 * Calls that wait: patience, cancelling, death, long jobs.
 */
#include "mproxy/error.h"
#include "server/core/object.h"
#include "tests/harness/check-main.h"
#include "tests/harness/world.h"
#include "tests/unit/toys.h"

#define M WORLD_MANAGER

static struct world *w;
static struct lane *a; /* two processes */
static struct lane *b;
static uint64_t counter;

static void
setup(void)
{
	w = world_new(NULL);
	a = world_client(w, 100);
	b = world_client(w, 200);
	world_ask(w, a, M, "open", "%s", "\"counter\", \"c\"");
	counter = world_handle(w->asked);
	world_ask(w, b, M, "find", "%s", "\"c\"");
	toys_released = 0;
}

static void
teardown(void)
{
	world_free(w);
}

#define ck_says(call, want) ck_assert_str_eq(call, want)

static uint64_t
wait_for(struct lane *lane, int n, int64_t timeout)
{
	uint64_t id;

	w->timeout = timeout;
	id = world_ask(w, lane, counter, "wait_for", "%d", n);
	w->timeout = -1;
	return id;
}

static void
add(struct lane *lane, int n)
{
	world_call(w, lane, counter, "add", "%d", n);
}

/* --- patience --- */

START_TEST(call_waits_until_it_is_woken)
{
	uint64_t one = wait_for(a, 5, -1), two = wait_for(b, 3, -1);

	ck_assert_int_eq(core_deadline(w->core), INT64_MAX);
	add(b, 3);
	ck_says(world_answer(one), "…");
	ck_says(world_answer(two), "ok");
	add(b, 2);
	ck_says(world_answer(one), "ok");
}
END_TEST

START_TEST(wait_ends_with_its_time)
{
	uint64_t one = wait_for(a, 5, 20), two = wait_for(b, 5, 10);

	ck_assert_int_eq(core_deadline(w->core), w->now + 10 * 1000000);
	world_pass(w, 9);
	ck_says(world_answer(two), "…");
	world_pass(w, 1);
	ck_says(world_answer(two), "TIMEOUT");
	ck_says(world_answer(one), "…");
	world_pass(w, 10);
	ck_says(world_answer(one), "TIMEOUT");
	ck_assert_int_eq(core_deadline(w->core), INT64_MAX);
	add(a, 5);
}
END_TEST

START_TEST(deadline_passed_expires_before_a_new_call)
{
	uint64_t one = wait_for(a, 5, 10);

	/* nobody told the core that time has passed */
	w->now += 10 * 1000000;
	add(b, 5);
	ck_says(world_answer(one), "TIMEOUT");
}
END_TEST

START_TEST(time_never_goes_back)
{
	uint64_t one = wait_for(a, 5, 10);

	w->now -= 500000;
	ck_says(world_call(w, b, counter, "get", "%s", ""), "ok 0");
	world_pass(w, 10);
	ck_says(world_answer(one), "…");
	world_pass(w, 1);
	ck_says(world_answer(one), "TIMEOUT");
}
END_TEST

START_TEST(longest_timeout_does_not_overflow)
{
	uint64_t one = wait_for(a, 5, INT64_MAX), two = wait_for(a, 5, -77);

	world_pass(w, 1000000);
	ck_says(world_answer(one), "…");
	ck_says(world_answer(two), "…");
}
END_TEST

START_TEST(impatient_call_fails_at_once_unless_it_can_be_served)
{
	add(a, 3);
	ck_says(world_answer(wait_for(a, 4, 0)), "WOULD_BLOCK");
	ck_says(world_answer(wait_for(a, 3, 0)), "ok");
}
END_TEST

START_TEST(each_timeout_comes_at_its_time)
{
	uint64_t ids[40];
	int i, k;

	for (i = 0; i < 40; i++)
		ids[i] = wait_for(i % 2 ? a : b, 9, 10 + i % 4);
	for (i = 0; i < 4; i++) {
		world_pass(w, i ? 1 : 10);
		for (k = 0; k < 40; k++)
			ck_says(world_answer(ids[k]),
				k % 4 <= i ? "TIMEOUT" : "…");
	}
}
END_TEST

/* --- cancelling --- */

START_TEST(cancelled_call_is_answered_cancelled)
{
	uint64_t one = wait_for(a, 5, 100);

	world_cancel(w, b, one); /* of another lane: unknown there */
	ck_says(world_answer(one), "…");
	world_cancel(w, a, one);
	ck_says(world_answer(one), "CANCELLED");
	ck_assert_int_eq(core_deadline(w->core), INT64_MAX);
	add(a, 5);
}
END_TEST

START_TEST(cancel_that_comes_too_late_is_ignored)
{
	uint64_t one = wait_for(a, 5, -1);

	add(b, 5);
	world_cancel(w, a, one);
	world_cancel(w, a, 987654321);
	ck_says(world_answer(one), "ok");
}
END_TEST

/* --- death --- */

START_TEST(wait_of_a_dead_lane_is_withdrawn)
{
	struct lane *c = world_thread(w, a, 2);
	uint64_t one = wait_for(c, 5, 100), two = wait_for(a, 5, -1);

	world_end(w, c, false);
	ck_assert_int_eq(core_deadline(w->core), INT64_MAX);
	add(b, 5);
	ck_says(world_answer(one), "…");
	ck_says(world_answer(two), "ok");
}
END_TEST

START_TEST(waiting_call_keeps_its_object)
{
	struct lane *c = world_client(w, 300);
	uint64_t box = world_make(w, c, "counter", ""), id;

	id = world_ask(w, c, box, "wait_for", "%s", "1");
	world_release(w, c, box, 1);
	ck_assert_uint_eq(core_object_count(w->core), 2);
	world_cancel(w, c, id);
	ck_assert_uint_eq(core_object_count(w->core), 1);
}
END_TEST

/* One that waits for much stands before one that waits for little. */
static uint64_t
queue_up(int64_t timeout, uint64_t *ret_little)
{
	uint64_t much;

	add(a, 3);
	w->timeout = timeout;
	much = world_ask(w, a, counter, "take", "%s", "5");
	w->timeout = -1;
	*ret_little = world_ask(w, b, counter, "take", "%s", "2");
	ck_says(world_answer(*ret_little), "…");
	return much;
}

START_TEST(who_stood_behind_is_served_when_the_first_gives_up)
{
	uint64_t much, little;

	much = queue_up(10, &little);
	world_pass(w, 10);
	ck_says(world_answer(much), "TIMEOUT");
	ck_says(world_answer(little), "ok");
	add(a, -1);
	much = queue_up(-1, &little);
	world_cancel(w, a, much);
	ck_says(world_answer(little), "ok");
	add(a, -1);
	much = queue_up(-1, &little);
	world_end(w, a, false);
	ck_says(world_answer(much), "…");
	ck_says(world_answer(little), "ok");
}
END_TEST

START_TEST(who_is_served_by_a_timeout_is_not_late_itself)
{
	uint64_t much, little;

	add(a, 3);
	w->timeout = 10;
	much = world_ask(w, a, counter, "take", "%s", "5");
	w->timeout = 11;
	little = world_ask(w, b, counter, "take", "%s", "2");
	/* told late of both, the core still sees one after the other */
	world_pass(w, 20);
	ck_says(world_answer(much), "TIMEOUT");
	ck_says(world_answer(little), "ok");
}
END_TEST

/* --- jobs --- */

START_TEST(long_job_lets_others_through)
{
	uint64_t box = world_make(w, a, "box", "1");
	uint64_t slow, get;

	w->idle = true;
	slow = world_ask(w, a, box, "slow", "%d", 10);
	ck_says(world_answer(slow), "…");
	ck_says(world_call(w, b, counter, "get", "%s", ""), "ok 0");
	core_work(w->core, w->now);
	world_check(w);
	ck_says(world_answer(slow), "…");
	world_work(w);
	ck_says(world_answer(slow), "ok 10");
	get = world_ask(w, a, box, "get", "%s", "");
	ck_says(world_answer(get), "ok 1");
	/* one that ends in its first step is no job */
	ck_says(world_call(w, a, box, "slow", "%s", "1"), "ok 1");
}
END_TEST

START_TEST(calls_on_a_busy_object_run_after_in_order)
{
	uint64_t box, slow, ids[6];
	int i;

	world_ask(w, a, M, "open", "%s", "\"box\", \"b\"");
	world_ask(w, b, M, "find", "%s", "\"b\"");
	box = world_handle(w->asked);
	w->idle = true;
	slow = world_ask(w, a, box, "slow", "%d", 3);
	for (i = 0; i < 6; i += 2) {
		ids[i] = world_ask(w, b, box, "set", "[%d]", i);
		ids[i + 1] = world_ask(w, b, box, "get", "%s", "");
	}
	ck_says(world_answer(ids[0]), "…");
	/* also of the lane whose job it is, and what it asks of others */
	world_ask(w, a, box, "get", "%s", "");
	world_ask(w, a, counter, "add", "%s", "1");
	ck_says(world_answer(w->asked), "…");
	world_work(w);
	ck_says(world_answer(slow), "ok 3");
	ck_says(world_answer(ids[1]), "ok [0]");
	ck_says(world_answer(ids[3]), "ok [2]");
	ck_says(world_answer(ids[5]), "ok [4]");
	ck_says(world_answer(w->asked), "ok 1");
	ck_assert_ptr_nonnull(strstr(world_answer(w->asked - 1), "ok"));
}
END_TEST

START_TEST(nothing_overtakes_a_backlog)
{
	uint64_t box = world_make(w, a, "box", "1"), slow, get;

	w->idle = true;
	slow = world_ask(w, a, box, "slow", "%d", 2);
	world_ask(w, a, counter, "add", "%s", "1");
	core_work(w->core, w->now);
	ck_says(world_answer(slow), "ok 2");
	ck_says(world_answer(w->asked), "…"); /* its turn is the next one */
	get = world_ask(w, a, counter, "get", "%s", "");
	world_work(w);
	ck_says(world_answer(get), "ok 1");
}
END_TEST

START_TEST(jobs_follow_each_other)
{
	uint64_t box = world_make(w, a, "box", "1");
	uint64_t ids[5];
	int i;

	w->idle = true;
	for (i = 0; i < 5; i++)
		ids[i] = world_ask(w, a, box, "slow", "%d", i + 2);
	world_work(w);
	for (i = 0; i < 5; i++)
		ck_assert_int_eq(world_answer(ids[i])[3], '2' + i);
	ck_assert(!core_has_work(w->core));
}
END_TEST

START_TEST(deferred_call_is_not_overtaken_by_a_release)
{
	uint64_t box = world_make(w, a, "box", "1");
	uint64_t other = world_make(w, a, "counter", "6");
	uint64_t set;

	w->idle = true;
	world_ask(w, a, box, "slow", "%d", 3);
	set = world_ask(w, a, box, "set", "<%llu>", (unsigned long long)other);
	world_ask(w, a, box, "get", "%s", "");
	world_release(w, a, other, 1);
	world_release(w, a, box, 1);
	world_work(w);
	ck_says(world_answer(set), "ok");
	ck_assert_uint_eq(world_handle(w->asked), other);
	ck_says(world_call(w, a, other, "get", "%s", ""), "ok 6");
	ck_says(world_call(w, a, box, "get", "%s", ""), "NO_OBJECT");
}
END_TEST

START_TEST(job_ends_with_its_lane_and_the_rest_goes_on)
{
	uint64_t box, get;

	world_ask(w, a, M, "open", "%s", "\"box\", \"b\", 8");
	world_ask(w, b, M, "find", "%s", "\"b\"");
	box = world_handle(w->asked);
	w->idle = true;
	world_ask(w, a, box, "slow", "%d", 1000);
	world_ask(w, a, box, "set", "%s", "nil");
	get = world_ask(w, b, box, "get", "%s", "");
	core_work(w->core, w->now);
	world_kill(w, a);
	ck_assert_int_eq(toys_released, 1);
	world_work(w);
	ck_says(world_answer(get), "ok 8");
}
END_TEST

START_TEST(job_and_deferred_calls_can_be_cancelled)
{
	uint64_t box = world_make(w, a, "box", "8");
	struct lane *c = world_thread(w, a, 2);
	uint64_t slow, set, get, other;

	w->idle = true;
	slow = world_ask(w, a, box, "slow", "%d", 1000);
	set = world_ask(w, c, box, "set", "%d", 9);
	other = world_ask(w, c, counter, "get", "%s", "");
	get = world_ask(w, a, box, "get", "%s", "");
	world_cancel(w, c, set);
	ck_says(world_answer(set), "CANCELLED");
	world_cancel(w, a, slow);
	ck_says(world_answer(slow), "CANCELLED");
	ck_assert_int_eq(toys_released, 1);
	world_work(w);
	ck_says(world_answer(get), "ok 8");
	ck_says(world_answer(other), "ok 0");
}
END_TEST

START_TEST(deferred_wait_ends_with_its_time)
{
	uint64_t box = world_make(w, a, "box", "8"), one, two;

	w->idle = true;
	world_ask(w, a, box, "slow", "%d", 1000);
	one = wait_for(a, 1, 10); /* behind the job of its own lane */
	two = wait_for(a, 1, 0);
	world_pass(w, 10);
	ck_says(world_answer(one), "TIMEOUT");
	ck_says(world_answer(two), "…");
	world_work(w);
	ck_says(world_answer(two), "WOULD_BLOCK");
}
END_TEST

START_TEST(thousand_deferred_calls_are_served_in_slices)
{
	uint64_t box = world_make(w, a, "box", "1");
	struct lane *lanes[10];
	int i, slices = 0;

	for (i = 0; i < 10; i++)
		lanes[i] = world_thread(w, a, (uint64_t)i);
	w->idle = true;
	world_ask(w, a, box, "slow", "%d", 5);
	for (i = 0; i < 1000; i++)
		world_ask(w, lanes[i % 10], box, "get", "%s", "");
	while (core_work(w->core, w->now)) {
		slices++;
		world_check(w);
	}
	ck_assert_int_gt(slices, 10);
	for (i = 0; i < 1000; i++)
		ck_says(world_answer(w->asked - (uint64_t)i), "ok 1");
}
END_TEST

/* --- how much a step does --- */

static size_t
next_share(void)
{
	ck_assert(core_work(w->core, w->now));
	return toys_share;
}

static void
other_calls(void)
{
	world_call(w, b, counter, "get", "%s", "");
	world_forget();
}

START_TEST(step_does_all_it_may_when_nobody_else_calls)
{
	uint64_t box = world_make(w, a, "box", "1");

	w->idle = true;
	for (int job = 0; job < 3; job++) {
		for (int i = 0; i < 10; i++)
			other_calls(); /* while there is nothing to do */
		world_ask(w, a, box, "slow", "%d", 50);
		ck_assert_uint_eq(toys_share, 1024);
		for (int i = 0; i < 48; i++)
			ck_assert_uint_eq(next_share(), 1024);
		world_work(w);
	}
}
END_TEST

START_TEST(step_does_little_while_others_call)
{
	uint64_t box = world_make(w, a, "box", "1");

	w->idle = true;
	world_ask(w, a, box, "slow", "%d", 100000);
	ck_assert_uint_eq(next_share(), 1024);
	/* somebody who calls in some slices only is there all the same */
	for (int i = 0; i < 1000; i++) {
		if (i % 10 == 0)
			other_calls();
		ck_assert_uint_le(next_share(), 64);
		ck_assert_uint_ge(toys_share, 1);
	}
	world_check(w);
}
END_TEST

/* So a call that comes late waits for a small part of the time it was away. */
START_TEST(step_grows_with_the_time_without_a_call)
{
	uint64_t box = world_make(w, a, "box", "1");

	w->idle = true;
	world_ask(w, a, box, "slow", "%d", 100000);
	next_share();
	for (int round = 0; round < 3; round++) {
		size_t done = 0, steps = 0;

		other_calls();
		for (; next_share() < 1024; steps++) {
			if (toys_share > 64)
				ck_assert_uint_le(toys_share * 8, done);
			done += toys_share;
		}
		ck_assert_uint_le(steps, 200);
		for (int i = 0; i < 100; i++)
			ck_assert_uint_eq(next_share(), 1024);
	}
}
END_TEST

/* What is short is answered at once, whoever else is there. */
START_TEST(first_step_does_all_also_among_others)
{
	uint64_t box = world_make(w, a, "box", "1");
	uint64_t other = world_make(w, b, "box", "2");

	w->idle = true;
	world_ask(w, a, box, "slow", "%d", 1000);
	other_calls();
	next_share();
	other_calls();
	ck_assert_uint_le(next_share(), 64);
	ck_says(world_call(w, b, other, "slow", "%s", "1"), "ok 1");
	ck_assert_uint_eq(toys_share, 1024);
}
END_TEST

static Suite *
waiting_suite(void)
{
	Suite *suite = suite_create("waiting");
	TCase *tc = tcase_create("waiting");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, call_waits_until_it_is_woken);
	tcase_add_test(tc, wait_ends_with_its_time);
	tcase_add_test(tc, deadline_passed_expires_before_a_new_call);
	tcase_add_test(tc, time_never_goes_back);
	tcase_add_test(tc, longest_timeout_does_not_overflow);
	tcase_add_test(tc,
		       impatient_call_fails_at_once_unless_it_can_be_served);
	tcase_add_test(tc, each_timeout_comes_at_its_time);
	tcase_add_test(tc, cancelled_call_is_answered_cancelled);
	tcase_add_test(tc, cancel_that_comes_too_late_is_ignored);
	tcase_add_test(tc, wait_of_a_dead_lane_is_withdrawn);
	tcase_add_test(tc, waiting_call_keeps_its_object);
	tcase_add_test(tc, who_stood_behind_is_served_when_the_first_gives_up);
	tcase_add_test(tc, who_is_served_by_a_timeout_is_not_late_itself);
	tcase_add_test(tc, long_job_lets_others_through);
	tcase_add_test(tc, calls_on_a_busy_object_run_after_in_order);
	tcase_add_test(tc, nothing_overtakes_a_backlog);
	tcase_add_test(tc, jobs_follow_each_other);
	tcase_add_test(tc, deferred_call_is_not_overtaken_by_a_release);
	tcase_add_test(tc, job_ends_with_its_lane_and_the_rest_goes_on);
	tcase_add_test(tc, job_and_deferred_calls_can_be_cancelled);
	tcase_add_test(tc, deferred_wait_ends_with_its_time);
	tcase_add_test(tc, thousand_deferred_calls_are_served_in_slices);
	tcase_add_test(tc, step_does_all_it_may_when_nobody_else_calls);
	tcase_add_test(tc, step_does_little_while_others_call);
	tcase_add_test(tc, step_grows_with_the_time_without_a_call);
	tcase_add_test(tc, first_step_does_all_also_among_others);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	return check_run(waiting_suite());
}
