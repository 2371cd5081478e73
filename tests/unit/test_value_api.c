/*
 * Values as programs see them: made, asked, printed, counted.
 */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "mproxy/value.h"
#include "tests/harness/check-main.h"
#include "tests/harness/fault.h"
#include "tests/harness/value-check.h"
#include "tests/harness/values.h"
#include "tests/unit/object-stub.h"

static void
setup(void)
{
	ck_assert_uint_eq(stub_live(), 0);
}

static void
teardown(void)
{
	ck_assert_uint_eq(stub_live(), 0);
}

/* --- constructors --- */

START_TEST(scalars_print_as_what_they_are)
{
	ck_assert_value(mproxy_value_nil(), "nil");
	ck_assert_value(mproxy_value_bool(true), "true");
	ck_assert_value(mproxy_value_bool(false), "false");
	ck_assert_value(mproxy_value_int(INT64_MIN), "-9223372036854775808");
	ck_assert_value(mproxy_value_uint(UINT64_MAX), "18446744073709551615");
	ck_assert_value(mproxy_value_double(1), "1.0");
	ck_assert_value(mproxy_value_double(0.1), "0.1");
	ck_assert_value(mproxy_value_double(-0.0), "0.0");
	ck_assert_value(mproxy_value_double(NAN), "nan");
	ck_assert_value(mproxy_value_string("gr\xc3\xbc\xc3\x9f\n"),
			"\"gr\xc3\xbc\xc3\x9f\\n\"");
	ck_assert_value(mproxy_value_string_n("abcdef", 3), "\"abc\"");
	ck_assert_value(mproxy_value_bytes("\0\xff", 2), "b\"\\x00\\xff\"");
	ck_assert_value(mproxy_value_bytes(NULL, 0), "b\"\"");
}
END_TEST

START_TEST(same_integer_is_same_value_signed_or_not)
{
	struct mproxy_value *a = mproxy_value_int(INT64_MAX);
	struct mproxy_value *b = mproxy_value_uint(INT64_MAX);

	ck_assert(mproxy_value_equal(a, b));
	ck_assert_int_eq(mproxy_value_kind(b), MPROXY_INT);
	mproxy_value_free(a);
	mproxy_value_free(b);
}
END_TEST

START_TEST(one_and_one_point_zero_and_true_differ)
{
	struct mproxy_value *values[] = { MPROXY(1), MPROXY(1.0),
					  mproxy_value_bool(true),
					  MPROXY("1") };

	for (int i = 0; i < 4; i++)
		for (int j = 0; j < 4; j++)
			ck_assert_int_eq(
				mproxy_value_equal(values[i], values[j]),
				i == j);
	/* but they are sorted as numbers are: 1 before 1.0, true before both */
	ck_assert_int_lt(mproxy_value_compare(values[0], values[1]), 0);
	ck_assert_int_lt(mproxy_value_compare(values[2], values[0]), 0);
	ck_assert_int_gt(mproxy_value_compare(values[3], values[0]), 0);
	for (int i = 0; i < 4; i++)
		mproxy_value_free(values[i]);
}
END_TEST

START_TEST(text_that_is_no_text_is_refused_with_the_reason)
{
	struct mproxy_value *list;

	ck_assert_ptr_null(mproxy_value_string(NULL));
	ck_assert_str_eq(mproxy_error_detail(), "a text is NULL");
	ck_assert_ptr_null(mproxy_value_string("\xff"));
	ck_assert_ptr_null(mproxy_value_string_n("a\0b", 3));
	/* the reason survives the way through other constructors */
	list = MPROXY_ARGS(1, "\xff", 2);
	ck_assert_ptr_null(list);
	ck_assert_int_eq(value_null_error(), MPROXY_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(mproxy_error_detail(), "not UTF-8"));
}
END_TEST

START_TEST(lists_and_maps_nest)
{
	ck_assert_value(mproxy_value_list(0, NULL), "[]");
	ck_assert_value(mproxy_value_map(0, NULL, NULL), "{}");
	ck_assert_value(
		MPROXY_LIST(1, MPROXY_LIST("x", 2.5), MPROXY_MAP("k", 7)),
		"[1, [\"x\", 2.5], {\"k\": 7}]");
}
END_TEST

START_TEST(map_is_sorted_by_key_and_the_last_equal_key_counts)
{
	ck_assert_value(MPROXY_MAP("b", 1, "a", 2, 3, 3, "b", 4),
			"{3: 3, \"a\": 2, \"b\": 4}");
}
END_TEST

START_TEST(long_lists_have_long_lengths)
{
	enum { N = 100000 };
	struct mproxy_value **items = calloc(N, sizeof(struct mproxy_value *));
	struct mproxy_value *list, *item;
	int64_t number;

	for (int i = 0; i < N; i++)
		items[i] = MPROXY(i);
	list = mproxy_value_list(N, items);
	free(items);
	ck_assert_uint_eq(mproxy_value_count(list), N);
	for (size_t i = 0; i < N; i += 7) {
		ck_assert_int_eq(mproxy_value_item(list, i, &item), 0);
		ck_assert_int_eq(mproxy_value_get_int(item, &number), 0);
		ck_assert_int_eq(number, (int64_t)i);
		mproxy_value_free(item);
	}
	ck_assert_fails(mproxy_value_item(list, N, &item), RANGE,
			"no item 100000 in a value of 100000");
	mproxy_value_free(list);
}
END_TEST

START_TEST(nesting_ends_at_64_levels)
{
	struct mproxy_value *value = MPROXY(1);

	for (int depth = 2; depth <= 64; depth++)
		value = MPROXY_LIST(value);
	ck_assert_ptr_nonnull(value);
	ck_assert_ptr_null(MPROXY_MAP("k", mproxy_value_ref(value)));
	ck_assert_ptr_null(MPROXY_LIST(value));
	ck_assert_int_eq(value_null_error(), MPROXY_ERR_LIMIT);
}
END_TEST

START_TEST(depth_of_a_value_from_outside_is_found_by_looking)
{
	struct mproxy_value *inner = MPROXY_LIST(1, MPROXY_MAP("k", 1), 2);
	struct mproxy_value *copy = value_new(value_span(inner));

	mproxy_value_free(inner);
	for (int depth = 4; depth <= 64; depth++)
		copy = MPROXY_LIST(copy);
	ck_assert_ptr_nonnull(copy);
	ck_assert_ptr_null(MPROXY_LIST(copy));
}
END_TEST

/* --- asking --- */

START_TEST(integers_are_given_where_they_fit)
{
	struct mproxy_value *values[] = { MPROXY(-1),
					  mproxy_value_uint(1ull << 63),
					  MPROXY(2.0) };
	int64_t i = 5;
	uint64_t u = 5;
	double d;

	ck_assert_int_eq(mproxy_value_get_int(values[0], &i), 0);
	ck_assert_int_eq(i, -1);
	ck_assert_fails(mproxy_value_get_uint(values[0], &u), RANGE,
			"-1 does not fit uint64_t");
	ck_assert_fails(mproxy_value_get_int(values[1], &i), RANGE,
			"9223372036854775808 does not fit int64_t");
	ck_assert_fails(mproxy_value_get_int(values[2], &i), TYPE,
			"wanted integer, is double");
	ck_assert_int_eq(i, -1);
	ck_assert_uint_eq(u, 5);
	ck_assert_int_eq(mproxy_value_get_uint(values[1], &u), 0);
	ck_assert_uint_eq(u, 1ull << 63);
	ck_assert_int_eq(mproxy_value_get_double(values[0], &d), 0);
	ck_assert(d < -0.5 && d > -1.5);
	for (int n = 0; n < 3; n++)
		mproxy_value_free(values[n]);
}
END_TEST

START_TEST(text_is_lent_with_its_nul)
{
	struct mproxy_value *value = MPROXY("hello");
	const char *text;
	const void *data;
	size_t size;

	ck_assert_int_eq(mproxy_value_get_string(value, &text, &size), 0);
	ck_assert_str_eq(text, "hello");
	ck_assert_uint_eq(size, 5);
	ck_assert_int_eq(mproxy_value_get_string(value, &text, NULL), 0);
	ck_assert_fails(mproxy_value_get_bytes(value, &data, &size), TYPE,
			"wanted bytes, is string");
	mproxy_value_free(value);
}
END_TEST

START_TEST(structs_go_in_and_out_as_bytes)
{
	struct point {
		double x, y;
	} in = { 1.5, 2.5 }, out = { 0, 0 };
	struct mproxy_value *value = mproxy_value_bytes(&in, sizeof(in));
	char small[3];

	ck_assert_int_eq(mproxy_value_copy_bytes(value, &out, sizeof(out)), 0);
	ck_assert_int_eq(memcmp(&in, &out, sizeof(in)), 0);
	ck_assert_fails(mproxy_value_copy_bytes(value, small, sizeof(small)),
			RANGE, "wanted 3 bytes, there are 16");
	mproxy_value_free(value);
}
END_TEST

START_TEST(no_value_is_answered_as_nil)
{
	int64_t i;

	ck_assert_int_eq(mproxy_value_kind(NULL), MPROXY_NIL);
	ck_assert_uint_eq(mproxy_value_count(NULL), 0);
	ck_assert_fails(mproxy_value_get_int(NULL, &i), TYPE,
			"wanted integer, is nil");
	ck_assert_ptr_null(mproxy_value_free(NULL));
	ck_assert_ptr_null(mproxy_value_ref(NULL));
}
END_TEST

START_TEST(map_is_read_by_place_and_by_key)
{
	struct mproxy_value *map = MPROXY_MAP("one", 1, "two", 2, "three", 3);
	struct mproxy_value *list = MPROXY_LIST(1), *key, *item;

	ck_assert_uint_eq(mproxy_value_count(map), 3);
	ck_assert_int_eq(mproxy_value_entry(map, 1, &key, &item), 0);
	ck_assert_value(key, "\"three\"");
	ck_assert_value(item, "3");
	ck_assert_int_eq(mproxy_value_entry(map, 2, NULL, NULL), 0);
	ck_assert_int_eq(mproxy_value_entry(map, 3, &key, &item),
			 MPROXY_ERR_RANGE);
	ck_assert_int_eq(mproxy_value_find(map, MPROXY("two"), &item), 0);
	ck_assert_value(item, "2");
	ck_assert_int_eq(mproxy_value_find(map, MPROXY("four"), &item),
			 MPROXY_ERR_NOT_FOUND);
	ck_assert_int_eq(mproxy_value_find(map, MPROXY("\xff"), &item),
			 MPROXY_ERR_INVALID);
	ck_assert_fails(mproxy_value_find(list, MPROXY(1), &item), TYPE,
			"wanted map, is list");
	ck_assert_fails(mproxy_value_item(map, 0, &item), TYPE,
			"wanted list or numbers, is map");
	mproxy_value_free(map);
	mproxy_value_free(list);
}
END_TEST

/* --- handles --- */

START_TEST(value_holds_its_object_and_parts_hold_theirs)
{
	struct mproxy_object *a = stub_object(stub_manager, 7, "list");
	struct mproxy_object *b = stub_object(stub_manager, 8, "dict");
	struct mproxy_object *object;
	/* the second comes first in the order of the keys */
	struct mproxy_value *map = MPROXY_MAP("z", MPROXY_LIST(a, 1), "k", b,
					      "z2", a);
	struct mproxy_value *part, *handle;

	mproxy_object_free(a);
	mproxy_object_free(b);
	ck_assert_uint_eq(stub_live(), 2);
	ck_assert_int_eq(mproxy_value_entry(map, 1, NULL, &part), 0);
	mproxy_value_free(map);
	ck_assert_uint_eq(stub_live(), 1);
	ck_assert_int_eq(mproxy_value_item(part, 0, &handle), 0);
	mproxy_value_free(part);
	ck_assert_fails(mproxy_value_get_object(handle, "dict", &object), TYPE,
			"wanted handle of a dict, is handle of a list");
	ck_assert_int_eq(mproxy_value_get_object(handle, "list", &object), 0);
	ck_assert_uint_eq(object->id, 7);
	ck_assert_value(handle, "<list 7>");
	mproxy_object_free(object);
}
END_TEST

START_TEST(handles_go_neither_into_keys_nor_together_with_strangers)
{
	struct mproxy_object *a = stub_object(stub_manager, 7, "list");
	struct mproxy_object *b = stub_object(stub_other_manager, 7, "list");

	ck_assert_ptr_null(MPROXY_MAP(MPROXY_LIST(1, a), 1));
	ck_assert_int_eq(value_null_error(), MPROXY_ERR_TYPE);
	ck_assert_ptr_null(MPROXY_LIST(a, b));
	ck_assert_int_eq(value_null_error(), MPROXY_ERR_INVALID);
	ck_assert_ptr_null(mproxy_value_object(NULL));
	mproxy_object_free(a);
	mproxy_object_free(b);
}
END_TEST

START_TEST(received_value_owns_the_references_it_came_with)
{
	struct mproxy_object *a = stub_object(stub_manager, 300, "queue");
	struct mproxy_value *sent = MPROXY_LIST(a, MPROXY_MAP("k", a)), *got;

	mproxy_object_free(a);
	ck_assert_int_eq(value_receive(stub_manager, value_span(sent), &got),
			 0);
	mproxy_value_free(sent);
	ck_assert_uint_eq(stub_live(), 2);
	ck_assert_value(got, "[<queue 300>, {\"k\": <queue 300>}]");
	ck_assert_uint_eq(stub_released(), 0);
	ck_assert_int_eq(
		value_receive(stub_manager, span_make("\x08", 1), &got),
		MPROXY_ERR_PROTOCOL);
}
END_TEST

/* --- all together --- */

/* Takes value; gives the same, built anew from its parts. */
static struct mproxy_value *
rebuild(struct mproxy_value *value)
{
	enum mproxy_kind kind = mproxy_value_kind(value);
	size_t n = mproxy_value_count(value);
	struct mproxy_value **keys, **items;

	if (kind != MPROXY_LIST && kind != MPROXY_MAP)
		return value;
	keys = calloc(n + 1, sizeof(struct mproxy_value *));
	items = calloc(n + 1, sizeof(struct mproxy_value *));
	for (size_t i = n; i-- > 0;) {
		if (kind == MPROXY_MAP)
			ck_assert_ok(mproxy_value_entry(value, i, &keys[i],
							&items[i]));
		else
			ck_assert_ok(mproxy_value_item(value, i, &items[i]));
		items[i] = rebuild(items[i]);
	}
	mproxy_value_free(value);
	if (kind == MPROXY_MAP)
		value = mproxy_value_map(n, keys, items);
	else
		value = mproxy_value_list(n, items);
	free(keys);
	free(items);
	return value;
}

START_TEST(any_value_built_anew_from_its_parts_is_the_same)
{
	uint64_t seed = check_seed(1);

	for (int round = 0; round < 300; round++) {
		uint64_t state = seed + (uint64_t)round;
		struct buffer bytes = BUFFER_INIT;
		struct mproxy_value *value;

		values_random(&bytes, &state, 5, true);
		ck_assert_ok(value_receive(stub_manager, buffer_span(&bytes),
					   &value));
		value = rebuild(value);
		ck_assert_msg(
			span_equal(value_span(value), buffer_span(&bytes)),
			"seed %llu",
			(unsigned long long)seed + (unsigned)round);
		mproxy_value_free(value);
		buffer_deinit(&bytes);
	}
}
END_TEST

static void *
read_backwards(void *argument)
{
	struct mproxy_value *list = argument, *item;
	uintptr_t sum = 0;
	int64_t n = 0;

	for (size_t i = mproxy_value_count(list); i-- > 0;) {
		if (mproxy_value_item(list, i, &item) == 0)
			mproxy_value_get_int(item, &n);
		mproxy_value_free(item);
		sum += (uintptr_t)n;
	}
	return (void *)sum;
}

START_TEST(threads_may_read_the_same_value)
{
	int64_t numbers[1000];
	pthread_t threads[4];
	struct mproxy_value *list;
	void *sum;

	for (int i = 0; i < 1000; i++)
		numbers[i] = i;
	list = mproxy_value_list_from_numbers(MPROXY_I64, numbers, 1000);
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, read_backwards, list);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], &sum);
		ck_assert_uint_eq((uintptr_t)sum, 499500);
	}
	mproxy_value_free(list);
}
END_TEST

/* --- macros --- */

START_TEST(macro_knows_every_type_of_variable)
{
	char c = 1;
	signed char sc = -2;
	unsigned char uc = 3;
	short s = -4;
	unsigned short us = 5;
	unsigned int u = 6;
	long l = -7;
	unsigned long ul = 8;
	long long ll = -9;
	unsigned long long ull = 10;
	const float f = 0.5f;
	bool b = true;
	char text[] = "text";
	const char *const words = "words";

	ck_assert_value(MPROXY_ARGS(c, sc, uc, s, us, 0, u, l, ul, ll, ull, f,
				    2.5, b, text, words),
			"[1, -2, 3, -4, 5, 0, 6, -7, 8, -9, 10, 0.5, 2.5, "
			"true, \"text\", \"words\"]");
}
END_TEST

START_TEST(macro_evaluates_once)
{
	int n = 0;
	struct mproxy_value *value = MPROXY(++n);

	ck_assert_value(value, "1");
	ck_assert_int_eq(n, 1);
}
END_TEST

START_TEST(macro_makes_handles_of_typed_proxies)
{
	struct mproxy_object *object = stub_object(stub_manager, 9, "dict");
	struct mproxy_dict *dict = (struct mproxy_dict *)object;

	ck_assert_value(MPROXY_ARGS(dict, object), "[<dict 9>, <dict 9>]");
	mproxy_object_free(object);
}
END_TEST

/* --- memory runs out --- */

static struct mproxy_value *
make_much(struct mproxy_object *object)
{
	const int32_t numbers[] = { 1, 2, 3 };

	return MPROXY_LIST(
		MPROXY_MAP("key", object, 2, MPROXY_LIST(object, "text")),
		mproxy_value_numbers(MPROXY_I32, numbers, 3),
		mproxy_value_list_from_numbers(MPROXY_I32, numbers, 3),
		mproxy_value_bytes("x", 1));
}

START_TEST(memory_that_runs_out_is_reported_and_nothing_leaks)
{
	struct mproxy_object *object = stub_object(stub_manager, 9, "dict");
	struct mproxy_value *value = NULL, *part = NULL;
	int error = 0;

	for (unsigned n = 1; !value; n++) {
		ck_assert_uint_lt(n, 100);
		fault_fail_at(n);
		value = make_much(object);
		if (!value)
			error = value_null_error();
		fault_reset();
		if (value)
			break;
		ck_assert_int_eq(error, MPROXY_ERR_NO_MEMORY);
		ck_assert_uint_eq(atomic_load(&object->refs), 1);
	}
	for (unsigned n = 1; !part; n++) {
		fault_fail_at(n);
		error = mproxy_value_item(value, 0, &part);
		fault_reset();
		if (!part)
			ck_assert_int_eq(error, MPROXY_ERR_NO_MEMORY);
	}
	mproxy_value_free(part);
	mproxy_value_free(value);
	mproxy_object_free(object);
}
END_TEST

START_TEST(reply_without_memory_gives_all_references_back)
{
	struct mproxy_object *object = stub_object(stub_manager, 9, "dict");
	struct mproxy_value *sent = MPROXY_LIST(object, object, object), *got;
	size_t before = stub_released();
	int error = MPROXY_ERR_NO_MEMORY;

	for (unsigned n = 1; error; n++) {
		size_t live = stub_live(), released;

		fault_fail_at(n);
		error = value_receive(stub_manager, value_span(sent), &got);
		fault_reset();
		released = stub_released();
		if (!error)
			break;
		ck_assert_int_eq(error, MPROXY_ERR_NO_MEMORY);
		ck_assert_uint_eq(stub_live(), live);
		ck_assert_uint_le(released - before, 3);
		/* without the value itself all three, else those that failed */
		ck_assert_uint_ge(released - before, 1);
		before = released;
	}
	mproxy_value_free(got);
	mproxy_value_free(sent);
	mproxy_object_free(object);
}
END_TEST

static Suite *
value_suite(void)
{
	Suite *suite = suite_create("value-api");
	TCase *tcase = tcase_create("values");

	tcase_set_timeout(tcase, 30);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, scalars_print_as_what_they_are);
	tcase_add_test(tcase, same_integer_is_same_value_signed_or_not);
	tcase_add_test(tcase, one_and_one_point_zero_and_true_differ);
	tcase_add_test(tcase, text_that_is_no_text_is_refused_with_the_reason);
	tcase_add_test(tcase, lists_and_maps_nest);
	tcase_add_test(tcase,
		       map_is_sorted_by_key_and_the_last_equal_key_counts);
	tcase_add_test(tcase, long_lists_have_long_lengths);
	tcase_add_test(tcase, nesting_ends_at_64_levels);
	tcase_add_test(tcase,
		       depth_of_a_value_from_outside_is_found_by_looking);
	tcase_add_test(tcase, integers_are_given_where_they_fit);
	tcase_add_test(tcase, text_is_lent_with_its_nul);
	tcase_add_test(tcase, structs_go_in_and_out_as_bytes);
	tcase_add_test(tcase, no_value_is_answered_as_nil);
	tcase_add_test(tcase, map_is_read_by_place_and_by_key);
	tcase_add_test(tcase, value_holds_its_object_and_parts_hold_theirs);
	tcase_add_test(
		tcase,
		handles_go_neither_into_keys_nor_together_with_strangers);
	tcase_add_test(tcase, received_value_owns_the_references_it_came_with);
	tcase_add_test(tcase, any_value_built_anew_from_its_parts_is_the_same);
	tcase_add_test(tcase, threads_may_read_the_same_value);
	tcase_add_test(tcase, macro_knows_every_type_of_variable);
	tcase_add_test(tcase, macro_evaluates_once);
	tcase_add_test(tcase, macro_makes_handles_of_typed_proxies);
	tcase_add_test(tcase,
		       memory_that_runs_out_is_reported_and_nothing_leaks);
	tcase_add_test(tcase, reply_without_memory_gives_all_references_back);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(value_suite());
}
