/*
 * Building values and taking them apart, against bytes written by hand from
 * the encoding of protobuf.
 */
#include "proto/value.h"

#include <math.h>
#include <stdlib.h>

#include "tests/harness/check-main.h"
#include "tests/harness/fault.h"

#define NIL LITERAL("\x08\x01")
#define ONE LITERAL("\x18\x02")
#define TWO LITERAL("\x18\x04")
#define THREE LITERAL("\x18\x06")
#define TEXT_A LITERAL("\x32\x01\x61")
#define TEXT_B LITERAL("\x32\x01\x62")

static struct buffer out;

static void
teardown(void)
{
	fault_reset();
	buffer_deinit(&out);
}

/* The buffer holds just these bytes, which are valid; empties it. */
static struct value
take_valid(struct span want)
{
	struct value value;
	const char *why = "";

	ck_assert_buffer(out, want);
	ck_assert_msg(value_validate(want, &value, &why) == 0, "%s", why);
	ck_assert_bytes(value.bytes, want);
	buffer_clear(&out);
	return value;
}

START_TEST(nil_and_bools_are_two_bytes)
{
	value_put_nil(&out);
	ck_assert_int_eq(take_valid(NIL).kind, MPROXY_NIL);
	value_put_bool(&out, false);
	ck_assert(!take_valid(LITERAL("\x10\x00")).boolean);
	value_put_bool(&out, true);
	ck_assert(take_valid(LITERAL("\x10\x01")).boolean);
}
END_TEST

static const struct {
	int64_t value;
	struct span bytes;
} integers[] = {
	{ 0, { 2, (const uint8_t *)"\x18\x00" } },
	{ -1, { 2, (const uint8_t *)"\x18\x01" } },
	{ 1, { 2, (const uint8_t *)"\x18\x02" } },
	{ 63, { 2, (const uint8_t *)"\x18\x7e" } },
	{ -64, { 2, (const uint8_t *)"\x18\x7f" } },
	{ 64, { 3, (const uint8_t *)"\x18\x80\x01" } },
	{ 8191, { 3, (const uint8_t *)"\x18\xfe\x7f" } },
	{ 8192, { 4, (const uint8_t *)"\x18\x80\x80\x01" } },
	{ INT64_MAX,
	  { 11, (const uint8_t *)"\x18\xfe\xff\xff\xff\xff\xff\xff\xff\xff"
				 "\x01" } },
	{ INT64_MIN,
	  { 11, (const uint8_t *)"\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff"
				 "\x01" } },
};

START_TEST(integers_are_zigzag_varints)
{
	for (size_t i = 0; i < sizeof(integers) / sizeof(*integers); i++) {
		struct value value;

		value_put_int(&out, integers[i].value);
		value = take_valid(integers[i].bytes);
		ck_assert_int_eq(value.kind, MPROXY_INT);
		ck_assert_int_eq(value.integer, integers[i].value);
	}
}
END_TEST

START_TEST(unsigned_is_used_only_above_the_range_of_integers)
{
	struct value value;

	value_put_uint(&out, 1);
	ck_assert_int_eq(take_valid(ONE).kind, MPROXY_INT);
	value_put_uint(&out, INT64_MAX);
	ck_assert_int_eq(take_valid(integers[8].bytes).kind, MPROXY_INT);
	value_put_uint(&out, UINT64_C(1) << 63);
	value = take_valid(LITERAL("\x20\x80\x80\x80\x80\x80\x80\x80\x80\x80"
				   "\x01"));
	ck_assert_int_eq(value.kind, MPROXY_UINT);
	ck_assert_uint_eq(value.unsigned_, UINT64_C(1) << 63);
	value_put_uint(&out, UINT64_MAX);
	value = take_valid(LITERAL("\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff"
				   "\x01"));
	ck_assert_uint_eq(value.unsigned_, UINT64_MAX);
}
END_TEST

START_TEST(doubles_are_eight_bytes_with_one_zero_and_one_nan)
{
	struct span zero = LITERAL("\x29\0\0\0\0\0\0\0\0");
	struct span nan_bytes = LITERAL("\x29\0\0\0\0\0\0\xf8\x7f");

	value_put_double(&out, 1.5);
	ck_assert_double_eq(
		take_valid(LITERAL("\x29\0\0\0\0\0\0\xf8\x3f")).real, 1.5);
	value_put_double(&out, -INFINITY);
	take_valid(LITERAL("\x29\0\0\0\0\0\0\xf0\xff"));
	value_put_double(&out, 0.0);
	take_valid(zero);
	value_put_double(&out, -0.0);
	ck_assert(!signbit(take_valid(zero).real));
	value_put_double(&out, -(double)NAN);
	ck_assert(isnan(take_valid(nan_bytes).real));
	value_put_double(&out, nan("0x1234"));
	take_valid(nan_bytes);
}
END_TEST

START_TEST(text_and_data_have_their_length_in_front)
{
	struct value value;

	value_put_text(&out, span_text("é"));
	value = take_valid(LITERAL("\x32\x02\xc3\xa9"));
	ck_assert_int_eq(value.kind, MPROXY_STRING);
	ck_assert_bytes(value.text, LITERAL("é"));
	value_put_text(&out, LITERAL(""));
	ck_assert_uint_eq(take_valid(LITERAL("\x32\x00")).text.size, 0);
	value_put_bytes(&out, LITERAL("\0\xff"));
	value = take_valid(LITERAL("\x3a\x02\0\xff"));
	ck_assert_int_eq(value.kind, MPROXY_BYTES);
	ck_assert_bytes(value.text, LITERAL("\0\xff"));
}
END_TEST

START_TEST(numbers_are_little_endian_behind_their_type)
{
	static const int16_t shorts[] = { 1, -2 };
	static const double one = 1.0;
	struct value value;

	value_put_numbers(&out, MPROXY_I16, shorts, 2);
	value = take_valid(LITERAL("\x42\x08\x08\x03\x12\x04\x01\0\xfe\xff"));
	ck_assert_int_eq(value.kind, MPROXY_NUMBERS);
	ck_assert_int_eq(value.numbers.type, MPROXY_I16);
	ck_assert_uint_eq(value.numbers.n, 2);
	ck_assert_bytes(value.numbers.data, LITERAL("\x01\0\xfe\xff"));
	value_put_numbers(&out, MPROXY_F64, &one, 1);
	take_valid(LITERAL("\x42\x0c\x08\x0a\x12\x08\0\0\0\0\0\0\xf0\x3f"));
	value_put_numbers(&out, MPROXY_F64, NULL, 0);
	value = take_valid(LITERAL("\x42\x02\x08\x0a"));
	ck_assert_uint_eq(value.numbers.n, 0);
}
END_TEST

START_TEST(numbers_of_no_type_or_too_many_fail_the_buffer)
{
	value_put_numbers(&out, (enum mproxy_number)11, "x", 1);
	ck_assert(buffer_failed(&out));
	buffer_clear(&out);
	value_put_numbers(&out, MPROXY_F64, "x", SIZE_MAX / 4);
	ck_assert(buffer_failed(&out));
}
END_TEST

START_TEST(handle_has_an_object_and_perhaps_a_type)
{
	struct value value;

	value_put_handle(&out, 300, LITERAL("list"));
	value = take_valid(LITERAL("\x5a\x09\x08\xac\x02\x12\x04list"));
	ck_assert_int_eq(value.kind, MPROXY_HANDLE);
	ck_assert(value.has_handles);
	ck_assert_uint_eq(value.handle.object, 300);
	ck_assert_bytes(value.handle.type, LITERAL("list"));
	value_put_handle(&out, 1, LITERAL(""));
	value = take_valid(LITERAL("\x5a\x02\x08\x01"));
	ck_assert_uint_eq(value.handle.type.size, 0);
}
END_TEST

START_TEST(list_holds_items_one_after_the_other)
{
	struct span items[] = { NIL, LITERAL("\x4a\x04\x0a\x02\x10\x01") };
	struct value_cursor cursor;
	struct value value;
	struct span item;

	value_put_list(&out, NULL, 0);
	value = take_valid(LITERAL("\x4a\x00"));
	ck_assert_uint_eq(value_count(&value), 0);
	value_put_list(&out, items, 2);
	value = take_valid(LITERAL("\x4a\x0c\x0a\x02\x08\x01"
				   "\x0a\x06\x4a\x04\x0a\x02\x10\x01"));
	ck_assert_uint_eq(value_count(&value), 2);
	cursor = value_items(&value);
	ck_assert(value_next(&cursor, &item));
	ck_assert_bytes(item, NIL);
	ck_assert(value_next(&cursor, &item));
	ck_assert_bytes(item, items[1]);
	ck_assert(!value_next(&cursor, &item));
	ck_assert(!value_next(&cursor, &item));
}
END_TEST

START_TEST(items_of_a_scalar_are_none)
{
	struct value value = value_decode(TEXT_A);
	struct value_cursor cursor = value_items(&value);
	struct span item;

	ck_assert(!value_next(&cursor, &item));
	ck_assert_uint_eq(value_count(&value), 0);
}
END_TEST

START_TEST(map_is_sorted_by_key)
{
	struct span entries[] = { TEXT_B, TWO, TEXT_A, ONE };
	struct value value;

	value_put_map(&out, entries, 2);
	value = take_valid(LITERAL("\x52\x12\x0a\x03\x32\x01\x61\x0a\x02\x18"
				   "\x02\x0a\x03\x32\x01\x62\x0a\x02\x18"
				   "\x04"));
	ck_assert_int_eq(value.kind, MPROXY_MAP);
	ck_assert_uint_eq(value_count(&value), 2);
	value_put_map(&out, NULL, 0);
	take_valid(LITERAL("\x52\x00"));
}
END_TEST

START_TEST(later_of_two_equal_keys_wins)
{
	struct span entries[] = { TEXT_B, ONE, TEXT_A, NIL,
				  TEXT_B, TWO, TEXT_B, THREE };

	value_put_map(&out, entries, 4);
	take_valid(LITERAL("\x52\x12\x0a\x03\x32\x01\x61\x0a\x02\x08\x01"
			   "\x0a\x03\x32\x01\x62\x0a\x02\x18\x06"));
}
END_TEST

START_TEST(list_written_item_by_item_is_the_same)
{
	size_t mark = value_list_begin(&out);

	value_list_item(&out, ONE);
	value_list_item(&out, NIL);
	value_list_end(&out, mark);
	take_valid(LITERAL("\x4a\x08\x0a\x02\x18\x02\x0a\x02\x08\x01"));
	mark = value_list_begin(&out);
	value_list_end(&out, mark);
	take_valid(LITERAL("\x4a\x00"));
}
END_TEST

START_TEST(list_begun_in_a_list_is_an_item_of_it)
{
	size_t outer = value_list_begin(&out);
	size_t inner;

	value_list_item(&out, ONE);
	inner = value_list_begin(&out);
	value_list_item(&out, TWO);
	value_list_end(&out, inner);
	inner = value_list_begin(&out);
	value_list_end(&out, inner);
	value_list_item(&out, NIL);
	value_list_end(&out, outer);
	/* [1, [2], [], nil] */
	take_valid(LITERAL("\x4a\x14\x0a\x02\x18\x02"
			   "\x0a\x06\x4a\x04\x0a\x02\x18\x04"
			   "\x0a\x02\x4a\x00"
			   "\x0a\x02\x08\x01"));
}
END_TEST

/* The length of the list takes 1, 2, 3 bytes, inside and outside. */
START_TEST(lists_of_any_length_written_by_item_equal_those_in_one_piece)
{
	struct span items[5000], lists[2];
	struct buffer whole = BUFFER_INIT;

	for (size_t n = 0; n < 5000; n += n < 70 ? 1 : 617) {
		struct buffer inner = BUFFER_INIT;
		size_t outer_mark, mark;

		for (size_t i = 0; i < n; i++)
			items[i] = i % 2 ? ONE : TEXT_A;
		value_put_list(&inner, items, n);
		lists[0] = lists[1] = buffer_span(&inner);
		value_put_list(&whole, lists, 2);
		buffer_deinit(&inner);
		outer_mark = value_list_begin(&out);
		for (unsigned twice = 0; twice < 2; twice++) {
			mark = value_list_begin(&out);
			for (size_t i = 0; i < n; i++)
				value_list_item(&out, items[i]);
			value_list_end(&out, mark);
		}
		value_list_end(&out, outer_mark);
		take_valid(buffer_span(&whole));
		buffer_clear(&whole);
	}
	buffer_deinit(&whole);
}
END_TEST

START_TEST(several_values_fit_one_buffer)
{
	size_t mark;

	value_put_nil(&out);
	mark = value_list_begin(&out);
	value_list_item(&out, ONE);
	value_list_end(&out, mark);
	value_put_bool(&out, true);
	ck_assert_buffer(out, LITERAL("\x08\x01\x4a\x04\x0a\x02\x18\x02"
				      "\x10\x01"));
}
END_TEST

struct seen {
	unsigned n;
	uint64_t objects[8];
};

static void
see(void *context, struct value_handle handle)
{
	struct seen *seen = context;

	seen->objects[seen->n++] = handle.object;
}

START_TEST(every_handle_is_visited_at_any_depth_in_order)
{
	/* [<1>, [[], [<2>]], {nil: <3>}, "a", <4>] */
	struct span bytes = LITERAL("\x4a\x31"
				    "\x0a\x04\x5a\x02\x08\x01"
				    "\x0a\x10\x4a\x0e\x0a\x02\x4a\x00"
				    "\x0a\x08\x4a\x06\x0a\x04\x5a\x02\x08\x02"
				    "\x0a\x0c\x52\x0a\x0a\x02\x08\x01"
				    "\x0a\x04\x5a\x02\x08\x03"
				    "\x0a\x03\x32\x01\x61"
				    "\x0a\x04\x5a\x02\x08\x04");
	struct seen seen = { 0 };

	buffer_append_span(&out, bytes);
	ck_assert(take_valid(bytes).has_handles);
	value_each_handle(bytes, see, &seen);
	ck_assert_uint_eq(seen.n, 4);
	for (uint64_t i = 0; i < 4; i++)
		ck_assert_uint_eq(seen.objects[i], i + 1);
}
END_TEST

START_TEST(value_without_handles_visits_nothing)
{
	struct seen seen = { 0 };

	value_each_handle(NIL, see, &seen);
	value_each_handle(LITERAL("\x4a\x00"), see, &seen);
	value_each_handle(LITERAL("\x4a\x04\x0a\x02\x4a\x00"), see, &seen);
	ck_assert_uint_eq(seen.n, 0);
}
END_TEST

static void
build_everything(struct buffer *to)
{
	struct span entries[] = { TWO, TEXT_A, ONE, TEXT_B };
	size_t mark = value_list_begin(to);
	size_t inner;

	value_list_item(to, TEXT_A);
	inner = value_list_begin(to);
	for (unsigned i = 0; i < 60; i++)
		value_list_item(to, TWO);
	value_list_end(to, inner);
	value_list_end(to, mark);
	value_put_map(to, entries, 2);
	value_put_numbers(to, MPROXY_U8, "0123456789", 10);
	value_put_handle(to, 1, TEXT_A);
	value_put_list(to, entries, 4);
}

START_TEST(building_without_memory_fails_the_buffer_and_nothing_else)
{
	struct buffer want = BUFFER_INIT;
	unsigned failures = 0;

	build_everything(&want);
	ck_assert(!buffer_failed(&want));
	for (unsigned n = 1; n < 100; n++) {
		struct buffer got = BUFFER_INIT;
		bool failed;

		fault_fail_at(n);
		build_everything(&got);
		fault_reset();
		failed = buffer_failed(&got);
		failures += failed;
		if (!failed)
			ck_assert_buffer(got, buffer_span(&want));
		buffer_deinit(&got);
	}
	ck_assert_uint_ge(failures, 4);
	buffer_deinit(&want);
}
END_TEST

static Suite *
value_suite(void)
{
	Suite *suite = suite_create("value");
	TCase *tcase = tcase_create("value");

	tcase_set_timeout(tcase, 10);
	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_add_test(tcase, nil_and_bools_are_two_bytes);
	tcase_add_test(tcase, integers_are_zigzag_varints);
	tcase_add_test(tcase,
		       unsigned_is_used_only_above_the_range_of_integers);
	tcase_add_test(tcase,
		       doubles_are_eight_bytes_with_one_zero_and_one_nan);
	tcase_add_test(tcase, text_and_data_have_their_length_in_front);
	tcase_add_test(tcase, numbers_are_little_endian_behind_their_type);
	tcase_add_test(tcase, numbers_of_no_type_or_too_many_fail_the_buffer);
	tcase_add_test(tcase, handle_has_an_object_and_perhaps_a_type);
	tcase_add_test(tcase, list_holds_items_one_after_the_other);
	tcase_add_test(tcase, items_of_a_scalar_are_none);
	tcase_add_test(tcase, map_is_sorted_by_key);
	tcase_add_test(tcase, later_of_two_equal_keys_wins);
	tcase_add_test(tcase, list_written_item_by_item_is_the_same);
	tcase_add_test(tcase, list_begun_in_a_list_is_an_item_of_it);
	tcase_add_test(
		tcase,
		lists_of_any_length_written_by_item_equal_those_in_one_piece);
	tcase_add_test(tcase, several_values_fit_one_buffer);
	tcase_add_test(tcase, every_handle_is_visited_at_any_depth_in_order);
	tcase_add_test(tcase, value_without_handles_visits_nothing);
	tcase_add_test(
		tcase,
		building_without_memory_fails_the_buffer_and_nothing_else);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(value_suite());
}
