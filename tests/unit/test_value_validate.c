/*
 * The gate: each rule of the canonical form is broken at least once.
 */
#include "proto/value.h"

#include <stdlib.h>

#include "mproxy/error.h"
#include "tests/harness/check-main.h"

/* a string literal with its size */
#define B(text)                                                                \
	{                                                                      \
		sizeof(text) - 1, (const uint8_t *)(text)                      \
	}

static int
validate(struct span bytes, struct value *ret, const char **ret_why)
{
	/* a copy of just this size: reading past it is seen by sanitizers */
	uint8_t *copy = malloc(bytes.size ? bytes.size : 1);
	int r;

	if (bytes.size > 0)
		memcpy(copy, bytes.data, bytes.size);
	r = value_validate(span_make(copy, bytes.size), ret, ret_why);
	free(copy);
	return r;
}

static bool
is_valid(struct span bytes)
{
	struct value value;
	const char *why;

	return validate(bytes, &value, &why) == 0;
}

static const struct {
	const char *why; /* begins like this */
	struct span bytes;
} refused[] = {
	{ "empty value", B("") },
	/* fields that there are not, or of another wire type */
	{ "value of no known kind", B("\x00\x01") },
	{ "value of no known kind", B("\x60\x01") },
	{ "value of no known kind", B("\x62\x00") },
	{ "value of no known kind", B("\x88\x01\x01") },
	{ "value of no known kind", B("\x0a\x01x") },
	{ "value of no known kind", B("\x1a\x01x") },
	{ "value of no known kind", B("\x28\x01") },
	{ "value of no known kind", B("\x30\x01") },
	{ "value of no known kind", B("\x0b\x0c") },
	{ "value of no known kind", B("\x2d\0\0\0\0") },
	{ "value of no known kind", B("\x31\0\0\0\0\0\0\0\0") },
	{ "value of no known kind", B("\x48\x00") },
	{ "value of no known kind", B("\xff\xff\xff") },
	/* nil and bool */
	{ "number cut short", B("\x08") },
	{ "nil that is not true", B("\x08\x00") },
	{ "nil that is not true", B("\x08\x02") },
	{ "number cut short", B("\x08\x81\x00") },
	{ "bool that is neither", B("\x10\x02") },
	{ "number cut short", B("\x10\x80\x00") },
	/* integers */
	{ "number cut short", B("\x18") },
	{ "number cut short", B("\x18\x80") },
	{ "number cut short", B("\x18\x80\x00") },
	{ "number cut short", B("\x18\x82\x80\x00") },
	{ "number cut short",
	  B("\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02") },
	{ "number cut short",
	  B("\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00") },
	{ "number cut short",
	  B("\x18\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00") },
	{ "unsigned integer that fits", B("\x20\x00") },
	{ "unsigned integer that fits", B("\x20\x01") },
	{ "unsigned integer that fits",
	  B("\x20\xff\xff\xff\xff\xff\xff\xff\xff\x7f") },
	/* doubles */
	{ "double cut short", B("\x29") },
	{ "double cut short", B("\x29\0\0\0\0\0\0\0") },
	{ "double that is -0.0", B("\x29\0\0\0\0\0\0\0\x80") },
	{ "NaN other than", B("\x29\x01\0\0\0\0\0\xf8\x7f") },
	{ "NaN other than", B("\x29\0\0\0\0\0\0\xf8\xff") },
	{ "NaN other than", B("\x29\x01\0\0\0\0\0\xf0\x7f") },
	{ "NaN other than", B("\x29\xff\xff\xff\xff\xff\xff\xff\xff") },
	/* something after it */
	{ "value with something", B("\x08\x01\x00") },
	{ "value with something", B("\x08\x01\x10\x01") },
	{ "value with something", B("\x18\x02\x18\x02") },
	{ "value with something", B("\x29\0\0\0\0\0\0\0\0\0") },
	{ "value with something", B("\x32\x01xy") },
	{ "value with something", B("\x32\x00\x08\x01") },
	{ "value with something", B("\x4a\x00\x4a\x00") },
	/* text and data */
	{ "length cut short", B("\x32") },
	{ "length cut short", B("\x32\x80\x00") },
	{ "length cut short", B("\x32\x81\x00x") },
	{ "length cut short", B("\x32\x02x") },
	{ "length cut short", B("\x3a\x01") },
	{ "length cut short", B("\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff"
				"\x01x") },
	{ "text that is not UTF-8", B("\x32\x01\x80") },
	{ "text that is not UTF-8", B("\x32\x01\0") },
	{ "text that is not UTF-8", B("\x32\x03x\0y") },
	/* numbers */
	{ "numbers without a known type", B("\x42\x00") },
	{ "numbers without a known type", B("\x42\x02\x08\x00") },
	{ "numbers without a known type", B("\x42\x02\x08\x0b") },
	{ "numbers without a known type", B("\x42\x03\x08\x81\x02") },
	{ "numbers without a known type", B("\x42\x03\x08\x81\x00") },
	{ "numbers without a known type", B("\x42\x03\x12\x01x") },
	{ "numbers without a known type", B("\x42\x01\x08") },
	{ "malformed numbers", B("\x42\x04\x08\x01\x12\x00") },
	{ "malformed numbers", B("\x42\x04\x08\x01\x08\x01") },
	{ "malformed numbers", B("\x42\x05\x08\x01\x12\x02x") },
	{ "malformed numbers", B("\x42\x05\x08\x01\x1a\x01x") },
	{ "malformed numbers", B("\x42\x06\x08\x01\x12\x01xx") },
	{ "malformed numbers", B("\x42\x06\x08\x01\x12\x81\x00x") },
	{ "numbers that end in part", B("\x42\x05\x08\x03\x12\x01x") },
	{ "numbers that end in part", B("\x42\x07\x08\x09\x12\x03xyz") },
	{ "numbers that end in part", B("\x42\x08\x08\x0a\x12\x04wxyz") },
	/* lists */
	{ "container with something else", B("\x4a\x02\x12\x00") },
	{ "container with something else", B("\x4a\x02\x08\x01") },
	{ "empty value", B("\x4a\x02\x0a\x00") },
	{ "length cut short", B("\x4a\x01\x0a") },
	{ "length cut short", B("\x4a\x03\x0a\x02\x08") },
	{ "length cut short", B("\x4a\x05\x0a\x82\x00\x08\x01") },
	{ "value with something", B("\x4a\x05\x0a\x03\x08\x01\x00") },
	{ "length cut short", /* the inner list ends before its item does */
	  B("\x4a\x08\x0a\x04\x4a\x02\x0a\x02\x08\x01") },
	{ "nil that is not true", B("\x4a\x08\x0a\x02\x08\x01\x0a\x02\x08"
				    "\x00") },
	/* maps */
	{ "map with a key without", B("\x52\x04\x0a\x02\x08\x01") },
	{ "empty value", B("\x52\x06\x0a\x00\x0a\x02\x08\x01") },
	{ "container with something else",
	  B("\x52\x08\x0a\x02\x08\x01\x12\x02\x08\x01") },
	{ "map with a key twice", B("\x52\x10\x0a\x02\x18\x02\x0a\x02\x08\x01"
				    "\x0a\x02\x18\x02\x0a\x02\x08\x01") },
	{ "map whose keys do not ascend",
	  B("\x52\x10\x0a\x02\x18\x04\x0a\x02\x08\x01"
	    "\x0a\x02\x18\x02\x0a\x02\x08\x01") },
	{ "map whose keys do not ascend", /* 1.0, then 1 */
	  B("\x52\x17\x0a\x09\x29\0\0\0\0\0\0\xf0\x3f\x0a\x02\x08\x01"
	    "\x0a\x02\x18\x02\x0a\x02\x08\x01") },
	{ "map whose keys do not ascend", /* "b", then "a" */
	  B("\x52\x12\x0a\x03\x32\x01\x62\x0a\x02\x08\x01"
	    "\x0a\x03\x32\x01\x61\x0a\x02\x08\x01") },
	{ "handle in the key",
	  B("\x52\x0a\x0a\x04\x5a\x02\x08\x01\x0a\x02\x08\x01") },
	{ "handle in the key", /* {[<1>]: nil} */
	  B("\x52\x0e\x0a\x08\x4a\x06\x0a\x04\x5a\x02\x08\x01"
	    "\x0a\x02\x08\x01") },
	{ "handle in the key", /* {{nil: <1>}: nil} */
	  B("\x52\x12\x0a\x0c\x52\x0a\x0a\x02\x08\x01\x0a\x04\x5a\x02\x08"
	    "\x01\x0a\x02\x08\x01") },
	/* handles */
	{ "handle without an object", B("\x5a\x00") },
	{ "handle without an object", B("\x5a\x02\x08\x00") },
	{ "handle without an object", B("\x5a\x01\x08") },
	{ "handle without an object", B("\x5a\x03\x08\x81\x00") },
	{ "handle without an object", B("\x5a\x03\x12\x01t") },
	{ "malformed handle", B("\x5a\x04\x08\x01\x12\x00") },
	{ "malformed handle", B("\x5a\x05\x08\x01\x12\x02t") },
	{ "malformed handle", B("\x5a\x04\x08\x01\x18\x01") },
	{ "malformed handle", B("\x5a\x07\x08\x01\x12\x01t\x18\x01") },
	{ "malformed handle", B("\x5a\x03\x08\x01\x12") },
	{ "type of a handle", B("\x5a\x05\x08\x01\x12\x01\xff") },
	{ "type of a handle", B("\x5a\x05\x08\x01\x12\x01\0") },
};

START_TEST(value_in_another_spelling_is_refused)
{
	struct value value;
	const char *why = "nothing said";

	ck_assert_msg(validate(refused[_i].bytes, &value, &why) ==
			      MPROXY_ERR_PROTOCOL,
		      "%s was taken", check_hex(refused[_i].bytes));
	ck_assert_msg(strncmp(why, refused[_i].why, strlen(refused[_i].why)) ==
			      0,
		      "%s: '%s' and not '%s'", check_hex(refused[_i].bytes),
		      why, refused[_i].why);
}
END_TEST

static const struct span taken[] = {
	B("\x08\x01"),
	B("\x29\0\0\0\0\0\0\xf0\x7f"), /* infinity */
	B("\x29\0\0\0\0\0\0\xf0\xff"),
	B("\x29\x01\0\0\0\0\0\0\x80"), /* the smallest below zero */
	B("\x29\0\0\0\0\0\0\xf8\x7f"),
	B("\x3a\x03\x80\0\xff"),
	/* -0.0 and another NaN among floats stay what they are */
	B("\x42\x0c\x08\x09\x12\x08\0\0\0\x80\xff\xff\xff\xff"),
	/* {1: nil, 1.0: nil}: 1 comes first */
	B("\x52\x17\x0a\x02\x18\x02\x0a\x02\x08\x01"
	  "\x0a\x09\x29\0\0\0\0\0\0\xf0\x3f\x0a\x02\x08\x01"),
	/* {nil: <1>, true: <1>}: in values there may be handles */
	B("\x52\x14\x0a\x02\x08\x01\x0a\x04\x5a\x02\x08\x01"
	  "\x0a\x02\x10\x01\x0a\x04\x5a\x02\x08\x01"),
	/* {[]: [], {}: {}} */
	B("\x52\x10\x0a\x02\x4a\x00\x0a\x02\x4a\x00"
	  "\x0a\x02\x52\x00\x0a\x02\x52\x00"),
	/* [{nil: nil}, nil], one level closing onto the next item */
	B("\x4a\x10\x0a\x0a\x52\x08\x0a\x02\x08\x01\x0a\x02\x08\x01"
	  "\x0a\x02\x08\x01"),
};

START_TEST(value_in_the_one_spelling_is_taken)
{
	struct value value;
	const char *why = "";

	ck_assert_msg(validate(taken[_i], &value, &why) == 0, "%s: %s",
		      check_hex(taken[_i]), why);
}
END_TEST

START_TEST(value_cut_anywhere_is_refused)
{
	for (size_t size = 0; size < taken[_i].size; size++)
		ck_assert(!is_valid(span_make(taken[_i].data, size)));
}
END_TEST

START_TEST(handles_are_noticed_wherever_they_are)
{
	struct value value;
	const char *why;

	validate(taken[8], &value, &why);
	ck_assert(value.has_handles);
	validate(taken[9], &value, &why);
	ck_assert(!value.has_handles);
}
END_TEST

/*
 * depth lists in lists, or maps in keys of maps, written from the inside out
 * at the end of a buffer; the innermost holds nil, which is one level more.
 */
static struct span
nest(unsigned depth, bool maps)
{
	static uint8_t room[2 << 20];
	uint8_t *at = room + sizeof(room);

	*--at = 0x01;
	*--at = 0x08;
	for (unsigned i = 0; i < depth; i++) {
		for (unsigned twice = 0; twice < 2; twice++) {
			size_t size = (size_t)(room + sizeof(room) - at);
			uint8_t varint[5];
			unsigned n = 0;

			for (; size >= 0x80; size >>= 7)
				varint[n++] = (uint8_t)(size | 0x80);
			varint[n++] = (uint8_t)size;
			at -= n;
			memcpy(at, varint, n);
			*--at = twice ? (maps ? 0x52 : 0x4a) : 0x0a;
			if (maps && !twice) {
				/* the value, nil, comes behind the key */
				memmove(at - 4, at,
					(size_t)(room + sizeof(room) - at));
				at -= 4;
				memcpy(room + sizeof(room) - 4, "\x0a\x02\x08",
				       3);
				room[sizeof(room) - 1] = 0x01;
			}
		}
	}
	return span_make(at, (size_t)(room + sizeof(room) - at));
}

START_TEST(nesting_of_64_is_taken_and_of_65_refused)
{
	struct value value;
	const char *why = "";

	ck_assert(is_valid(nest(63, false)));
	ck_assert(is_valid(nest(63, true)));
	ck_assert(!is_valid(nest(64, false)));
	ck_assert_int_ne(validate(nest(64, true), &value, &why), 0);
	ck_assert_str_eq(why, "nested too deep");
}
END_TEST

START_TEST(empty_list_at_depth_64_is_taken)
{
	struct buffer bytes = BUFFER_INIT;

	for (unsigned depth = 1; depth <= 65; depth++) {
		struct buffer outer = BUFFER_INIT;
		struct span item = buffer_span(&bytes);

		value_put_list(&outer, &item, depth > 1);
		buffer_deinit(&bytes);
		bytes = outer;
		ck_assert(is_valid(buffer_span(&bytes)) == (depth <= 64));
	}
	buffer_deinit(&bytes);
}
END_TEST

START_TEST(nesting_of_100000_is_refused_without_a_crash)
{
	for (unsigned depth = 65; depth < 2000; depth += 97)
		ck_assert(!is_valid(nest(depth, true)));
	ck_assert(!is_valid(nest(100000, false)));
}
END_TEST

/* Two keys at each level that are alike up to their last byte: the worst for
 * the comparison of neighbours. */
static void
build_twins(struct buffer *out, unsigned levels, int64_t last)
{
	struct buffer first = BUFFER_INIT;
	struct buffer second = BUFFER_INIT;
	struct span entries[4];

	if (levels == 0) {
		value_put_int(out, last);
		return;
	}
	build_twins(&first, levels - 1, 0);
	build_twins(&second, levels - 1, last + 1);
	entries[0] = buffer_span(&first);
	entries[2] = buffer_span(&second);
	entries[1] = entries[3] = LITERAL("\x08\x01");
	value_put_map(out, entries, 2);
	buffer_deinit(&first);
	buffer_deinit(&second);
}

START_TEST(maps_in_keys_of_maps_take_no_excessive_time)
{
	struct buffer bytes = BUFFER_INIT;

	build_twins(&bytes, 15, 0);
	ck_assert_uint_gt(bytes.size, 500000);
	for (unsigned i = 0; i < 10; i++)
		ck_assert(is_valid(buffer_span(&bytes)));
	buffer_deinit(&bytes);
}
END_TEST

static size_t
encode(uint32_t c, uint8_t *out)
{
	if (c < 0x80) {
		out[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (uint8_t)(0xc0 | c >> 6);
		out[1] = (uint8_t)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (uint8_t)(0xe0 | c >> 12);
		out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | c >> 18);
	out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (c & 0x3f));
	return 4;
}

START_TEST(every_character_but_nul_and_surrogates_is_text)
{
	for (uint32_t c = 0; c < 0x1fffff; c++) {
		uint8_t bytes[4];
		size_t size = encode(c, bytes);
		bool want = c != 0 && c <= 0x10ffff &&
			    !(c >= 0xd800 && c <= 0xdfff);

		if (value_is_utf8(span_make(bytes, size)) != want)
			ck_abort_msg("U+%04X", c);
		if (size > 1 && value_is_utf8(span_make(bytes, size - 1)))
			ck_abort_msg("U+%04X cut", c);
	}
}
END_TEST

/*
 * How many strings of three bytes are text can be counted without looking at
 * bytes: 127 characters take one byte, 1,920 two, and 61,440 three, so there
 * are 127^3 + 2 * 127 * 1,920 + 61,440.
 */
START_TEST(of_all_strings_of_three_bytes_the_right_number_is_text)
{
	unsigned n = 0;

	for (uint32_t bits = 0; bits < 1u << 24; bits++) {
		uint8_t bytes[3] = { (uint8_t)(bits >> 16),
				     (uint8_t)(bits >> 8), (uint8_t)bits };

		n += value_is_utf8(span_make(bytes, 3));
	}
	ck_assert_uint_eq(n, 2597503);
}
END_TEST

START_TEST(bad_byte_is_found_at_every_place_of_a_long_text)
{
	static const uint8_t bad[] = { 0x00, 0x80, 0xc1, 0xff };
	uint8_t text[40];

	for (size_t i = 0; i < sizeof(text); i++) {
		for (size_t kind = 0; kind < sizeof(bad); kind++) {
			memset(text, 'x', sizeof(text));
			ck_assert(value_is_utf8(span_make(text, 40)));
			text[i] = bad[kind];
			ck_assert(!value_is_utf8(span_make(text, 40)));
		}
	}
	ck_assert(value_is_utf8(span_make(NULL, 0)));
}
END_TEST

static Suite *
validate_suite(void)
{
	Suite *suite = suite_create("value_validate");
	TCase *tcase = tcase_create("value_validate");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, value_in_another_spelling_is_refused, 0,
			    sizeof(refused) / sizeof(*refused));
	tcase_add_loop_test(tcase, value_in_the_one_spelling_is_taken, 0,
			    sizeof(taken) / sizeof(*taken));
	tcase_add_loop_test(tcase, value_cut_anywhere_is_refused, 0,
			    sizeof(taken) / sizeof(*taken));
	tcase_add_test(tcase, handles_are_noticed_wherever_they_are);
	tcase_add_test(tcase, nesting_of_64_is_taken_and_of_65_refused);
	tcase_add_test(tcase, empty_list_at_depth_64_is_taken);
	tcase_add_test(tcase, nesting_of_100000_is_refused_without_a_crash);
	tcase_add_test(tcase, maps_in_keys_of_maps_take_no_excessive_time);
	tcase_add_test(tcase, every_character_but_nul_and_surrogates_is_text);
	tcase_add_test(tcase,
		       of_all_strings_of_three_bytes_the_right_number_is_text);
	tcase_add_test(tcase, bad_byte_is_found_at_every_place_of_a_long_text);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(validate_suite());
}
