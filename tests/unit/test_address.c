/* Where a manager is looked for, by what is written and what is not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/harness/check-main.h"

#include "mproxy/error.h"
#include "proto/address.h"

static char why[256];

static void
expect_path(const char *text, const char *path)
{
	struct address address;

	ck_assert_int_eq(address_parse(text, &address, why, sizeof(why)), 0);
	ck_assert_str_eq(address.path, path);
}

static void
expect_failure(const char *text, int code, const char *part)
{
	struct address address = { .path = "as it was" };

	ck_assert_int_eq(address_parse(text, &address, why, sizeof(why)), code);
	ck_assert_msg(strstr(why, part) != NULL, "\"%s\" lacks \"%s\"", why,
		      part);
	ck_assert_str_eq(address.path, "as it was");
}

START_TEST(address_is_a_path_with_or_without_its_scheme)
{
	expect_path("/run/x.sock", "/run/x.sock");
	expect_path("unix:path=/run/x.sock", "/run/x.sock");
	ck_assert_int_eq(chdir("/tmp"), 0);
	expect_path("x.sock", "/tmp/x.sock");
	ck_assert_int_eq(chdir("/"), 0);
	expect_path("x.sock", "/x.sock");
}
END_TEST

START_TEST(address_that_is_no_path_is_refused)
{
	expect_failure("@x", MPROXY_ERR_INVALID, "@x");
	expect_failure("unix:abstract=x", MPROXY_ERR_INVALID, "abstract");
	expect_failure("unix:runtime=yes", MPROXY_ERR_INVALID, "PATH");
	expect_failure("", MPROXY_ERR_INVALID, "no socket");
	expect_failure("/run/", MPROXY_ERR_INVALID, "no socket");
}
END_TEST

START_TEST(address_may_have_107_bytes)
{
	char path[120];

	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[107] = '\0';
	expect_path(path, path);
	path[107] = 'x';
	path[108] = '\0';
	expect_failure(path, MPROXY_ERR_TOO_BIG, "108 bytes, at most 107");
}
END_TEST

START_TEST(default_address_comes_from_the_environment)
{
	struct address address;
	char expected[64];

	setenv("MPROXY_ADDRESS", "/a/b", 1);
	setenv("XDG_RUNTIME_DIR", "/tmp", 1);
	ck_assert_int_eq(address_default(&address, why, sizeof(why)), 0);
	ck_assert_str_eq(address.path, "/a/b");
	setenv("MPROXY_ADDRESS", "", 1);
	ck_assert_int_eq(address_default(&address, why, sizeof(why)), 0);
	ck_assert_str_eq(address.path, "/tmp/mproxy/mproxy.sock");
	unsetenv("MPROXY_ADDRESS");
	setenv("XDG_RUNTIME_DIR", "/no/such/folder", 1);
	ck_assert_int_eq(address_default(&address, why, sizeof(why)), 0);
	snprintf(expected, sizeof(expected), "/tmp/mproxy-%u/mproxy.sock",
		 (unsigned)geteuid());
	ck_assert_str_eq(address.path, expected);
	setenv("MPROXY_ADDRESS", "@x", 1);
	ck_assert_int_eq(address_default(&address, why, sizeof(why)),
			 MPROXY_ERR_INVALID);
	unsetenv("MPROXY_ADDRESS");
}
END_TEST

START_TEST(address_goes_into_a_sockaddr)
{
	struct sockaddr_un name;
	struct address address;

	ck_assert_int_eq(address_parse("/x/y", &address, why, sizeof(why)), 0);
	ck_assert_uint_eq(address_to_sockaddr(&address, &name), sizeof(name));
	ck_assert_int_eq(name.sun_family, AF_UNIX);
	ck_assert_str_eq(name.sun_path, "/x/y");
}
END_TEST

static Suite *
address_suite(void)
{
	Suite *suite = suite_create("address");
	TCase *tcase = tcase_create("address");

	tcase_add_test(tcase, address_is_a_path_with_or_without_its_scheme);
	tcase_add_test(tcase, address_that_is_no_path_is_refused);
	tcase_add_test(tcase, address_may_have_107_bytes);
	tcase_add_test(tcase, default_address_comes_from_the_environment);
	tcase_add_test(tcase, address_goes_into_a_sockaddr);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(address_suite());
}
