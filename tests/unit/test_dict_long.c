/* Dicts that take more than one step, and dicts without memory. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/harness/check-main.h"
#include "tests/harness/fault.h"
#include "tests/unit/one-object.h"

#define MANY 20000 /* more than one step handles */

static void
setup(void)
{
	one_object_setup("dict");
}

static void
put_pair(struct buffer *out, int64_t i)
{
	int64_t key = i * 7919 % MANY;
	size_t mark = value_list_begin(out);
	struct buffer number = BUFFER_INIT;

	value_put_int(&number, key);
	value_list_item(out, buffer_span(&number));
	buffer_clear(&number);
	value_put_int(&number, key * 3);
	value_list_item(out, buffer_span(&number));
	buffer_deinit(&number);
	value_list_end(out, mark);
}

/* The keys below MANY, not in order; each value is its key times three. */
static void
fill(void)
{
	CALL("clear", "%s", "");
	call_with_many("update", MANY, put_pair);
}

/* What it prints, without the quotes round it. */
static const char *
content(void)
{
	static char text[600];
	const char *at = CALL("str", "%s", "") + strlen("ok \"");
	size_t n = 0;

	for (; *at && strcmp(at, "\"") != 0; at++)
		if (*at != '\\')
			text[n++] = *at;
	text[n] = '\0';
	return text;
}

static void
assert_content(const char *want)
{
	ck_assert_str_eq(content(), want);
}

static void
set_content(const char *map)
{
	world_forget();
	CALL("clear", "%s", "");
	ck_assert_str_eq(CALL("update", "%s", map), "ok");
}

START_TEST(dict_frees_all_when_it_dies)
{
	size_t before = core_memory_used(w->core);

	object = world_make(w, lane, "dict", "");
	fill();
	CALL("clear", "%s", "");
	world_work(w);
	fill();
	ASSERT_CALL("ok", "update", "[[0, 1], [\"x\", 2], [\"x\", 3]]");
	world_release(w, lane, object, 1);
	ck_assert_uint_eq(core_object_count(w->core), 1);
	ck_assert_uint_eq(core_memory_used(w->core), before);
}
END_TEST

/* --- many entries, in steps --- */

START_TEST(dict_of_many_does_all_that_a_short_one_does)
{
	fill();
	ASSERT_CALL("ok 20000", "len", "%s", "");
	ASSERT_CALL("ok 37038", "get", "12346");
	ASSERT_CALL("ok [[19999, 59997], [19998, 59994]]", "top", "2");
	ck_assert(strncmp(CALL("top", "15000"), "ok [[19999, 59997],", 19) ==
		  0);
	ck_assert(strncmp(CALL("top", "20000"), "ok [[19999, 59997],", 19) ==
		  0);
	ck_assert(strncmp(CALL("copy", "%s", ""), "ok {0: 0, 1: 3,", 15) == 0);
	ck_assert(strncmp(CALL("keys", "%s", ""), "ok [0, 7919,", 12) == 0);
	ck_assert(strncmp(CALL("values", "%s", ""), "ok [0, 23757,", 13) == 0);
	ck_assert(strncmp(CALL("items", "%s", ""), "ok [[0, 0], [7919,", 18) ==
		  0);
	ASSERT_CALL("ok [12081, 36243]", "popitem", "%s", "");
	ASSERT_CALL("ok", "clear", "%s", "");
	assert_content("{}");
}
END_TEST

START_TEST(dict_pages_walk_over_many)
{
	int64_t at = 0, seen = 0;

	fill();
	do {
		uint64_t id = world_ask(w, lane, object, "keys_page",
					"%lld, 300", (long long)at);

		at = strtoll(world_answer(id) + 3, NULL, 10);
		seen += 300;
		if (seen == 9000)
			ASSERT_CALL("ok", "set", "\"new\", 1");
	} while (at != -1);
	/* 67 pages of 300: the 20001st is in the last one */
	ck_assert_int_eq(seen, 67 * 300);
}
END_TEST

static const struct {
	const char *method;
	const char *args;
} long_calls[] = {
	{ "keys", "" }, { "values", "" }, { "items", "" },
	{ "copy", "" }, { "top", "3" },	  { "top", "20000" },
};

#define N_LONG_CALLS ((int)(sizeof(long_calls) / sizeof(long_calls[0])))

/* A long call can be given up at any step. */
START_TEST(dict_long_calls_can_be_given_up)
{
	int steps = 0;
	bool over;

	fill();
	do {
		uint64_t id;

		w->idle = true;
		id = world_ask(w, lane, object, long_calls[_i / 2].method, "%s",
			       long_calls[_i / 2].args);
		for (int i = 0; i < steps; i++)
			core_work(w->core, w->now);
		over = strcmp(world_answer(id), "…") != 0;
		w->idle = false;
		if (!over && _i % 2) {
			world_kill(w, lane);
			break;
		}
		world_cancel(w, lane, id);
		if (!over)
			ck_assert_str_eq(world_answer(id), "CANCELLED");
		ASSERT_CALL("ok 20000", "len", "%s", "");
		world_forget();
		steps++;
	} while (!over);
	world_check(w);
}
END_TEST

/* --- memory --- */

static const struct {
	const char *method;
	const char *args;
	const char *content; /* after success */
} memory_cases[] = {
	{ "get", "\"a\"", "{\"a\": 1, \"b\": 2}" },
	{ "set", "\"a\", 3", "{\"a\": 3, \"b\": 2}" },
	{ "set", "\"c\", 3", "{\"a\": 1, \"b\": 2, \"c\": 3}" },
	{ "delete", "\"a\"", "{\"b\": 2}" },
	{ "keys", "", "{\"a\": 1, \"b\": 2}" },
	{ "items", "", "{\"a\": 1, \"b\": 2}" },
	{ "items_page", "0, 1", "{\"a\": 1, \"b\": 2}" },
	{ "pop", "\"a\"", "{\"b\": 2}" },
	{ "popitem", "", "{\"a\": 1}" },
	{ "setdefault", "\"c\", 3", "{\"a\": 1, \"b\": 2, \"c\": 3}" },
	{ "update", "{\"a\": 3, \"c\": 4, \"d\": 5, \"e\": 6}",
	  "{\"a\": 3, \"b\": 2, \"c\": 4, \"d\": 5, \"e\": 6}" },
	{ "update", "[[\"c\", 3], [\"c\", 4]]",
	  "{\"a\": 1, \"b\": 2, \"c\": 4}" },
	{ "clear", "", "{}" },
	{ "copy", "", "{\"a\": 1, \"b\": 2}" },
	{ "add", "\"a\", 4", "{\"a\": 5, \"b\": 2}" },
	{ "add", "\"c\", 4", "{\"a\": 1, \"b\": 2, \"c\": 4}" },
	{ "add_many", "{\"a\": 1, \"c\": 4, \"d\": 5, \"e\": 6}",
	  "{\"a\": 2, \"b\": 2, \"c\": 4, \"d\": 5, \"e\": 6}" },
	{ "compare_and_set", "\"c\", nil, 4",
	  "{\"a\": 1, \"b\": 2, \"c\": 4}" },
	{ "top", "1", "{\"a\": 1, \"b\": 2}" },
};

START_TEST(dict_is_unchanged_when_memory_runs_out)
{
	for (unsigned n = 1; n < 100; n++) {
		const char *answer;

		set_content("{\"a\": 1, \"b\": 2}");
		answer = call_without_memory(memory_cases[_i].method,
					     memory_cases[_i].args, n,
					     fault_fail_at);
		if (strncmp(answer, "ok", 2) == 0)
			break;
		ck_assert_str_eq(answer, "NO_MEMORY");
		assert_content("{\"a\": 1, \"b\": 2}");
	}
	assert_content(memory_cases[_i].content);
}
END_TEST

static unsigned fail_at;

static void
before(void)
{
	fault_fail_at(fail_at);
}

/* Also when some entries are in it already. */
START_TEST(new_dict_is_made_as_a_whole)
{
	static const char *const from[] = {
		"{\"a\": 1, \"b\": [2, \"x\"], \"c\": 3, \"d\": 4, \"e\": 5}",
		"[[\"a\", 0], [\"a\", [1]], [\"b\", 2]]",
		"[[\"a\", 1], [\"b\", 2], [\"c\"]]",
	};
	static const char *const want[] = { "ok 5", "ok 2", "TYPE" };
	size_t then = core_memory_used(w->core);
	const char *answer;
	uint64_t id;

	for (fail_at = 1;; fail_at++) {
		w->before = before;
		w->after = fault_reset;
		id = world_ask(w, lane, WORLD_MANAGER, "new", "\"dict\", %s",
			       from[_i]);
		w->before = w->after = NULL;
		answer = world_answer(id);
		if (strcmp(answer, "NO_MEMORY") != 0)
			break;
		ck_assert_uint_eq(core_object_count(w->core), 1);
		ck_assert_uint_eq(core_memory_used(w->core), then);
	}
	if (world_handle(id))
		answer = world_call(w, lane, world_handle(id), "len", "%s", "");
	ck_assert_str_eq(answer, want[_i]);
	ck_assert_uint_ge(fail_at, 5);
}
END_TEST

START_TEST(long_dict_is_unchanged_when_memory_runs_out)
{
	fill();
	for (unsigned n = 1; n < 200; n += 1 + n / 8) {
		const char *answer = call_without_memory(long_calls[_i].method,
							 long_calls[_i].args, n,
							 fault_fail_from);

		if (strcmp(answer, "NO_MEMORY") != 0)
			break;
		ASSERT_CALL("ok 20000", "len", "%s", "");
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
dict_long_suite(void)
{
	Suite *suite = suite_create("dict_long");
	TCase *tcase = tcase_create("dict_long");
	int n = (int)(sizeof(memory_cases) / sizeof(memory_cases[0]));

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, one_object_teardown);
	tcase_add_test(tcase, dict_frees_all_when_it_dies);
	tcase_add_test(tcase, dict_of_many_does_all_that_a_short_one_does);
	tcase_add_test(tcase, dict_pages_walk_over_many);
	tcase_add_loop_test(tcase, dict_long_calls_can_be_given_up, 0,
			    2 * N_LONG_CALLS);
	tcase_add_loop_test(tcase, dict_is_unchanged_when_memory_runs_out, 0,
			    n);
	tcase_add_loop_test(tcase, new_dict_is_made_as_a_whole, 0, 3);
	tcase_add_loop_test(tcase, long_dict_is_unchanged_when_memory_runs_out,
			    0, N_LONG_CALLS);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("among others");
	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup_among_others,
				  one_object_teardown);
	tcase_add_test(tcase, dict_frees_all_when_it_dies);
	tcase_add_test(tcase, dict_of_many_does_all_that_a_short_one_does);
	tcase_add_test(tcase, dict_pages_walk_over_many);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(dict_long_suite());
}
