/*
 * Arrays of numbers as programs see them: whole C arrays in and out.
 */
#include "lib/lib-private.h"
#include "tests/harness/check-main.h"
#include "tests/harness/fault.h"
#include "tests/harness/value-check.h"

START_TEST(arrays_of_every_type_come_back_as_they_went)
{
	const double doubles[] = { 1.5, -2, 1e300 };
	const uint8_t bytes[] = { 0, 127, 255 };
	double doubles_out[3];
	uint8_t bytes_out[3];
	size_t n;
	struct mproxy_value *value;

	value = mproxy_value_numbers(MPROXY_F64, doubles, 3);
	ck_assert_int_eq(
		mproxy_value_get_numbers(value, MPROXY_F64, doubles_out, 3, &n),
		0);
	ck_assert_uint_eq(n, 3);
	ck_assert_int_eq(memcmp(doubles, doubles_out, sizeof(doubles)), 0);
	ck_assert_value(value, "f64[1.5, -2.0, 1e+300]");
	value = mproxy_value_numbers(MPROXY_U8, bytes, 3);
	ck_assert_int_eq(
		mproxy_value_get_numbers(value, MPROXY_U8, bytes_out, 2, &n),
		0);
	ck_assert_uint_eq(n, 3);
	ck_assert_int_eq(memcmp(bytes, bytes_out, 2), 0);
	ck_assert_value(value, "u8[0, 127, 255]");
	ck_assert_ptr_null(mproxy_value_numbers((enum mproxy_number)11, "", 0));
	ck_assert_int_eq(value_null_error(), MPROXY_ERR_INVALID);
}
END_TEST

START_TEST(numbers_change_type_where_they_fit)
{
	const int32_t small[] = { -128, 0, 127 };
	int8_t bytes[3] = { 0 };
	double reals[3] = { 0 };
	uint16_t words[3];
	struct mproxy_value *value = mproxy_value_numbers(MPROXY_I32, small, 3);

	ck_assert_int_eq(
		mproxy_value_get_numbers(value, MPROXY_I8, bytes, 3, NULL), 0);
	ck_assert_int_eq(bytes[0], -128);
	ck_assert_int_eq(bytes[2], 127);
	ck_assert_int_eq(
		mproxy_value_get_numbers(value, MPROXY_F64, reals, 3, NULL), 0);
	ck_assert(reals[0] < -127.5 && reals[0] > -128.5);
	ck_assert_fails(
		mproxy_value_get_numbers(value, MPROXY_U16, words, 3, NULL),
		RANGE, "number 0: -128 does not fit uint16_t");
	mproxy_value_free(value);
}
END_TEST

START_TEST(list_of_numbers_becomes_an_array_and_back)
{
	const int64_t in[] = { 1, -2, INT64_MAX };
	int64_t out[3];
	float reals[2];
	size_t n;
	struct mproxy_value *list = mproxy_value_list_from_numbers(MPROXY_I64,
								   in, 3);
	struct mproxy_value *mixed = MPROXY_LIST(1, "x"),
			    *large = MPROXY_LIST(1e300), *item;

	ck_assert_int_eq(mproxy_value_get_numbers(list, MPROXY_I64, out, 3, &n),
			 0);
	ck_assert_int_eq(memcmp(in, out, sizeof(in)), 0);
	ck_assert_int_eq(
		mproxy_value_get_numbers(list, MPROXY_I64, NULL, 0, &n), 0);
	ck_assert_uint_eq(n, 3);
	ck_assert_int_eq(mproxy_value_item(list, 1, &item), 0);
	ck_assert_value(item, "-2");
	ck_assert_value(list, "[1, -2, 9223372036854775807]");
	ck_assert_fails(
		mproxy_value_get_numbers(mixed, MPROXY_F32, reals, 2, NULL),
		TYPE, "number 1: wanted number, is string");
	ck_assert_fails(
		mproxy_value_get_numbers(large, MPROXY_F32, reals, 1, NULL),
		RANGE, "number 0: 1e+300 does not fit float");
	ck_assert_fails(
		mproxy_value_get_numbers(large, MPROXY_I32, reals, 1, NULL),
		TYPE, "number 0: wanted integer, is double");
	mproxy_value_free(mixed);
	mproxy_value_free(large);
}
END_TEST

START_TEST(numbers_are_read_one_by_one_too)
{
	const float in[] = { 0.5f, 2 };
	struct mproxy_value *value = mproxy_value_numbers(MPROXY_F32, in, 2);
	struct mproxy_value *item;

	ck_assert_uint_eq(mproxy_value_count(value), 2);
	ck_assert_int_eq(mproxy_value_item(value, 0, &item), 0);
	ck_assert_value(item, "0.5");
	ck_assert_int_eq(mproxy_value_item(value, 2, &item), MPROXY_ERR_RANGE);
	mproxy_value_free(value);
}
END_TEST

START_TEST(every_pair_of_types_converts_what_fits)
{
	/* 100 fits every type, and is exact in all of them */
	static const union {
		int8_t i8[1];
		uint8_t u8[1];
		int16_t i16[1];
		uint16_t u16[1];
		int32_t i32[1];
		uint32_t u32[1];
		int64_t i64[1];
		uint64_t u64[1];
		float f32[1];
		double f64[1];
	} hundred[] = {
		[MPROXY_I8] = { .i8 = { 100 } },
		[MPROXY_U8] = { .u8 = { 100 } },
		[MPROXY_I16] = { .i16 = { 100 } },
		[MPROXY_U16] = { .u16 = { 100 } },
		[MPROXY_I32] = { .i32 = { 100 } },
		[MPROXY_U32] = { .u32 = { 100 } },
		[MPROXY_I64] = { .i64 = { 100 } },
		[MPROXY_U64] = { .u64 = { 100 } },
		[MPROXY_F32] = { .f32 = { 100 } },
		[MPROXY_F64] = { .f64 = { 100 } },
	};
	static const size_t sizes[] = { 0, 1, 1, 2, 2, 4, 4, 8, 8, 4, 8 };

	for (int from = MPROXY_I8; from <= MPROXY_F64; from++) {
		struct mproxy_value *value = mproxy_value_numbers(
			(enum mproxy_number)from, &hundred[from], 1);

		for (int to = MPROXY_I8; to <= MPROXY_F64; to++) {
			uint64_t got = 0;
			int error = mproxy_value_get_numbers(
				value, (enum mproxy_number)to, &got, 1, NULL);

			/* a real number does not become an integer */
			if (from >= MPROXY_F32 && to < MPROXY_F32)
				ck_assert_int_eq(error, MPROXY_ERR_TYPE);
			else
				ck_assert_int_eq(
					memcmp(&got, &hundred[to], sizes[to]),
					0);
		}
		mproxy_value_free(value);
	}
}
END_TEST

START_TEST(limits_of_every_integer_type_hold)
{
	static const struct {
		enum mproxy_number type;
		int64_t least;
		uint64_t most;
	} types[] = {
		{ MPROXY_I8, -128, 127 },
		{ MPROXY_U8, 0, 255 },
		{ MPROXY_I16, -32768, 32767 },
		{ MPROXY_U16, 0, 65535 },
		{ MPROXY_I32, -2147483648, 2147483647 },
		{ MPROXY_U32, 0, 4294967295 },
		{ MPROXY_I64, INT64_MIN, INT64_MAX },
		{ MPROXY_U64, 0, UINT64_MAX },
	};

	for (size_t i = 0; i < 8; i++) {
		struct mproxy_value *in = MPROXY_LIST(types[i].least,
						      types[i].most);
		struct mproxy_value *below = MPROXY_LIST(types[i].least -
							 (i != 6));
		struct mproxy_value *above = MPROXY_LIST(types[i].most +
							 (i != 7));
		uint64_t got[2];

		ck_assert_ok(mproxy_value_get_numbers(in, types[i].type, got, 2,
						      NULL));
		if (i != 6)
			ck_assert_error(mproxy_value_get_numbers(below,
								 types[i].type,
								 got, 1, NULL),
					RANGE);
		if (i != 7)
			ck_assert_error(mproxy_value_get_numbers(above,
								 types[i].type,
								 got, 1, NULL),
					RANGE);
		mproxy_value_free(in);
		mproxy_value_free(below);
		mproxy_value_free(above);
	}
}
END_TEST

START_TEST(memory_that_runs_out_is_reported)
{
	const int32_t in[] = { 1, 2 };
	int64_t out[2];
	struct mproxy_value *value = mproxy_value_numbers(MPROXY_I32, in, 2);
	struct mproxy_value *item = NULL;
	int error;

	fault_fail_at(1);
	error = mproxy_value_get_numbers(value, MPROXY_I64, out, 2, NULL);
	fault_reset();
	ck_assert_int_eq(error, MPROXY_ERR_NO_MEMORY);
	fault_fail_at(1);
	error = mproxy_value_item(value, 0, &item);
	fault_reset();
	ck_assert_int_eq(error, MPROXY_ERR_NO_MEMORY);
	ck_assert_ptr_null(item);
	mproxy_value_free(value);
}
END_TEST

static Suite *
numbers_suite(void)
{
	Suite *suite = suite_create("value-numbers");
	TCase *tcase = tcase_create("numbers");

	tcase_set_timeout(tcase, 10);
	tcase_add_test(tcase, arrays_of_every_type_come_back_as_they_went);
	tcase_add_test(tcase, numbers_change_type_where_they_fit);
	tcase_add_test(tcase, list_of_numbers_becomes_an_array_and_back);
	tcase_add_test(tcase, numbers_are_read_one_by_one_too);
	tcase_add_test(tcase, every_pair_of_types_converts_what_fits);
	tcase_add_test(tcase, limits_of_every_integer_type_hold);
	tcase_add_test(tcase, memory_that_runs_out_is_reported);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(numbers_suite());
}
