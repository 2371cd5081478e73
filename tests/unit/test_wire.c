/*
 * Varints: the examples of protobuf's own documentation, each length at its
 * limits, and random bytes against a reader that goes byte by byte.
 */
#include "proto/wire.h"
#include "tests/harness/check-main.h"

#define ROUNDS 300000
#define LONGEST 12

static void
expect(uint64_t value, struct span want)
{
	uint8_t bytes[LONGEST];
	struct wire_number number;
	size_t size = (size_t)(wire_put_varint(bytes, value) - bytes);

	ck_assert_bytes(span_make(bytes, size), want);
	ck_assert_uint_eq(wire_varint_size(value), want.size);
	number = wire_read(want.data, want.data + want.size);
	ck_assert_ptr_eq(number.next, want.data + want.size);
	ck_assert_uint_eq(number.value, value);
	/* and cut short */
	number = wire_read(want.data, want.data + want.size - 1);
	ck_assert_ptr_null(number.next);
}

START_TEST(numbers_are_what_the_encoding_says)
{
	expect(0, LITERAL("\x00"));
	expect(1, LITERAL("\x01"));
	expect(127, LITERAL("\x7f"));
	expect(128, LITERAL("\x80\x01"));
	expect(150, LITERAL("\x96\x01"));
	expect(300, LITERAL("\xac\x02"));
	expect(86942, LITERAL("\x9e\xa7\x05"));
	expect(UINT64_C(0xffffffff), LITERAL("\xff\xff\xff\xff\x0f"));
	expect((UINT64_C(1) << 56) - 1,
	       LITERAL("\xff\xff\xff\xff\xff\xff\xff\x7f"));
	expect(UINT64_C(1) << 56,
	       LITERAL("\x80\x80\x80\x80\x80\x80\x80\x80\x01"));
	expect(INT64_MAX, LITERAL("\xff\xff\xff\xff\xff\xff\xff\xff\x7f"));
	expect(UINT64_C(1) << 63,
	       LITERAL("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"));
	expect(UINT64_MAX, LITERAL("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
}
END_TEST

static void
refuse(struct span bytes)
{
	ck_assert_ptr_null(wire_read(bytes.data, bytes.data + bytes.size).next);
}

START_TEST(longer_forms_than_needed_are_refused)
{
	refuse(LITERAL("\x80\x00"));
	refuse(LITERAL("\x81\x80\x00"));
	refuse(LITERAL("\x80\x00 what follows"));
	refuse(LITERAL("\xff\xff\xff\xff\xff\xff\xff\xff\x00 behind"));
	refuse(LITERAL("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"));
	refuse(LITERAL("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"));
}
END_TEST

/* As the encoding is defined: seven bits a byte, the lowest first. */
static struct wire_number
read_plainly(const uint8_t *at, size_t size)
{
	uint64_t value = 0;

	for (size_t i = 0; i < size && i < 10; i++) {
		if (i == 9 && at[i] > 1)
			break;
		value |= (uint64_t)(at[i] & 0x7f) << (7 * i);
		if (at[i] & 0x80)
			continue;
		if (i > 0 && at[i] == 0)
			break;
		return (struct wire_number){ at + i + 1, value };
	}
	return (struct wire_number){ NULL, 0 };
}

/* Many with the top bit, and some of the bytes that matter at the end. */
static uint8_t
random_byte(uint64_t *state)
{
	uint8_t byte = (uint8_t)check_random(state);

	switch (check_random_below(state, 16)) {
	case 0:
		return 0;
	case 1:
		return 1;
	case 2:
		return 0x80;
	case 3:
	case 4:
		return byte;
	default:
		return byte | 0x80;
	}
}

START_TEST(any_bytes_mean_what_they_mean_one_by_one)
{
	uint64_t state = check_seed(1);

	for (unsigned i = 0; i < ROUNDS; i++) {
		size_t size = check_random_below(&state, LONGEST + 1);
		struct wire_number number, plain;
		uint8_t bytes[LONGEST];

		for (size_t j = 0; j < size; j++)
			bytes[j] = random_byte(&state);
		number = wire_read(bytes, bytes + size);
		plain = read_plainly(bytes, size);
		ck_assert_ptr_eq(number.next, plain.next);
		ck_assert_uint_eq(number.value, plain.value);
	}
}
END_TEST

/* Field 1, a varint; field 2, two bytes; field 3, which is cut off. */
START_TEST(last_field_of_a_message_is_found)
{
	struct span part = LITERAL("\x08\x96\x01\x12\x02hi\x1a\xac\x02 and");

	ck_assert_uint_eq(wire_find_tail(part, 10 + 300), 10);
	ck_assert_uint_eq(wire_find_tail(part, 10 + 299), 0);
	ck_assert_uint_eq(wire_find_tail(part, 10 + 301), 0);
	part.size = 10;
	ck_assert_uint_eq(wire_find_tail(part, 10 + 300), 10);
	for (part.size = 0; part.size < 10; part.size++)
		ck_assert_uint_eq(wire_find_tail(part, 10 + 300), 0);
	/* no end that has a length */
	ck_assert_uint_eq(wire_find_tail(LITERAL("\x08\x01"), 2), 0);
	ck_assert_uint_eq(wire_find_tail(LITERAL("\x09\x01 1234567"), 1000), 0);
	part = LITERAL("\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
	ck_assert_uint_eq(wire_find_tail(part, 300), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("wire");
	TCase *tcase = tcase_create("varint");

	tcase_add_test(tcase, numbers_are_what_the_encoding_says);
	tcase_add_test(tcase, longer_forms_than_needed_are_refused);
	tcase_add_test(tcase, any_bytes_mean_what_they_mean_one_by_one);
	tcase_add_test(tcase, last_field_of_a_message_is_found);
	suite_add_tcase(suite, tcase);
	return check_run(suite);
}
