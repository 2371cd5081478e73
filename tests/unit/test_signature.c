/*
 * Signatures: which arguments pass.
 */
#include "proto/signature.h"

#include "mproxy/error.h"
#include "tests/harness/check-main.h"

/* One value of each kind, and the letter of its own. */
static const struct {
	const char *letters; /* all that take it */
	struct span bytes;
} kinds[] = {
	{ "vkI", { 2, (const uint8_t *)"\x08\x01" } },
	{ "vkb", { 2, (const uint8_t *)"\x10\x01" } },
	{ "vkiIn", { 2, (const uint8_t *)"\x18\x02" } },
	{ "vkn",
	  { 11, (const uint8_t *)"\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff"
				 "\x01" } },
	{ "vkn", { 9, (const uint8_t *)"\x29\0\0\0\0\0\0\xf8\x3f" } },
	{ "vks", { 3, (const uint8_t *)"\x32\x01x" } },
	{ "vky", { 3, (const uint8_t *)"\x3a\x01x" } },
	{ "vk", { 4, (const uint8_t *)"\x42\x02\x08\x01" } },
	{ "vkl", { 2, (const uint8_t *)"\x4a\x00" } },
	{ "vkm", { 2, (const uint8_t *)"\x52\x00" } },
	{ "vh", { 4, (const uint8_t *)"\x5a\x02\x08\x01" } },
	/* [<1>] */
	{ "vl", { 8, (const uint8_t *)"\x4a\x06\x0a\x04\x5a\x02\x08\x01" } },
};

#define N_KINDS ((int)(sizeof(kinds) / sizeof(*kinds)))
#define NIL 0
#define INTEGER 2
#define TEXT 5

static struct value
value_of(int kind)
{
	struct value value;
	const char *why;

	ck_assert_int_eq(value_validate(kinds[kind].bytes, &value, &why), 0);
	return value;
}

/* Checks n values of these kinds. */
static int
check(const char *signature, size_t n, const int *which, size_t *ret_arg,
      const char **ret_want)
{
	struct value values[8];

	for (size_t i = 0; i < n; i++)
		values[i] = value_of(which[i]);
	return signature_check(signature, values, n, ret_arg, ret_want);
}

#define CHECK(signature, ...)                                                  \
	check(signature, sizeof((int[]){ __VA_ARGS__ }) / sizeof(int),         \
	      (int[]){ __VA_ARGS__ }, &arg, &want)

START_TEST(each_letter_takes_its_kinds_and_no_others)
{
	struct value value = value_of(_i);
	const char *want = "";
	size_t arg = 9;

	for (const char *at = "vkiInbsylmh"; *at; at++) {
		char signature[] = { *at, '\0' };
		int r = signature_check(signature, &value, 1, &arg, &want);

		if (strchr(kinds[_i].letters, *at)) {
			ck_assert_int_eq(r, 0);
			continue;
		}
		ck_assert_int_eq(r, MPROXY_ERR_TYPE);
		ck_assert_uint_eq(arg, 0);
		ck_assert_str_ne(want, "nothing");
	}
}
END_TEST

START_TEST(wrong_argument_is_named_by_number_and_wish)
{
	const char *want = "";
	size_t arg = 9;

	ck_assert_int_eq(CHECK("vis", NIL, INTEGER, TEXT), 0);
	ck_assert_int_eq(CHECK("vis", NIL, INTEGER, INTEGER), MPROXY_ERR_TYPE);
	ck_assert_uint_eq(arg, 2);
	ck_assert_str_eq(want, "text");
	ck_assert_int_eq(CHECK("vis", NIL, NIL, INTEGER), MPROXY_ERR_TYPE);
	ck_assert_uint_eq(arg, 1);
	ck_assert_str_eq(want, "integer");
}
END_TEST

START_TEST(wrong_number_of_arguments_is_invalid)
{
	const char *want = "";
	size_t arg = 9;

	ck_assert_int_eq(CHECK("is", INTEGER), MPROXY_ERR_INVALID);
	ck_assert_uint_eq(arg, 1);
	ck_assert_str_eq(want, "text");
	ck_assert_int_eq(signature_check("i", NULL, 0, &arg, &want),
			 MPROXY_ERR_INVALID);
	ck_assert_uint_eq(arg, 0);
	ck_assert_str_eq(want, "integer");
	ck_assert_int_eq(CHECK("i", INTEGER, INTEGER, INTEGER),
			 MPROXY_ERR_INVALID);
	ck_assert_uint_eq(arg, 3);
	ck_assert_str_eq(want, "fewer");
	ck_assert_int_eq(CHECK("", INTEGER), MPROXY_ERR_INVALID);
	ck_assert_uint_eq(arg, 1);
	ck_assert_int_eq(signature_check("", NULL, 0, &arg, &want), 0);
}
END_TEST

START_TEST(what_follows_a_bar_may_be_left_out)
{
	const char *want = "";
	size_t arg = 9;

	ck_assert_int_eq(CHECK("s|iI", TEXT), 0);
	ck_assert_int_eq(CHECK("s|iI", TEXT, INTEGER), 0);
	ck_assert_int_eq(CHECK("s|iI", TEXT, INTEGER, NIL), 0);
	ck_assert_int_eq(CHECK("s|iI", TEXT, NIL), MPROXY_ERR_TYPE);
	ck_assert_uint_eq(arg, 1);
	ck_assert_int_eq(CHECK("s|iI", TEXT, INTEGER, NIL, NIL),
			 MPROXY_ERR_INVALID);
	ck_assert_int_eq(signature_check("|i", NULL, 0, &arg, &want), 0);
	ck_assert_int_eq(CHECK("|i", INTEGER), 0);
	ck_assert_int_eq(signature_check("s|i", NULL, 0, &arg, &want),
			 MPROXY_ERR_INVALID);
	ck_assert_str_eq(want, "text");
}
END_TEST

START_TEST(letter_with_a_star_takes_any_number)
{
	const char *want = "";
	size_t arg = 9;

	ck_assert_int_eq(signature_check("v*", NULL, 0, &arg, &want), 0);
	ck_assert_int_eq(CHECK("v*", TEXT), 0);
	ck_assert_int_eq(CHECK("v*", TEXT, NIL, INTEGER, TEXT), 0);
	ck_assert_int_eq(CHECK("si*", TEXT), 0);
	ck_assert_int_eq(CHECK("si*", TEXT, INTEGER, INTEGER), 0);
	ck_assert_int_eq(CHECK("si*", TEXT, INTEGER, INTEGER, TEXT),
			 MPROXY_ERR_TYPE);
	ck_assert_uint_eq(arg, 3);
	ck_assert_int_eq(signature_check("si*", NULL, 0, &arg, &want),
			 MPROXY_ERR_INVALID);
	ck_assert_int_eq(CHECK("s|ii*", TEXT, INTEGER, INTEGER, INTEGER), 0);
	ck_assert_int_eq(CHECK("s|ii*", TEXT), 0);
}
END_TEST

static void
expect_description(const char *signature, const char *want)
{
	struct buffer out = BUFFER_INIT;

	signature_describe(signature, &out);
	ck_assert_buffer(out, span_text(want));
	buffer_deinit(&out);
}

START_TEST(descriptions_read_like_documentation)
{
	expect_description("", "");
	expect_description("kv", "key, value");
	expect_description("v|ib", "value[, integer[, bool]]");
	expect_description("|I", "[integer or nil]");
	expect_description("v*", "value…");
	expect_description("sk*", "text, key…");
	expect_description("nsylmh", "number, text, bytes, list, map, handle");
}
END_TEST

static Suite *
signature_suite(void)
{
	Suite *suite = suite_create("signature");
	TCase *tcase = tcase_create("signature");

	tcase_set_timeout(tcase, 10);
	tcase_add_loop_test(tcase, each_letter_takes_its_kinds_and_no_others, 0,
			    N_KINDS);
	tcase_add_test(tcase, wrong_argument_is_named_by_number_and_wish);
	tcase_add_test(tcase, wrong_number_of_arguments_is_invalid);
	tcase_add_test(tcase, what_follows_a_bar_may_be_left_out);
	tcase_add_test(tcase, letter_with_a_star_takes_any_number);
	tcase_add_test(tcase, descriptions_read_like_documentation);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(signature_suite());
}
