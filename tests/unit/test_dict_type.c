/* The dict in the server, called without a socket. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/harness/check-main.h"
#include "tests/unit/one-object.h"

struct history_case {
	const char *method;
	const char *args;
	const char *answer;
	const char *content;
};

/* Expected values: dict-cases.py */
#include "tests/unit/dict-history.h"

static void
setup(void)
{
	one_object_setup("dict");
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

/* --- as in Python --- */

START_TEST(dict_has_the_history_of_python)
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

START_TEST(dict_keys_are_strict_about_types)
{
	CALL("set", "1, \"int\"");
	CALL("set", "1.0, \"double\"");
	CALL("set", "true, \"bool\"");
	CALL("set", "\"1\", \"text\"");
	CALL("set", "nil, 0");
	CALL("set", "[1, [2]], 0");
	CALL("set", "{\"a\": 1}, 0");
	ASSERT_CALL("ok 7", "len", "%s", "");
	ASSERT_CALL("ok \"double\"", "get", "1.0");
	ASSERT_CALL("ok 0", "get", "[1, [2]]");
	ASSERT_CALL("ok true", "contains", "{\"a\": 1}");
}
END_TEST

START_TEST(dict_setting_again_keeps_the_place)
{
	set_content("[[\"b\", 1], [\"a\", 2]]");
	ASSERT_CALL("ok", "set", "\"b\", 3");
	assert_content("{\"b\": 3, \"a\": 2}");
	ASSERT_CALL("ok 3", "pop", "\"b\"");
	ASSERT_CALL("ok", "set", "\"b\", 4");
	assert_content("{\"a\": 2, \"b\": 4}");
}
END_TEST

/* --- making and updating --- */

START_TEST(dict_is_made_from_a_map_pairs_or_a_handle)
{
	char handle[32];

	object = world_make(w, lane, "dict", "{\"b\": 1, \"a\": [2]}");
	assert_content("{\"a\": [2], \"b\": 1}"); /* a map has no order */
	object = world_make(w, lane, "dict", "[[\"b\", 1], [\"a\", 2]]");
	assert_content("{\"b\": 1, \"a\": 2}");
	snprintf(handle, sizeof(handle), "<%llu>", (unsigned long long)object);
	object = world_make(w, lane, "dict", handle);
	assert_content("{\"b\": 1, \"a\": 2}");
	ck_assert_str_eq(
		world_call(w, lane, WORLD_MANAGER, "new", "\"dict\", [1]"),
		"TYPE");
	ck_assert_str_eq(
		world_call(w, lane, WORLD_MANAGER, "new", "\"dict\", \"x\""),
		"TYPE");
}
END_TEST

START_TEST(dict_takes_itself)
{
	set_content("[[\"b\", 1], [\"a\", 2]]");
	ASSERT_CALL("ok", "update", "<%llu>", (unsigned long long)object);
	assert_content("{\"b\": 1, \"a\": 2}");
}
END_TEST

START_TEST(dict_update_is_all_or_nothing)
{
	uint64_t list = world_make(w, lane, "list", "");

	set_content("{\"a\": 1}");
	ASSERT_CALL("TYPE", "update", "[[\"a\", 2], [\"b\"]]");
	ASSERT_CALL("TYPE", "update", "[[\"a\", 2], [1, 2, 3]]");
	ASSERT_CALL("TYPE", "update", "[[\"a\", 2], 3]");
	ASSERT_CALL("TYPE", "update", "[[\"a\", 2], [<%llu>, 1]]",
		    (unsigned long long)list);
	ASSERT_CALL("TYPE", "update", "7");
	ASSERT_CALL("TYPE", "update", "<%llu>", (unsigned long long)list);
	assert_content("{\"a\": 1}");
	ASSERT_CALL("ok", "update", "[[\"b\", 2], [\"c\", 3], [\"b\", 4]]");
	assert_content("{\"a\": 1, \"b\": 4, \"c\": 3}");
}
END_TEST

/* --- numbers --- */

static const char *
call_with_uint(const char *method, const char *key, uint64_t value)
{
	struct buffer out = BUFFER_INIT;
	struct span args[2];
	size_t size;
	uint64_t id;

	value_put_text(&out, span_text(key));
	size = out.size;
	value_put_uint(&out, value);
	args[0] = span_make(out.data, size);
	args[1] = span_make(out.data + size, out.size - size);
	id = world_ask_raw(w, lane, object, method, args, 2);
	buffer_deinit(&out);
	return world_answer(id);
}

START_TEST(dict_add_is_exact)
{
	ASSERT_CALL("ok 3", "add", "\"n\", 3");
	ASSERT_CALL("ok 9223372036854775807", "add",
		    "\"n\", 9223372036854775804");
	ASSERT_CALL("RANGE", "add", "\"n\", 1");
	ASSERT_CALL("ok 9223372036854775807", "get", "\"n\"");
	ASSERT_CALL("ok -1", "add", "\"n\", -9223372036854775808");
	ASSERT_CALL("RANGE", "add", "\"n\", -9223372036854775808");
	ck_assert_str_eq(call_with_uint("add", "m", UINT64_MAX), "RANGE");
	ASSERT_CALL("ok false", "contains", "\"m\"");
	ck_assert_str_eq(call_with_uint("set", "u", UINT64_MAX), "ok");
	ASSERT_CALL("RANGE", "add", "\"u\", 0");
	ASSERT_CALL("ok 9223372036854775807", "add",
		    "\"u\", -9223372036854775808");
}
END_TEST

START_TEST(dict_add_of_a_double_makes_a_double)
{
	ASSERT_CALL("ok 2", "add", "\"n\", 2");
	ASSERT_CALL("ok 2.5", "add", "\"n\", 0.5");
	ASSERT_CALL("ok 3.5", "add", "\"n\", 1");
	ASSERT_CALL("ok 0.25", "add", "\"x\", 0.25");
}
END_TEST

START_TEST(dict_add_needs_numbers)
{
	set_content("{\"a\": \"x\", \"b\": true}");
	ASSERT_CALL("TYPE", "add", "\"a\", 1");
	ASSERT_CALL("TYPE", "add", "\"b\", 1");
	ASSERT_CALL("TYPE", "add", "\"c\", \"1\"");
	ASSERT_CALL("TYPE", "add", "\"c\", true");
	assert_content("{\"a\": \"x\", \"b\": true}");
}
END_TEST

START_TEST(dict_add_many_is_all_or_nothing)
{
	set_content("{\"a\": 1, \"x\": \"t\", \"z\": 9223372036854775807}");
	ASSERT_CALL("ok", "add_many", "{\"a\": 2, \"b\": 3.5, \"c\": -1}");
	assert_content("{\"a\": 3, \"x\": \"t\", \"z\": 9223372036854775807, "
		       "\"b\": 3.5, \"c\": -1}");
	ASSERT_CALL("TYPE", "add_many", "{\"a\": 1, \"new\": 1, \"x\": 1}");
	ASSERT_CALL("RANGE", "add_many", "{\"a\": 1, \"new\": 1, \"z\": 1}");
	ASSERT_CALL("TYPE", "add_many", "{\"a\": 1, \"new\": nil}");
	ASSERT_CALL("TYPE", "add_many", "[[\"a\", 1]]");
	assert_content("{\"a\": 3, \"x\": \"t\", \"z\": 9223372036854775807, "
		       "\"b\": 3.5, \"c\": -1}");
	ASSERT_CALL("ok", "add_many", "{}");
}
END_TEST

START_TEST(dict_get_many_gives_nil_for_what_is_missing)
{
	set_content("{\"a\": 1, \"n\": nil, \"1\": [2]}");
	ASSERT_CALL("ok [1, nil, [2], nil, 1]", "get_many",
		    "[\"a\", \"n\", \"1\", 1, \"a\"]");
	ASSERT_CALL("ok []", "get_many", "[]");
	ASSERT_CALL("TYPE", "get_many", "\"a\"");
	assert_content("{\"1\": [2], \"a\": 1, \"n\": nil}");
}
END_TEST

START_TEST(dict_compare_and_set_is_strict)
{
	set_content("{\"a\": 1, \"n\": nil}");
	ASSERT_CALL("ok false", "compare_and_set", "\"a\", 1.0, 2");
	ASSERT_CALL("ok false", "compare_and_set", "\"a\", nil, 2");
	ASSERT_CALL("ok true", "compare_and_set", "\"a\", 1, 2");
	ASSERT_CALL("ok true", "compare_and_set", "\"n\", nil, 3");
	ASSERT_CALL("ok true", "compare_and_set", "\"new\", nil, 4");
	ASSERT_CALL("ok false", "compare_and_set", "\"new\", nil, 5");
	assert_content("{\"a\": 2, \"n\": 3, \"new\": 4}");
}
END_TEST

START_TEST(dict_top_of_equals_takes_the_earlier)
{
	set_content("[[\"a\", 1], [\"b\", 2], [\"c\", 1], [\"d\", 2], "
		    "[\"e\", 2.5], [\"f\", \"x\"]]");
	ASSERT_CALL("ok [[\"f\", \"x\"], [\"e\", 2.5], [\"b\", 2], "
		    "[\"d\", 2], [\"a\", 1]]",
		    "top", "5");
	ASSERT_CALL("ok []", "top", "0");
	ASSERT_CALL("ok []", "top", "-9223372036854775808");
	ASSERT_CALL("ok [[\"f\", \"x\"]]", "top", "1");
}
END_TEST

/* --- pages --- */

/* Calls a page method and gives the cursor that it gave. */
static int64_t
page(const char *method, int64_t cursor, int n, const char *want)
{
	const char *answer = CALL(method, "%lld, %d", (long long)cursor, n);
	char *rest;
	int64_t next;

	ck_assert(strncmp(answer, "ok ", 3) == 0);
	next = strtoll(answer + 3, &rest, 10);
	ck_assert_str_eq(rest, want);
	return next;
}

START_TEST(dict_pages_survive_changes)
{
	int64_t at;

	set_content("[[\"a\", 1], [\"b\", 2], [\"c\", 3], [\"d\", 4]]");
	at = page("items_page", 0, 2, ", [[\"a\", 1], [\"b\", 2]]");
	CALL("delete", "\"a\"");
	CALL("delete", "\"c\"");
	CALL("set", "\"e\", 5");
	ck_assert_int_eq(
		page("items_page", at, 9, ", [[\"d\", 4], [\"e\", 5]]"), -1);
	at = page("keys_page", 0, 2, ", [\"b\", \"d\"]");
	ck_assert_int_eq(page("values_page", at, 1, ", [5]"), -1);
	ck_assert_int_eq(page("keys_page", at, 1, ", [\"e\"]"), -1);
	CALL("clear", "%s", "");
	ck_assert_int_eq(page("keys_page", at, 1, ", []"), -1);
	CALL("set", "\"f\", 6");
	ck_assert_int_eq(page("keys_page", at, 1, ", [\"f\"]"), -1);
	ck_assert_int_eq(page("keys_page", -1, 1, ", []"), -1);
	ASSERT_CALL("INVALID", "keys_page", "0, 0");
	ASSERT_CALL("INVALID", "keys_page", "0, -1");
}
END_TEST

START_TEST(dict_pages_fit_a_value)
{
	struct core_config config = CORE_CONFIG_DEFAULT;
	int64_t at = 0;
	int n = 0;

	world_free(w);
	config.max_value = 200;
	w = world_new(&config);
	lane = world_client(w, 1);
	object = world_make(w, lane, "dict", "");
	for (int i = 0; i < 10; i++)
		ASSERT_CALL("ok", "set",
			    "%d, "
			    "\"0123456789012345678901234567890123456789\"",
			    i);
	ASSERT_CALL("TOO_BIG", "items", "%s", "");
	ASSERT_CALL("TOO_BIG", "values", "%s", "");
	ASSERT_CALL("TOO_BIG", "copy", "%s", "");
	ASSERT_CALL("TOO_BIG", "top", "10");
	ASSERT_CALL("ok [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]", "keys", "%s", "");
	for (; at != -1; n++) {
		const char *answer = CALL("items_page", "%lld, 100",
					  (long long)at);

		ck_assert_int_eq(strncmp(answer, "ok ", 3), 0);
		at = strtoll(answer + 3, NULL, 10);
		ck_assert_ptr_nonnull(strstr(answer, "[["));
	}
	ck_assert_int_ge(n, 3);
	ck_assert_int_le(n, 10);
}
END_TEST

/* --- handles --- */

START_TEST(dict_keeps_alive_what_it_holds)
{
	uint64_t inner = world_make(w, lane, "list", "[7]");
	const unsigned long long id = inner;
	char want[64];

	ASSERT_CALL("ok", "set", "\"a\", [<%llu>]", id);
	ASSERT_CALL("ok", "set", "\"b\", <%llu>", id);
	ASSERT_CALL("TYPE", "set", "<%llu>, 1", id);
	ASSERT_CALL("TYPE", "get", "[<%llu>]", id);
	world_release(w, lane, inner, 1);
	ck_assert_uint_eq(core_object_count(w->core), 2);
	snprintf(want, sizeof(want), "ok [[<list %llu>], <list %llu>]", id, id);
	ASSERT_CALL(want, "values", "%s", "");
	world_release(w, lane, inner, 2);
	ASSERT_CALL("ok", "delete", "\"a\"");
	snprintf(want, sizeof(want), "ok [\"b\", <list %llu>]", id);
	ASSERT_CALL(want, "popitem", "%s", "");
	world_release(w, lane, inner, 1);
	ck_assert_uint_eq(core_object_count(w->core), 1);
}
END_TEST

START_TEST(dict_answers_book_the_handles_in_them)
{
	static const char *const calls[][2] = {
		{ "get", "\"a\"" },
		{ "get_default", "\"a\", 1" },
		{ "setdefault", "\"a\", 1" },
		{ "values", "" },
		{ "items", "" },
		{ "values_page", "0, 1" },
		{ "items_page", "0, 1" },
		{ "copy", "" },
		{ "top", "1" },
		{ "pop", "\"a\"" },
		{ "popitem", "" },
	};

	for (int i = 0; i < 13; i++) {
		uint64_t inner = world_make(w, lane, "list", "");
		const unsigned long long id = inner;

		CALL("clear", "%s", "");
		if (i < 11) {
			CALL("set", "\"a\", <%llu>", id);
			CALL(calls[i][0], "%s", calls[i][1]);
		} else if (i == 11) {
			CALL("get_default", "\"b\", [<%llu>]", id);
		} else {
			CALL("setdefault", "\"b\", <%llu>", id);
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

START_TEST(dict_may_hold_itself)
{
	const unsigned long long self = object;
	char want[64];

	ASSERT_CALL("ok", "set", "\"me\", <%llu>", self);
	snprintf(want, sizeof(want), "{\"me\": <dict %llu>}", self);
	assert_content(want);
	ASSERT_CALL("ok true", "compare_and_set", "\"me\", <%llu>, 1", self);
	world_release(w, lane, object, 1);
	ck_assert_uint_eq(core_object_count(w->core), 0);
}
END_TEST

/* --- errors and printing --- */

START_TEST(dict_errors_name_the_key)
{
	set_content("{\"a\": \"x\", \"z\": 9223372036854775807}");
	ck_assert_str_eq(detail("get", "\"b\""), "no key \"b\"");
	ck_assert_str_eq(detail("pop", "[1, 2]"), "no key [1, 2]");
	ck_assert_str_eq(detail("add", "\"a\", 1"),
			 "the value of \"a\" is not a number");
	ck_assert_str_eq(detail("add", "\"z\", 1"),
			 "the sum for \"z\" does not fit 64 bits");
	ck_assert_str_eq(detail("update", "[[1, 2], [3]]"),
			 "item 1 is not a list of a key and a value");
	ck_assert_str_eq(detail("keys_page", "0, 0"), "a page of 0 entries");
	set_content("{}");
	ASSERT_CALL("EMPTY", "popitem", "%s", "");
}
END_TEST

START_TEST(dict_prints_its_contents)
{
	set_content("[[\"b\", [1]], [2, nil]]");
	assert_content("{\"b\": [1], 2: nil}");
	ASSERT_CALL("ok \"{\\\"b\\\": […\"", "str", "7");
	ASSERT_CALL("ok \"{\\\"b\\\": …\"", "str", "6");
	ASSERT_CALL("ok \"{…\"", "str", "1");
	set_content("{}");
	assert_content("{}");
}
END_TEST

static Suite *
dict_type_suite(void)
{
	Suite *suite = suite_create("dict_type");
	TCase *tcase = tcase_create("dict_type");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, one_object_teardown);
	tcase_add_test(tcase, dict_has_the_history_of_python);
	tcase_add_test(tcase, dict_keys_are_strict_about_types);
	tcase_add_test(tcase, dict_setting_again_keeps_the_place);
	tcase_add_test(tcase, dict_is_made_from_a_map_pairs_or_a_handle);
	tcase_add_test(tcase, dict_takes_itself);
	tcase_add_test(tcase, dict_update_is_all_or_nothing);
	tcase_add_test(tcase, dict_add_is_exact);
	tcase_add_test(tcase, dict_add_of_a_double_makes_a_double);
	tcase_add_test(tcase, dict_add_needs_numbers);
	tcase_add_test(tcase, dict_add_many_is_all_or_nothing);
	tcase_add_test(tcase, dict_get_many_gives_nil_for_what_is_missing);
	tcase_add_test(tcase, dict_compare_and_set_is_strict);
	tcase_add_test(tcase, dict_top_of_equals_takes_the_earlier);
	tcase_add_test(tcase, dict_pages_survive_changes);
	tcase_add_test(tcase, dict_pages_fit_a_value);
	tcase_add_test(tcase, dict_keeps_alive_what_it_holds);
	tcase_add_test(tcase, dict_answers_book_the_handles_in_them);
	tcase_add_test(tcase, dict_may_hold_itself);
	tcase_add_test(tcase, dict_errors_name_the_key);
	tcase_add_test(tcase, dict_prints_its_contents);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(dict_type_suite());
}
