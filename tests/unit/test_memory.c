/*
 * Memory runs out: at the first allocation of a call, at the second, at each.
 *
 * Every time the caller must be told so, nothing may have changed, and every
 * invariant must hold; at last the call succeeds.
 */
#include <stdio.h>
#include <stdlib.h>

#include "server/core/object.h"
#include "tests/harness/check-main.h"
#include "tests/harness/fault.h"
#include "tests/harness/world.h"
#include "tests/unit/toys.h"

#define M WORLD_MANAGER

static struct world *w;
static struct lane *a;
static struct lane *b;
static uint64_t queue, full, box, lock, counter;
static unsigned fail_at;

static uint64_t
open_both(const char *args)
{
	world_ask(w, a, M, "open", "%s", args);
	world_ask(w, b, M, "open", "%s", args);
	ck_assert(world_handle(w->asked));
	return world_handle(w->asked);
}

static void
begin(void)
{
	w = world_new(NULL);
	a = world_client(w, 100);
	b = world_client(w, 200);
	queue = open_both("\"queue\", \"q\"");
	full = open_both("\"queue\", \"f\", 2");
	box = open_both("\"box\", \"b\"");
	lock = open_both("\"lock\", \"l\"");
	counter = open_both("\"counter\", \"c\"");
	world_call(w, a, full, "put_many", "%s", "[1, 2]");
	world_call(w, a, box, "set", "[<%llu>]", (unsigned long long)counter);
}

static void
before(void)
{
	fault_fail_at(fail_at);
}

/* What a failed call must not change. */
static void
snapshot(char *out, size_t size)
{
	int n = snprintf(out, size, "%zu objects, %zu bytes",
			 core_object_count(w->core), core_memory_used(w->core));
	const uint64_t all[] = { queue, full, lock, counter, box };

	/* the box may be busy */
	for (size_t i = 0; i + w->idle < sizeof(all) / sizeof(all[0]); i++)
		n += snprintf(out + n, size - (size_t)n, "; %s",
			      world_call(w, b, all[i], "str", "%s", ""));
}

/* Tries an operation, which gives the id of its call, with ever later faults. */
static void
exhaust(uint64_t (*prepare)(void), uint64_t (*operation)(void),
	const char *want)
{
	char then[2000], now[2000];
	const char *answer;

	for (fail_at = 1;; fail_at++) {
		uint64_t id;

		begin();
		if (prepare)
			prepare();
		snapshot(then, sizeof(then));
		w->before = before;
		w->after = fault_reset;
		id = operation();
		w->before = NULL;
		answer = world_answer(id);
		if (strcmp(answer, "NO_MEMORY") != 0)
			break;
		ck_assert_str_eq(world_detail(id), "out of memory");
		snapshot(now, sizeof(now));
		ck_assert_str_eq(now, then);
		/* and it works when there is memory again */
		world_check(w);
		answer = world_answer(operation());
		if (*want)
			ck_assert_str_eq(answer, want);
		world_free(w);
		ck_assert_uint_lt(fail_at, 100);
	}
	if (*want)
		ck_assert_str_eq(answer, want);
	else
		ck_assert_int_eq(strncmp(answer, "ok <", 4), 0);
	world_free(w);
}

/* --- the operations --- */

static uint64_t
make_box(void)
{
	return world_ask(w, a, M, "new", "\"box\", [1, <%llu>]",
			 (unsigned long long)counter);
}

static uint64_t
make_named(void)
{
	return world_ask(w, a, M, "open", "%s", "\"queue\", \"name\", 5");
}

static uint64_t
put_one(void)
{
	return world_ask(w, a, queue, "put", "[\"x\", <%llu>]",
			 (unsigned long long)counter);
}

static uint64_t
put_some(void)
{
	return world_ask(w, a, queue, "put_many", "%s", "[1]");
}

static uint64_t
put_full(void)
{
	w->timeout = 10;
	world_ask(w, a, full, "put", "%s", "[\"x\"]");
	w->timeout = -1;
	return w->asked;
}

static uint64_t
put_some_full(void)
{
	w->timeout = 10;
	world_ask(w, a, full, "put_many", "%s", "[4, 5]");
	w->timeout = -1;
	return w->asked;
}

static uint64_t
get_empty(void)
{
	w->timeout = 10;
	world_ask(w, a, queue, "get", "%s", "");
	w->timeout = -1;
	return w->asked;
}

static uint64_t
get_full(void)
{
	return world_ask(w, a, full, "get", "%s", "");
}

static uint64_t
get_all(void)
{
	return world_ask(w, a, full, "get_many", "%s", "5");
}

static uint64_t
acquire(void)
{
	return world_ask(w, a, lock, "acquire", "%s", "");
}

static uint64_t
acquire_second(void)
{
	w->timeout = 10;
	world_ask(w, b, lock, "acquire", "%s", "");
	w->timeout = -1;
	return w->asked;
}

static uint64_t
box_get(void)
{
	return world_ask(w, a, box, "get", "%s", "");
}

/* More handles than are booked ahead. */
static uint64_t
fill_box(void)
{
	char text[2000];
	int n = 0;

	for (int i = 0; i < 60; i++) {
		uint64_t id = world_make(w, b, "counter", "");

		n += snprintf(text + n, sizeof(text) - (size_t)n,
			      i ? ", <%llu>" : "[<%llu>",
			      (unsigned long long)id);
	}
	return world_ask(w, b, box, "set", "%s]", text);
}

static uint64_t
slow_box(void)
{
	return world_ask(w, a, box, "slow", "%s", "3");
}

static uint64_t
make_busy(void)
{
	w->idle = true;
	return world_ask(w, a, box, "slow", "%s", "3");
}

static uint64_t
ask_busy(void)
{
	w->timeout = 10;
	world_ask(w, b, box, "set", "[1, <%llu>]", (unsigned long long)counter);
	w->timeout = -1;
	return w->asked;
}

static uint64_t
park_timers(void)
{
	w->timeout = 100;
	for (int i = 0; i < 62; i++) /* the next one makes the heap grow */
		world_ask(w, a, queue, "get", "%s", "");
	w->timeout = -1;
	return w->asked;
}

START_TEST(making_objects)
{
	exhaust(NULL, make_box, "");
	exhaust(NULL, make_named, "");
}
END_TEST

START_TEST(putting)
{
	exhaust(NULL, put_one, "ok");
	exhaust(NULL, put_some, "ok 1");
	exhaust(NULL, put_full, "…");
	exhaust(NULL, put_some_full, "…");
}
END_TEST

START_TEST(getting)
{
	exhaust(NULL, get_empty, "…");
	exhaust(NULL, get_full, "ok 1");
	exhaust(NULL, get_all, "ok [1, 2]");
	exhaust(park_timers, get_empty, "…");
}
END_TEST

START_TEST(locking)
{
	exhaust(NULL, acquire, "ok 1, false");
	exhaust(acquire, acquire_second, "…");
}
END_TEST

START_TEST(booking_many_handles)
{
	uint64_t id;

	for (fail_at = 1; fail_at < 10; fail_at++) {
		begin();
		fill_box();
		w->before = before;
		w->after = fault_reset;
		id = box_get();
		w->before = NULL;
		world_check(w);
		if (fail_at == 1)
			ck_assert_str_eq(world_answer(id), "NO_MEMORY");
		world_free(w);
	}
}
END_TEST

START_TEST(long_jobs)
{
	exhaust(NULL, slow_box, "ok 3");
	exhaust(make_busy, ask_busy, "…");
}
END_TEST

START_TEST(put_that_serves_a_getter)
{
	uint64_t getter, putter;

	for (fail_at = 1;; fail_at++) {
		begin();
		getter = world_ask(w, b, queue, "get", "%s", "");
		w->before = before;
		w->after = fault_reset;
		putter = put_one();
		w->before = NULL;
		world_check(w);
		/* the item is with one of them, or still in the queue */
		if (*world_answer(putter) == 'N')
			ck_assert_str_eq(world_answer(getter), "…");
		else if (*world_answer(getter) == 'N')
			ck_assert_str_eq(
				world_call(w, a, queue, "qsize", "%s", ""),
				"ok 1");
		else
			break;
		world_free(w);
	}
	ck_assert_int_eq(strncmp(world_answer(getter), "ok [\"x\"", 7), 0);
	world_free(w);
}
END_TEST

START_TEST(sessions_and_lanes)
{
	const struct session_info info = { .pid = 1 };
	struct session *session;
	struct lane *lane;

	begin();
	fault_fail_at(1);
	session = core_session_open(w->core, &info);
	fault_reset();
	ck_assert_ptr_null(session);
	fault_fail_at(1);
	lane = core_lane_open(w->core, lane_session(a), 1, NULL);
	fault_reset();
	ck_assert_ptr_null(lane);
	for (unsigned n = 1; n <= 2; n++) {
		fault_fail_at(n);
		session = core_session_fork(w->core, lane_session(a));
		fault_reset();
		ck_assert_ptr_null(session);
		world_check(w);
	}
	world_free(w);
}
END_TEST

START_TEST(beginning)
{
	const struct core_config config = CORE_CONFIG_DEFAULT;
	const struct core_output output = {};
	struct core *core;
	unsigned n;

	for (n = 1; n < 100; n++) {
		fault_fail_at(n);
		core = core_new(&config, &output);
		fault_reset();
		if (core)
			break;
	}
	ck_assert_uint_gt(n, 5);
	ck_assert_ptr_nonnull(core);
	core_free(core);
}
END_TEST

static Suite *
memory_suite(void)
{
	Suite *suite = suite_create("memory");
	TCase *tc = tcase_create("memory");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, making_objects);
	tcase_add_test(tc, putting);
	tcase_add_test(tc, getting);
	tcase_add_test(tc, locking);
	tcase_add_test(tc, booking_many_handles);
	tcase_add_test(tc, long_jobs);
	tcase_add_test(tc, put_that_serves_a_getter);
	tcase_add_test(tc, sessions_and_lanes);
	tcase_add_test(tc, beginning);
	suite_add_tcase(suite, tc);
	return suite;
}

int
main(void)
{
	return check_run(memory_suite());
}
