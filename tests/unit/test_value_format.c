/*
 * How values are printed.
 */
#include "proto/value.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/harness/check-main.h"

static struct buffer text;

static void
teardown(void)
{
	buffer_deinit(&text);
}

static const char *
format(struct span bytes, size_t max)
{
	buffer_clear(&text);
	value_format(&text, bytes, max);
	buffer_append(&text, "", 1);
	return (const char *)text.data;
}

/* One value built by put, printed. */
#define FORMATTED(put, ...)                                                    \
	({                                                                     \
		struct buffer bytes_ = BUFFER_INIT;                            \
		put(&bytes_, __VA_ARGS__);                                     \
		const char *text_ = format(buffer_span(&bytes_), 1000);        \
		buffer_deinit(&bytes_);                                        \
		text_;                                                         \
	})

START_TEST(scalars_look_like_what_they_are)
{
	ck_assert_str_eq(format(LITERAL("\x08\x01"), 99), "nil");
	ck_assert_str_eq(FORMATTED(value_put_bool, false), "false");
	ck_assert_str_eq(FORMATTED(value_put_bool, true), "true");
	ck_assert_str_eq(FORMATTED(value_put_int, -42), "-42");
	ck_assert_str_eq(FORMATTED(value_put_int, INT64_MIN),
			 "-9223372036854775808");
	ck_assert_str_eq(FORMATTED(value_put_uint, UINT64_MAX),
			 "18446744073709551615");
	ck_assert_str_eq(FORMATTED(value_put_handle, 7, LITERAL("list")),
			 "<list 7>");
	ck_assert_str_eq(FORMATTED(value_put_handle, 7, LITERAL("")),
			 "<object 7>");
}
END_TEST

START_TEST(doubles_are_short_and_never_look_like_integers)
{
	ck_assert_str_eq(FORMATTED(value_put_double, 1.0), "1.0");
	ck_assert_str_eq(FORMATTED(value_put_double, -0.5), "-0.5");
	ck_assert_str_eq(FORMATTED(value_put_double, 0.1), "0.1");
	ck_assert_str_eq(FORMATTED(value_put_double, 0.1 + 0.2),
			 "0.30000000000000004");
	ck_assert_str_eq(FORMATTED(value_put_double, 1e300), "1e+300");
	ck_assert_str_eq(FORMATTED(value_put_double, DBL_MIN),
			 "2.2250738585072014e-308");
	ck_assert_str_eq(FORMATTED(value_put_double, (double)INFINITY), "inf");
	ck_assert_str_eq(FORMATTED(value_put_double, -(double)INFINITY),
			 "-inf");
	ck_assert_str_eq(FORMATTED(value_put_double, (double)NAN), "nan");
}
END_TEST

START_TEST(doubles_printed_read_back_as_the_same)
{
	uint64_t seed = check_seed(1);
	uint64_t state = seed;

	for (unsigned i = 0; i < 20000; i++) {
		uint64_t bits = check_random(&state);
		double value;

		memcpy(&value, &bits, sizeof(value));
		if (isnan(value) || isinf(value))
			continue;
		if (strtod(FORMATTED(value_put_double, value), NULL) != value)
			ck_abort_msg("seed %llu: %a", (unsigned long long)seed,
				     value);
	}
}
END_TEST

START_TEST(numbers_have_a_point_in_every_locale)
{
	if (!setlocale(LC_NUMERIC, "de_DE.UTF-8") &&
	    !setlocale(LC_NUMERIC, "fr_FR.UTF-8"))
		setlocale(LC_NUMERIC, "");
	ck_assert_str_eq(FORMATTED(value_put_double, 1234.5), "1234.5");
	ck_assert_str_eq(FORMATTED(value_put_double, 0.1), "0.1");
	setlocale(LC_NUMERIC, "C");
}
END_TEST

START_TEST(text_is_quoted_and_control_characters_escaped)
{
	ck_assert_str_eq(FORMATTED(value_put_text, LITERAL("")), "\"\"");
	ck_assert_str_eq(FORMATTED(value_put_text, LITERAL("é \"x\" \\")),
			 "\"é \\\"x\\\" \\\\\"");
	ck_assert_str_eq(FORMATTED(value_put_text,
				   LITERAL("\n\r\t\x01\x1b[0m\x7f\xc2\x9b")),
			 "\"\\n\\r\\t\\u0001\\u001b[0m\\u007f\\u009b\"");
	ck_assert_str_eq(FORMATTED(value_put_text, LITERAL("\xc2\xa0")),
			 "\"\xc2\xa0\"");
}
END_TEST

START_TEST(data_is_quoted_after_a_b)
{
	ck_assert_str_eq(FORMATTED(value_put_bytes, LITERAL("a\0\xff\"~")),
			 "b\"a\\x00\\xff\\\"~\"");
}
END_TEST

START_TEST(arrays_of_numbers_name_their_type)
{
	static const int16_t shorts[] = { 1, -2 };
	static const uint16_t words[] = { 65535 };
	static const uint32_t longs[] = { 4294967295 };
	static const int64_t int64s[] = { INT64_MIN };
	static const uint64_t uint64s[] = { UINT64_MAX };
	static const float floats[] = { 1.0f, 0.1f };
	static const double doubles[] = { 0.1 };

	ck_assert_str_eq(FORMATTED(value_put_numbers, MPROXY_I8, "\xff\1", 2),
			 "i8[-1, 1]");
	ck_assert_str_eq(FORMATTED(value_put_numbers, MPROXY_U8, "\xff", 1),
			 "u8[255]");
	ck_assert_str_eq(FORMATTED(value_put_numbers, MPROXY_I16, shorts, 2),
			 "i16[1, -2]");
	ck_assert_str_eq(FORMATTED(value_put_numbers, MPROXY_U16, words, 1),
			 "u16[65535]");
	ck_assert_str_eq(FORMATTED(value_put_numbers, MPROXY_I32, longs, 1),
			 "i32[-1]");
	ck_assert_str_eq(FORMATTED(value_put_numbers, MPROXY_U32, longs, 1),
			 "u32[4294967295]");
	ck_assert_str_eq(FORMATTED(value_put_numbers, MPROXY_I64, int64s, 1),
			 "i64[-9223372036854775808]");
	ck_assert_str_eq(FORMATTED(value_put_numbers, MPROXY_U64, uint64s, 1),
			 "u64[18446744073709551615]");
	ck_assert_str_eq(FORMATTED(value_put_numbers, MPROXY_F32, floats, 2),
			 "f32[1.0, 0.1]");
	ck_assert_str_eq(FORMATTED(value_put_numbers, MPROXY_F64, doubles, 1),
			 "f64[0.1]");
	ck_assert_str_eq(FORMATTED(value_put_numbers, MPROXY_F64, "", 0),
			 "f64[]");
}
END_TEST

START_TEST(containers_print_what_is_in_them)
{
	struct span entries[] = { LITERAL("\x32\x01\x61"), LITERAL("\x08\x01"),
				  LITERAL("\x4a\x00"),
				  LITERAL("\x4a\x04\x0a\x02\x18\x04") };
	struct span items[] = { LITERAL("\x18\x02"),
				{ 0 },
				LITERAL("\x4a\x04\x0a\x02\x4a\x00"),
				LITERAL("\x52\x00") };
	struct buffer map = BUFFER_INIT;

	ck_assert_str_eq(format(LITERAL("\x4a\x00"), 99), "[]");
	ck_assert_str_eq(format(LITERAL("\x52\x00"), 99), "{}");
	value_put_map(&map, entries, 2);
	items[1] = buffer_span(&map);
	ck_assert_str_eq(FORMATTED(value_put_list, items, 4),
			 "[1, {\"a\": nil, []: [2]}, [[]], {}]");
	buffer_deinit(&map);
}
END_TEST

START_TEST(output_stops_at_its_limit)
{
	/* ["aé"] prints as 7 bytes and two of é */
	struct span bytes = LITERAL("\x4a\x07\x0a\x05\x32\x03"
				    "a\xc3\xa9");

	ck_assert_str_eq(format(bytes, 7), "[\"aé\"]");
	ck_assert_str_eq(format(bytes, 6), "[\"aé\"…");
	ck_assert_str_eq(format(bytes, 5), "[\"aé…");
	ck_assert_str_eq(format(bytes, 4), "[\"a…");
	ck_assert_str_eq(format(bytes, 3), "[\"a…");
	ck_assert_str_eq(format(bytes, 0), "…");
}
END_TEST

START_TEST(long_list_costs_no_more_than_its_limit)
{
	struct buffer bytes = BUFFER_INIT;
	size_t mark = value_list_begin(&bytes);

	for (unsigned i = 0; i < 1000000; i++)
		value_list_item(&bytes, LITERAL("\x18\x02"));
	value_list_end(&bytes, mark);
	for (unsigned i = 0; i < 100000; i++)
		format(buffer_span(&bytes), 10);
	ck_assert_str_eq((char *)text.data, "[1, 1, 1, …");
	buffer_deinit(&bytes);
}
END_TEST

START_TEST(values_as_deep_as_allowed_print)
{
	struct buffer bytes = BUFFER_INIT;
	char want[2 * VALUE_MAX_DEPTH + 1];

	for (unsigned i = 0; i < VALUE_MAX_DEPTH; i++) {
		struct buffer outer = BUFFER_INIT;
		struct span item = buffer_span(&bytes);

		value_put_list(&outer, &item, i > 0);
		buffer_deinit(&bytes);
		bytes = outer;
	}
	memset(want, '[', VALUE_MAX_DEPTH);
	memset(want + VALUE_MAX_DEPTH, ']', VALUE_MAX_DEPTH);
	want[2 * VALUE_MAX_DEPTH] = '\0';
	ck_assert_str_eq(format(buffer_span(&bytes), 1000), want);
	buffer_deinit(&bytes);
}
END_TEST

static Suite *
format_suite(void)
{
	Suite *suite = suite_create("value_format");
	TCase *tcase = tcase_create("value_format");

	tcase_set_timeout(tcase, 20);
	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_add_test(tcase, scalars_look_like_what_they_are);
	tcase_add_test(tcase, doubles_are_short_and_never_look_like_integers);
	tcase_add_test(tcase, doubles_printed_read_back_as_the_same);
	tcase_add_test(tcase, numbers_have_a_point_in_every_locale);
	tcase_add_test(tcase, text_is_quoted_and_control_characters_escaped);
	tcase_add_test(tcase, data_is_quoted_after_a_b);
	tcase_add_test(tcase, arrays_of_numbers_name_their_type);
	tcase_add_test(tcase, containers_print_what_is_in_them);
	tcase_add_test(tcase, output_stops_at_its_limit);
	tcase_add_test(tcase, long_list_costs_no_more_than_its_limit);
	tcase_add_test(tcase, values_as_deep_as_allowed_print);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(format_suite());
}
