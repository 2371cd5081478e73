/* The list in the server, called without a socket. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/harness/check-main.h"
#include "tests/unit/one-object.h"

struct slice_case {
	size_t n; /* of 0, 1, 2 … */
	const char *slice;
	const char *picked;
	const char *deleted; /* what is left */
	const char *items;   /* to put there */
	const char *changed;
	const char *more; /* the same with one more */
	const char *answer;
	const char *changed_by_more;
};

struct history_case {
	const char *method;
	const char *args;
	const char *answer;
	const char *content;
};

/* Expected values: list-cases.py */
#include "tests/unit/list-history.h"
#include "tests/unit/slice-cases.h"

static void
setup(void)
{
	one_object_setup("list");
}

static void
assert_content(const char *want)
{
	const char *answer = CALL("copy", "%s", "");

	ck_assert(strncmp(answer, "ok ", 3) == 0);
	ck_assert_str_eq(answer + 3, want);
}

static void
set_content(const char *items)
{
	world_forget();
	CALL("clear", "%s", "");
	ck_assert_str_eq(CALL("extend", "%s", items), "ok");
}

/* --- as in Python --- */

START_TEST(list_slices_are_those_of_python)
{
	for (size_t i = 0; i < sizeof(slice_cases) / sizeof(slice_cases[0]);
	     i++) {
		const struct slice_case *c = &slice_cases[i];
		char items[64] = "[", answer[64];

		for (size_t j = 0; j < c->n; j++)
			sprintf(items + strlen(items), j ? ", %zu" : "%zu", j);
		strcat(items, "]");
		set_content(items);
		snprintf(answer, sizeof(answer), "ok %s", c->picked);
		ASSERT_CALL(answer, "slice", "%s", c->slice);
		ASSERT_CALL(c->answer, "slice_set", "%s, %s", c->slice,
			    c->more);
		assert_content(c->changed_by_more);
		set_content(items);
		ASSERT_CALL("ok", "slice_set", "%s, %s", c->slice, c->items);
		assert_content(c->changed);
		set_content(items);
		ASSERT_CALL("ok", "slice_delete", "%s", c->slice);
		assert_content(c->deleted);
	}
}
END_TEST

START_TEST(list_has_the_history_of_python)
{
	for (size_t i = 0; i < sizeof(history) / sizeof(history[0]); i++) {
		const struct history_case *c = &history[i];
		const char *answer = CALL(c->method, "%s", c->args);

		ck_assert_msg(strcmp(answer, c->answer) == 0,
			      "step %zu, %s(%s): %s, not %s", i, c->method,
			      c->args, answer, c->answer);
		assert_content(c->content);
		world_forget();
	}
}
END_TEST

START_TEST(list_insert_takes_any_index)
{
	ASSERT_CALL("ok", "insert", "9223372036854775807, 1");
	ASSERT_CALL("ok", "insert", "-9223372036854775808, 2");
	assert_content("[2, 1]");
}
END_TEST

START_TEST(list_equality_is_strict_about_types)
{
	set_content("[1.0, true, 1]");
	ASSERT_CALL("ok 2", "index", "1");
	ASSERT_CALL("ok 1", "index", "true");
	ASSERT_CALL("ok 1", "count", "1.0");
	ASSERT_CALL("ok false", "contains", "\"1\"");
	ASSERT_CALL("ok", "remove", "1");
	assert_content("[1.0, true]");
}
END_TEST

START_TEST(list_sorts_mixed_types_in_one_order)
{
	set_content("[[2], \"b\", 2, true, 1.5, nil, [1, 9], \"a\", 1, "
		    "false]");
	ASSERT_CALL("ok", "sort", "%s", "");
	assert_content("[nil, false, true, 1, 1.5, 2, \"a\", \"b\", [1, 9], "
		       "[2]]");
	ASSERT_CALL("ok", "sort", "true");
	assert_content("[[2], [1, 9], \"b\", \"a\", 2, 1.5, 1, true, false, "
		       "nil]");
}
END_TEST

/* --- making, and other lists --- */

START_TEST(list_is_made_from_a_list_or_a_handle)
{
	uint64_t other = world_make(w, lane, "list", "[1, [2]]");
	char handle[32];

	snprintf(handle, sizeof(handle), "<%llu>", (unsigned long long)other);
	object = world_make(w, lane, "list", handle);
	assert_content("[1, [2]]");
	CALL("append", "3");
	ck_assert_str_eq(world_call(w, lane, other, "len", "%s", ""), "ok 2");
	ck_assert_str_eq(
		world_call(w, lane, WORLD_MANAGER, "new", "\"list\", 1"),
		"TYPE");
	ck_assert_str_eq(world_call(w, lane, WORLD_MANAGER, "new",
				    "\"list\", <%llu>", WORLD_MANAGER + 0ull),
			 "TYPE");
}
END_TEST

START_TEST(list_takes_itself)
{
	const unsigned long long self = object;

	set_content("[1, 2]");
	ASSERT_CALL("ok", "extend", "<%llu>", self);
	assert_content("[1, 2, 1, 2]");
	ASSERT_CALL("ok [1, 2, 1, 2, 1, 2, 1, 2]", "concat", "<%llu>", self);
	assert_content("[1, 2, 1, 2]");
	ASSERT_CALL("TYPE", "extend", "3");
	ASSERT_CALL("TYPE", "extend", "\"ab\"");
	ASSERT_CALL("TYPE", "concat", "nil");
}
END_TEST

START_TEST(list_keeps_alive_what_it_holds)
{
	uint64_t inner = world_make(w, lane, "list", "[7]");
	char want[64];

	ASSERT_CALL("ok", "extend", "[<%llu>, [<%llu>]]",
		    (unsigned long long)inner, (unsigned long long)inner);
	world_release(w, lane, inner, 1);
	ck_assert_uint_eq(core_object_count(w->core), 2);
	ASSERT_CALL("ok", "delete", "0");
	snprintf(want, sizeof(want), "ok [[<list %llu>]]",
		 (unsigned long long)inner);
	ASSERT_CALL(want, "copy", "%s", "");
	/* the copy has given it to the session again */
	ck_assert_str_eq(world_call(w, lane, inner, "len", "%s", ""), "ok 1");
	world_release(w, lane, inner, 1);
	snprintf(want, sizeof(want), "ok [<list %llu>]",
		 (unsigned long long)inner);
	ASSERT_CALL(want, "pop", "%s", "");
	world_release(w, lane, inner, 1);
	ck_assert_uint_eq(core_object_count(w->core), 1);
}
END_TEST

START_TEST(list_answers_book_the_handles_in_them)
{
	static const char *const calls[][2] = {
		{ "slice", "" }, { "slice", "nil, nil, -1" },
		{ "copy", "" },	 { "repeat", "1" },
		{ "get", "0" },	 { "concat", "[]" },
		{ "pop", "" },
	};

	for (int i = 0; i < 8; i++) {
		uint64_t inner = world_make(w, lane, "list", "");
		const unsigned long long id = inner;

		CALL("clear", "%s", "");
		if (i < 7) {
			CALL("append", "<%llu>", id);
			CALL(calls[i][0], "%s", calls[i][1]);
		} else {
			CALL("concat", "[<%llu>]", id);
		}
		CALL("clear", "%s", "");
		/* one for making it, one for the answer */
		world_release(w, lane, inner, 1);
		ck_assert_uint_eq(core_object_count(w->core), 2);
		world_release(w, lane, inner, 1);
		ck_assert_uint_eq(core_object_count(w->core), 1);
	}
}
END_TEST

START_TEST(list_may_hold_itself)
{
	const unsigned long long self = object;
	char want[64];

	ASSERT_CALL("ok", "append", "<%llu>", self);
	snprintf(want, sizeof(want), "ok \"[<list %llu>]\"", self);
	ASSERT_CALL(want, "str", "%s", "");
	ASSERT_CALL("ok", "repeat_in_place", "3");
	ASSERT_CALL("ok 3", "count", "<%llu>", self);
	ASSERT_CALL("ok", "clear", "%s", "");
	world_release(w, lane, object, 1);
	ck_assert_uint_eq(core_object_count(w->core), 0);
}
END_TEST

/* --- errors --- */

START_TEST(list_errors_name_what_is_wrong)
{
	set_content("[1, 2, 3]");
	ck_assert_str_eq(detail("get", "7"),
			 "list index 7 out of range for length 3");
	ck_assert_str_eq(detail("delete", "-4"),
			 "list index -4 out of range for length 3");
	ck_assert_str_eq(detail("slice", "nil, nil, 0"),
			 "the step of a slice must not be 0");
	ck_assert_str_eq(detail("slice_set", "nil, nil, 2, [1]"),
			 "1 items for a slice of 2 with step 2");
	ck_assert_str_eq(detail("extend", "3"),
			 "the items must come as a list or a handle of one");
	ASSERT_CALL("INVALID", "slice", "nil, nil, 0");
	ASSERT_CALL("INVALID", "slice_delete", "nil, nil, 0");
	ASSERT_CALL("TYPE", "get", "\"x\"");
	ASSERT_CALL("RANGE", "pop", "3");
	set_content("[]");
	ASSERT_CALL("EMPTY", "pop", "0");
	assert_content("[]");
}
END_TEST

START_TEST(list_results_have_a_limit)
{
	struct core_config config = CORE_CONFIG_DEFAULT;

	world_free(w);
	config.max_value = 1000;
	w = world_new(&config);
	lane = world_client(w, 1);
	object = world_make(w, lane, "list", "[1, 2, 3]");
	ASSERT_CALL("ok", "repeat_in_place", "50");
	/* 150 items of 4 bytes in a list, whose header has 3 */
	ck_assert(strncmp(CALL("copy", "%s", ""), "ok [", 4) == 0);
	ASSERT_CALL("TOO_BIG", "repeat", "2");
	ASSERT_CALL("TOO_BIG", "repeat", "9223372036854775807");
	ASSERT_CALL("TOO_BIG", "concat", "<%llu>", (unsigned long long)object);
	ASSERT_CALL("TOO_BIG", "repeat_in_place", "9223372036854775807");
	ASSERT_CALL("ok", "repeat_in_place", "2");
	ASSERT_CALL("TOO_BIG", "copy", "%s", "");
	ck_assert_str_eq(detail("slice", "0, 260"),
			 "the result has at least 1002 bytes, the limit is "
			 "1000");
	ASSERT_CALL("ok [1, 2]", "slice", "0, 2");
	ASSERT_CALL("ok 300", "len", "%s", "");
}
END_TEST

START_TEST(list_prints_its_contents)
{
	set_content("[1, 2.5, nil, [true], \"x\"]");
	ASSERT_CALL("ok \"[1, 2.5, nil, [true], \\\"x\\\"]\"", "str", "%s", "");
	ASSERT_CALL("ok \"[1, …\"", "str", "6");
	ASSERT_CALL("ok \"[1, 2.5…\"", "str", "8");
	ASSERT_CALL("ok \"[1, 2.5, …\"", "str", "10");
	set_content("[\"…\", 1]");
	ASSERT_CALL("ok \"[\\\"…\\\", 1]\"", "str", "%s", "");
	set_content("[]");
	ASSERT_CALL("ok \"[]\"", "str", "%s", "");
}
END_TEST

static Suite *
list_type_suite(void)
{
	Suite *suite = suite_create("list_type");
	TCase *tcase = tcase_create("list_type");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, one_object_teardown);
	tcase_add_test(tcase, list_slices_are_those_of_python);
	tcase_add_test(tcase, list_has_the_history_of_python);
	tcase_add_test(tcase, list_insert_takes_any_index);
	tcase_add_test(tcase, list_equality_is_strict_about_types);
	tcase_add_test(tcase, list_sorts_mixed_types_in_one_order);
	tcase_add_test(tcase, list_is_made_from_a_list_or_a_handle);
	tcase_add_test(tcase, list_takes_itself);
	tcase_add_test(tcase, list_keeps_alive_what_it_holds);
	tcase_add_test(tcase, list_answers_book_the_handles_in_them);
	tcase_add_test(tcase, list_may_hold_itself);
	tcase_add_test(tcase, list_errors_name_what_is_wrong);
	tcase_add_test(tcase, list_results_have_a_limit);
	tcase_add_test(tcase, list_prints_its_contents);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(list_type_suite());
}
