/*
 * The order of all values, and their hash.
 */
#include "proto/value.h"

#include <math.h>
#include <stdio.h>
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

START_TEST(hash_equals_that_of_another_program)
{
	static const struct {
		uint64_t k0, k1;
		size_t n;
		uint64_t hash;
	} known[] = {
#include "tests/unit/hash-cases.h"
	};
	uint8_t bytes[200];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(1 + 7 * i);
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		const struct value_hash_key key = { known[i].k0, known[i].k1 };

		ck_assert_uint_eq(
			value_hash(span_make(bytes, known[i].n), &key),
			known[i].hash);
	}
}
END_TEST

/* Every bit of a short key and of the secret changes about half of the hash. */
START_TEST(hash_depends_on_every_bit)
{
	struct value_hash_key key = { UINT64_C(0x243f6a8885a308d3),
				      UINT64_C(0x13198a2e03707344) };
	uint8_t bytes[40] = "some bytes, and some more of them behind";

	for (size_t n = 1; n <= sizeof(bytes); n++) {
		uint64_t before = value_hash(span_make(bytes, n), &key);

		for (size_t bit = 0; bit < 8 * n; bit++) {
			uint64_t after;

			bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
			after = value_hash(span_make(bytes, n), &key);
			bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
			ck_assert_int_ge(__builtin_popcountll(before ^ after),
					 12);
		}
		for (unsigned bit = 0; bit < 64; bit++) {
			uint64_t after;

			key.k0 ^= UINT64_C(1) << bit;
			after = value_hash(span_make(bytes, n), &key);
			key.k0 ^= UINT64_C(1) << bit;
			ck_assert_int_ge(__builtin_popcountll(before ^ after),
					 12);
			key.k1 ^= UINT64_C(1) << bit;
			after = value_hash(span_make(bytes, n), &key);
			key.k1 ^= UINT64_C(1) << bit;
			ck_assert_int_ge(__builtin_popcountll(before ^ after),
					 12);
		}
	}
}
END_TEST

static void
put_number(struct buffer *out, unsigned i)
{
	value_put_int(out, i);
}

static void
put_name(struct buffer *out, unsigned i)
{
	char text[32];

	snprintf(text, sizeof(text), "key:%06u", i);
	value_put_text(out, span_text(text));
}

static void
put_real(struct buffer *out, unsigned i)
{
	value_put_double(out, i * 0.5);
}

/* Keys that differ little fill buckets as evenly as chance would: the number
 * of pairs that meet in a bucket is near n (n - 1) / 2 / buckets. */
START_TEST(hash_spreads_keys_that_are_alike)
{
	static void (*const put[])(struct buffer * out, unsigned i) = {
		put_number,
		put_name,
		put_real,
	};
	enum { N = 65536 };
	struct buffer out = BUFFER_INIT;
	static uint16_t filled[N];

	for (uint64_t k = 0; k < 20; k++) {
		struct value_hash_key key = { k, ~k * 0x10001 };
		uint64_t pairs = 0;

		memset(filled, 0, sizeof(filled));
		for (unsigned i = 0; i < N; i++) {
			buffer_clear(&out);
			put[_i](&out, i);
			pairs += filled[value_hash(buffer_span(&out), &key) %
					N]++;
		}
		/* 32767.5 is expected, the deviation is 181 */
		ck_assert_uint_ge(pairs, 32767 - 6 * 181);
		ck_assert_uint_le(pairs, 32767 + 6 * 181);
	}
	buffer_deinit(&out);
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
	tcase_add_test(hash, hash_equals_that_of_another_program);
	tcase_add_test(hash, hash_depends_on_every_bit);
	tcase_add_loop_test(hash, hash_spreads_keys_that_are_alike, 0, 3);
	suite_add_tcase(suite, hash);
	return suite;
}

int
main(void)
{
	return check_run(compare_suite());
}
