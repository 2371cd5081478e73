/*
 * The order of all values, and their hash.
 */
#include "proto/value.h"

#include <math.h>
#include <stdlib.h>

#include "tests/harness/check-main.h"

#define MAX_VALUES 120

/* Values in the order they should have, written by hand below. */
static struct buffer values[MAX_VALUES];
static size_t n_values;

static struct buffer *
next(void)
{
	ck_assert_uint_lt(n_values, MAX_VALUES);
	return &values[n_values++];
}

static void
add_integer(int64_t value)
{
	value_put_int(next(), value);
}

static void
add_unsigned(uint64_t value)
{
	value_put_uint(next(), value);
}

static void
add_double(double value)
{
	value_put_double(next(), value);
}

/* What a double of 53 bits cannot tell apart, an exact comparison can. */
static void
add_scalars(void)
{
	value_put_nil(next());
	value_put_bool(next(), false);
	value_put_bool(next(), true);
	add_double(-INFINITY);
	add_double(-0x1p64);
	add_double(-0x1.0000000000001p63);
	add_integer(INT64_MIN);
	add_double(-0x1p63);
	add_integer(INT64_MIN + 1);
	add_integer(-9007199254740993);
	add_integer(-9007199254740992);
	add_double(-9007199254740992.0);
	add_double(-1.5);
	add_integer(-1);
	add_double(-1.0);
	add_double(-0.5);
	add_double(-4.9e-324);
	add_integer(0);
	add_double(0.0);
	add_double(4.9e-324);
	add_double(0.5);
	add_integer(1);
	add_double(1.0);
	add_double(1.5);
	add_integer(2);
	add_integer(9007199254740992);
	add_double(9007199254740992.0);
	add_integer(9007199254740993);
	add_double(9007199254740994.0);
	add_double(0x1.fffffffffffffp62);
	add_integer(INT64_MAX);
	add_unsigned(UINT64_C(1) << 63);
	add_double(0x1p63);
	add_unsigned((UINT64_C(1) << 63) + 1);
	add_double(0x1.fffffffffffffp63);
	add_unsigned(UINT64_MAX);
	add_double(0x1p64);
	add_double(INFINITY);
	add_double(NAN);
}

static void
add_texts_and_numbers(void)
{
	static const int8_t bytes[] = { -128, -1, 0, 127 };
	static const float floats[] = { -NAN, -INFINITY, -1,	   -0.0f,
					0.0f, 1,	 INFINITY, NAN };
	static const uint32_t ints[] = { 0x00ff, 0xff00 };

	value_put_text(next(), LITERAL(""));
	value_put_text(next(), LITERAL("B"));
	value_put_text(next(), LITERAL("a"));
	value_put_text(next(), LITERAL("aa"));
	value_put_text(next(), LITERAL("b"));
	value_put_text(next(), LITERAL("é"));
	value_put_bytes(next(), LITERAL(""));
	value_put_bytes(next(), LITERAL("\0"));
	value_put_bytes(next(), LITERAL("\0\0"));
	value_put_bytes(next(), LITERAL("\x7f"));
	value_put_bytes(next(), LITERAL("\x80"));
	value_put_numbers(next(), MPROXY_I8, NULL, 0);
	for (size_t i = 0; i < 4; i++)
		value_put_numbers(next(), MPROXY_I8, bytes + i, 1);
	value_put_numbers(next(), MPROXY_U8, bytes + 2, 2);
	value_put_numbers(next(), MPROXY_U8, bytes + 3, 1);
	value_put_numbers(next(), MPROXY_U8, bytes + 1, 1);
	value_put_numbers(next(), MPROXY_U32, ints, 1);
	value_put_numbers(next(), MPROXY_U32, ints, 2);
	value_put_numbers(next(), MPROXY_U32, ints + 1, 1);
	for (size_t i = 0; i < 8; i++)
		value_put_numbers(next(), MPROXY_F32, floats + i, 1);
}

static void
add_list(const char *bytes, size_t size)
{
	buffer_append(next(), bytes, size);
}

#define ADD(text) add_list(text, sizeof(text) - 1)

static void
add_containers(void)
{
	ADD("\x4a\x00");		 /* [] */
	ADD("\x4a\x04\x0a\x02\x08\x01"); /* [nil] */
	ADD("\x4a\x08\x0a\x02\x08\x01\x0a\x02\x08\x01");
	ADD("\x4a\x08\x0a\x02\x08\x01\x0a\x02\x18\x02");
	ADD("\x4a\x04\x0a\x02\x18\x02"); /* [1] */
	ADD("\x4a\x08\x0a\x02\x18\x02\x0a\x02\x18\x04");
	ADD("\x4a\x04\x0a\x02\x18\x04");		 /* [2] */
	ADD("\x4a\x04\x0a\x02\x4a\x00");		 /* [[]] */
	ADD("\x4a\x08\x0a\x02\x4a\x00\x0a\x02\x08\x01"); /* [[], nil] */
	ADD("\x4a\x08\x0a\x06\x4a\x04\x0a\x02\x08\x01"); /* [[nil]] */
	ADD("\x4a\x0c\x0a\x06\x4a\x04\x0a\x02\x08\x01\x0a\x02\x08\x01");
	ADD("\x4a\x04\x0a\x02\x52\x00");		 /* [{}] */
	ADD("\x52\x00");				 /* {} */
	ADD("\x52\x08\x0a\x02\x08\x01\x0a\x02\x08\x01"); /* {nil: nil} */
	ADD("\x52\x08\x0a\x02\x08\x01\x0a\x02\x18\x02"); /* {nil: 1} */
	ADD("\x52\x08\x0a\x02\x18\x02\x0a\x02\x08\x01"); /* {1: nil} */
	ADD("\x52\x08\x0a\x02\x18\x02\x0a\x02\x4a\x00"); /* {1: []} */
	value_put_handle(next(), 1, LITERAL("a"));
	value_put_handle(next(), 1, LITERAL("b"));
	value_put_handle(next(), 2, LITERAL("a"));
	value_put_handle(next(), UINT64_MAX, LITERAL("a"));
}

static void
setup(void)
{
	n_values = 0;
	add_scalars();
	add_texts_and_numbers();
	add_containers();
}

static void
teardown(void)
{
	for (size_t i = 0; i < n_values; i++)
		buffer_deinit(&values[i]);
}

static int
sign(int number)
{
	return (number > 0) - (number < 0);
}

START_TEST(all_pairs_compare_as_their_places_in_the_list)
{
	for (size_t i = 0; i < n_values; i++) {
		struct value value;
		const char *why = "";

		ck_assert_msg(value_validate(buffer_span(&values[i]), &value,
					     &why) == 0,
			      "value %zu: %s", i, why);
		for (size_t k = 0; k < n_values; k++) {
			int got = value_compare(buffer_span(&values[i]),
						buffer_span(&values[k]));

			ck_assert_msg(sign(got) == (i > k) - (i < k),
				      "value %zu with %zu: %d", i, k, got);
		}
	}
}
END_TEST

/* The innermost of 63 lists decides. */
START_TEST(values_as_deep_as_allowed_compare)
{
	struct buffer one = BUFFER_INIT;
	struct buffer two = BUFFER_INIT;

	value_put_int(&one, 1);
	value_put_int(&two, 2);
	for (unsigned i = 0; i < VALUE_MAX_DEPTH - 1; i++) {
		struct buffer outer[2] = { BUFFER_INIT };
		struct span item = buffer_span(&one);

		value_put_list(&outer[0], &item, 1);
		item = buffer_span(&two);
		value_put_list(&outer[1], &item, 1);
		buffer_deinit(&one);
		buffer_deinit(&two);
		one = outer[0];
		two = outer[1];
	}
	ck_assert_int_lt(value_compare(buffer_span(&one), buffer_span(&two)),
			 0);
	ck_assert_int_gt(value_compare(buffer_span(&two), buffer_span(&one)),
			 0);
	ck_assert_int_eq(value_compare(buffer_span(&one), buffer_span(&one)),
			 0);
	buffer_deinit(&one);
	buffer_deinit(&two);
}
END_TEST

/*
 * With the key 00 01 … 0f and the first n numbers as bytes. Computed by a
 * separate program whose numbers of rounds can be set, and which with 2 and 4
 * gives the value that the authors' paper prints.
 */
START_TEST(hash_equals_that_of_a_separate_program)
{
	static const struct {
		size_t n;
		uint64_t hash;
	} known[] = {
		{ 0, UINT64_C(0xabac0158050fc4dc) },
		{ 1, UINT64_C(0xc9f49bf37d57ca93) },
		{ 7, UINT64_C(0xd3927d989bb11140) },
		{ 8, UINT64_C(0x369095118d299a8e) },
		{ 15, UINT64_C(0xd320d86d2a519956) },
		{ 16, UINT64_C(0xcc4fdd1a7d908b66) },
		{ 63, UINT64_C(0x9d199062b7bbb3a8) },
	};
	static const struct value_hash_key key = {
		.k0 = UINT64_C(0x0706050403020100),
		.k1 = UINT64_C(0x0f0e0d0c0b0a0908),
	};
	uint8_t bytes[63];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		ck_assert_uint_eq(
			value_hash(span_make(bytes, known[i].n), &key),
			known[i].hash);
}
END_TEST

/* PYTHONHASHSEED=0 python3 -c 'print(hash(b"abc") % 2**64)', Python 3.11 */
START_TEST(hash_with_a_key_of_zeros_equals_that_of_cpython)
{
	static const struct value_hash_key zeros;

	ck_assert_uint_eq(value_hash(LITERAL("a"), &zeros),
			  UINT64_C(0x407448d2b89b1813));
	ck_assert_uint_eq(value_hash(LITERAL("abc"), &zeros),
			  UINT64_C(0xc03bc3a0042630f2));
	ck_assert_uint_eq(value_hash(LITERAL("shared-memory"), &zeros),
			  UINT64_C(0xb6bde98804bcac14));
	ck_assert_uint_eq(value_hash(LITERAL("the quick brown fox jumps "
					     "over the lazy dog"),
				     &zeros),
			  UINT64_C(0x80a65583f613da2d));
}
END_TEST

static Suite *
compare_suite(void)
{
	Suite *suite = suite_create("value_compare");
	TCase *order = tcase_create("order");
	TCase *hash = tcase_create("hash");

	tcase_set_timeout(order, 10);
	tcase_add_checked_fixture(order, setup, teardown);
	tcase_add_test(order, all_pairs_compare_as_their_places_in_the_list);
	tcase_add_test(order, values_as_deep_as_allowed_compare);
	suite_add_tcase(suite, order);
	tcase_set_timeout(hash, 10);
	tcase_add_test(hash, hash_equals_that_of_a_separate_program);
	tcase_add_test(hash, hash_with_a_key_of_zeros_equals_that_of_cpython);
	suite_add_tcase(suite, hash);
	return suite;
}

int
main(void)
{
	return check_run(compare_suite());
}
