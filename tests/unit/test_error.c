/*
 * The list of errors: numbers, names, texts.
 */
#include "mproxy/error.h"

#include <string.h>

#include "tests/harness/check-main.h"

static const struct {
	int number;
	const char *name;
	const char *text;
} errors[] = {
#define X(name, number, text) { number, "MPROXY_ERR_" #name, text },
	MPROXY_ERROR_LIST(X)
#undef X
};

#define N_ERRORS (sizeof(errors) / sizeof(*errors))

START_TEST(every_code_has_its_name_and_text)
{
	for (size_t i = 0; i < N_ERRORS; i++) {
		ck_assert_str_eq(mproxy_error_name(errors[i].number),
				 errors[i].name);
		ck_assert_str_eq(mproxy_strerror(errors[i].number),
				 errors[i].text);
	}
}
END_TEST

START_TEST(codes_are_negative_and_all_different)
{
	for (size_t i = 0; i < N_ERRORS; i++) {
		ck_assert_int_lt(errors[i].number, 0);
		for (size_t k = 0; k < i; k++)
			ck_assert_int_ne(errors[i].number, errors[k].number);
	}
}
END_TEST

/* A few that must never change, for old clients and new servers. */
START_TEST(numbers_stay_what_they_were)
{
	ck_assert_int_eq(MPROXY_ERR_TIMEOUT, -1);
	ck_assert_int_eq(MPROXY_ERR_BROKEN, -14);
	ck_assert_int_eq(MPROXY_ERR_INVALID, -30);
	ck_assert_int_eq(MPROXY_ERR_NO_INIT, -40);
	ck_assert_int_eq(MPROXY_ERR_NO_MEMORY, -60);
	ck_assert_int_eq(MPROXY_ERR_NO_DESCRIPTORS, -63);
	ck_assert_int_eq(MPROXY_ERR_SERVER_GONE, -90);
	ck_assert_int_eq(MPROXY_ERR_START, -98);
}
END_TEST

START_TEST(any_other_number_has_a_name_and_a_text)
{
	ck_assert_str_eq(mproxy_error_name(0), "MPROXY_OK");
	ck_assert_str_eq(mproxy_strerror(0), "ok");
	ck_assert_str_eq(mproxy_error_name(5), "MPROXY_ERR_UNKNOWN");
	ck_assert_str_eq(mproxy_strerror(-1000000), "unknown error");
}
END_TEST

static Suite *
error_suite(void)
{
	Suite *suite = suite_create("error");
	TCase *tcase = tcase_create("error");

	tcase_set_timeout(tcase, 10);
	tcase_add_test(tcase, every_code_has_its_name_and_text);
	tcase_add_test(tcase, codes_are_negative_and_all_different);
	tcase_add_test(tcase, numbers_stay_what_they_were);
	tcase_add_test(tcase, any_other_number_has_a_name_and_a_text);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(error_suite());
}
