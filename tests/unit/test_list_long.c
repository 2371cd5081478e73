/* Lists that take more than one step, and lists without memory. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/harness/check-main.h"
#include "tests/harness/fault.h"
#include "tests/unit/one-object.h"

#define MANY 20000 /* more than one step handles */

static void
setup(void)
{
	one_object_setup("list");
}

static void
put_number(struct buffer *out, int64_t i)
{
	value_put_int(out, i * 7919 % MANY);
}

/* The numbers below MANY, not in order. */
static void
fill(void)
{
	CALL("clear", "%s", "");
	call_with_many("extend", MANY, put_number);
}

static void
set_content(const char *items)
{
	world_forget();
	CALL("clear", "%s", "");
	ck_assert_str_eq(CALL("extend", "%s", items), "ok");
}

static void
assert_content(const char *want)
{
	const char *answer = CALL("copy", "%s", "");

	ck_assert(strncmp(answer, "ok ", 3) == 0);
	ck_assert_str_eq(answer + 3, want);
}

START_TEST(list_frees_all_when_it_dies)
{
	size_t before = core_memory_used(w->core);

	object = world_make(w, lane, "list", "");
	fill();
	world_release(w, lane, object, 1);
	ck_assert_uint_eq(core_object_count(w->core), 1);
	ck_assert_uint_eq(core_memory_used(w->core), before);
}
END_TEST

/* --- many items, in steps --- */

/* Asks the answer of a list this long for a few of its places. */
static void
assert_items(const char *picked)
{
	char want[128];

	snprintf(want, sizeof(want), "ok %s", picked);
	ASSERT_CALL(want, "slice", "nil, nil, %d", MANY / 4);
}

START_TEST(list_of_many_does_all_that_a_short_one_does)
{
	fill();
	ASSERT_CALL("ok", "sort", "%s", "");
	assert_items("[0, 5000, 10000, 15000]");
	ASSERT_CALL("ok 19000", "index", "19000");
	ASSERT_CALL("ok 1", "count", "12345");
	ASSERT_CALL("ok false", "contains", "20000");
	ASSERT_CALL("NOT_FOUND", "index", "5, 6");
	ASSERT_CALL("ok", "reverse", "%s", "");
	assert_items("[19999, 14999, 9999, 4999]");
	ASSERT_CALL("ok", "sort", "true");
	assert_items("[19999, 14999, 9999, 4999]");
	ASSERT_CALL("ok", "remove", "0");
	ASSERT_CALL("ok", "append", "0");
	/* keeps the even ones: 19998 … 0 */
	ASSERT_CALL("ok", "slice_delete", "nil, nil, 2");
	ASSERT_CALL("ok 10000", "len", "%s", "");
	ASSERT_CALL("ok [19998, 14998, 9998, 4998]", "slice", "nil, nil, 2500");
	ASSERT_CALL("ok", "repeat_in_place", "3");
	ASSERT_CALL("ok [19998, 9998, 19998, 9998, 19998, 9998]", "slice",
		    "nil, nil, 5000");
	ASSERT_CALL("ok", "slice_set",
		    "29999, nil, -10000, [<%llu>, \"two\", [3]]",
		    (unsigned long long)object);
	ASSERT_CALL("ok [2, [3], 19998]", "slice", "9998, 10001");
	ASSERT_CALL("ok [2, \"two\", 19998]", "slice", "19998, 20001");
	ASSERT_CALL("INVALID", "slice_set", "nil, nil, 10000, [1, 2]");
	ASSERT_CALL("ok", "set", "29999, 0");
	ASSERT_CALL("ok", "slice_delete", "29997, 1, -1");
	ASSERT_CALL("ok [19998, 19996, 2, 0]", "copy", "%s", "");
}
END_TEST

START_TEST(list_of_many_thins_out_backward_too)
{
	fill();
	ASSERT_CALL("ok", "sort", "%s", "");
	/* takes 19999, 19996 … 10003, 10000 */
	ASSERT_CALL("ok", "slice_delete", "nil, 9998, -3");
	ASSERT_CALL("ok 16666", "len", "%s", "");
	ASSERT_CALL("ok [9998, 9999, 10001, 10002, 10004]", "slice",
		    "9998, 10003");
	ASSERT_CALL("ok [19997, 19998]", "slice", "-2");
}
END_TEST

START_TEST(list_answers_in_full_what_took_steps)
{
	uint64_t other;
	char handle[32];

	fill();
	snprintf(handle, sizeof(handle), "<%llu>", (unsigned long long)object);
	other = world_make(w, lane, "list", handle);
	ck_assert_str_eq(world_call(w, lane, other, "len", "%s", ""),
			 "ok 20000");
	/* what it prints is cut off, so only that it answers */
	ck_assert(strncmp(CALL("concat", "%s", handle), "ok [0, 7919,", 11) ==
		  0);
	ck_assert(strncmp(CALL("repeat", "2"), "ok [0, 7919,", 11) == 0);
	ck_assert(strncmp(CALL("copy", "%s", ""), "ok [0, 7919,", 11) == 0);
	ck_assert(strncmp(CALL("slice", "nil, nil, -1"), "ok [12081,", 10) ==
		  0);
}
END_TEST

static void
assert_unchanged(void)
{
	ASSERT_CALL("ok 20000", "len", "%s", "");
	assert_items("[0, 15000, 10000, 5000]");
}

static const struct {
	const char *method;
	const char *args;
} long_calls[] = {
	{ "sort", "" },
	{ "sort", "true" },
	{ "reverse", "" },
	{ "repeat_in_place", "2" },
	{ "slice_delete", "1, nil, 2" },
	{ "slice_set", "0, 15001, 5000, [1, \"two\", 3, 4]" },
	{ "copy", "" },
	{ "repeat", "2" },
	{ "index", "20000" },
	{ "count", "1" },
	{ "remove", "20000" },
	{ "concat", "[1]" },
};

#define N_LONG_CALLS ((int)(sizeof(long_calls) / sizeof(long_calls[0])))

/* A long call that is given up at any step, by a cancel or by the death of its
 * caller, leaves the list as it was. */
START_TEST(list_is_unchanged_by_a_call_given_up)
{
	bool kill = _i % 2;
	int steps = 0;
	uint64_t id;
	bool over;

	id = world_ask(w, lane, WORLD_MANAGER, "open", "\"list\", \"shared\"");
	object = world_handle(id);
	fill();
	do {
		struct lane *caller = world_client(w, 2);

		world_ask(w, caller, WORLD_MANAGER, "find", "\"shared\"");

		w->idle = true;
		id = world_ask(w, caller, object, long_calls[_i / 2].method,
			       "%s", long_calls[_i / 2].args);
		for (int i = 0; i < steps; i++)
			core_work(w->core, w->now);
		world_check(w);
		over = strcmp(world_answer(id), "…") != 0;
		if (!over && !kill)
			world_cancel(w, caller, id);
		w->idle = false;
		world_kill(w, caller);
		world_work(w);
		if (!over)
			assert_unchanged();
		world_forget();
		steps++;
	} while (!over);
	ck_assert_int_gt(steps, 1);
}
END_TEST

/* --- memory --- */

static const struct {
	const char *method;
	const char *args;
	const char *content; /* after success */
} memory_cases[] = {
	{ "append", "4", "[3, 1, 2, 4]" },
	{ "extend", "[4, 5]", "[3, 1, 2, 4, 5]" },
	{ "extend", "<self>", "[3, 1, 2, 3, 1, 2]" },
	{ "insert", "0, 4", "[4, 3, 1, 2]" },
	{ "set", "0, 4", "[4, 1, 2]" },
	{ "get", "0", "[3, 1, 2]" },
	{ "delete", "0", "[1, 2]" },
	{ "pop", "", "[3, 1]" },
	{ "remove", "1", "[3, 2]" },
	{ "index", "1", "[3, 1, 2]" },
	{ "slice", "0, 2", "[3, 1, 2]" },
	{ "slice_set", "0, 1, nil, [7, 8, 9, 10]", "[7, 8, 9, 10, 1, 2]" },
	{ "slice_set", "nil, nil, 2, [7, 8]", "[7, 1, 8]" },
	{ "slice_delete", "0, 2", "[2]" },
	{ "slice_delete", "nil, nil, 2", "[1]" },
	{ "reverse", "", "[2, 1, 3]" },
	{ "sort", "", "[1, 2, 3]" },
	{ "clear", "", "[]" },
	{ "copy", "", "[3, 1, 2]" },
	{ "concat", "[1]", "[3, 1, 2]" },
	{ "repeat", "2", "[3, 1, 2]" },
	{ "repeat_in_place", "2", "[3, 1, 2, 3, 1, 2]" },
};

START_TEST(list_is_unchanged_when_memory_runs_out)
{
	const char *method = memory_cases[_i].method;
	char args[64];
	unsigned n;

	if (strcmp(memory_cases[_i].args, "<self>") == 0)
		snprintf(args, sizeof(args), "<list %llu>",
			 (unsigned long long)object);
	else
		snprintf(args, sizeof(args), "%s", memory_cases[_i].args);
	for (n = 1; n < 100; n++) {
		const char *answer;

		set_content("[3, 1, 2]");
		answer = call_without_memory(method, args, n, fault_fail_at);
		if (strncmp(answer, "ok", 2) == 0)
			break;
		ck_assert_str_eq(answer, "NO_MEMORY");
		assert_content("[3, 1, 2]");
	}
	assert_content(memory_cases[_i].content);
}
END_TEST

/* The same with lists so long that they take steps, and every allocation
 * from some moment on failing. */
START_TEST(long_list_is_unchanged_when_memory_runs_out)
{
	const char *method = long_calls[_i].method;
	const char *args = long_calls[_i].args;

	fill();
	for (unsigned n = 1; n < 400; n += 1 + n / 8) {
		const char *answer = call_without_memory(method, args, n,
							 fault_fail_from);

		if (strcmp(answer, "NO_MEMORY") != 0)
			break;
		assert_unchanged();
		world_forget();
	}
}
END_TEST

/* As if alone, but somebody calls between the steps: they are short. */
static void
setup_among_others(void)
{
	setup();
	world_make_busy(w);
}

static Suite *
list_long_suite(void)
{
	Suite *suite = suite_create("list_long");
	TCase *tcase = tcase_create("list_long");
	int n = (int)(sizeof(memory_cases) / sizeof(memory_cases[0]));

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, one_object_teardown);
	tcase_add_test(tcase, list_frees_all_when_it_dies);
	tcase_add_test(tcase, list_of_many_does_all_that_a_short_one_does);
	tcase_add_test(tcase, list_of_many_thins_out_backward_too);
	tcase_add_test(tcase, list_answers_in_full_what_took_steps);
	tcase_add_loop_test(tcase, list_is_unchanged_by_a_call_given_up, 0,
			    2 * N_LONG_CALLS);
	tcase_add_loop_test(tcase, list_is_unchanged_when_memory_runs_out, 0,
			    n);
	tcase_add_loop_test(tcase, long_list_is_unchanged_when_memory_runs_out,
			    0, N_LONG_CALLS);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("among others");
	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup_among_others,
				  one_object_teardown);
	tcase_add_test(tcase, list_frees_all_when_it_dies);
	tcase_add_test(tcase, list_of_many_does_all_that_a_short_one_does);
	tcase_add_test(tcase, list_of_many_thins_out_backward_too);
	tcase_add_test(tcase, list_answers_in_full_what_took_steps);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(list_long_suite());
}
