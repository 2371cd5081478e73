/*
 * Assertions about values and calls; they say what the library says.
 */
#ifndef MPROXY_TESTS_VALUE_CHECK_H
#define MPROXY_TESTS_VALUE_CHECK_H

#include <check.h>
#include <stdlib.h>

#include "mproxy/value.h"

#define ck_assert_ok(call)                                                     \
	do {                                                                   \
		int error_ = (call);                                           \
		ck_assert_msg(error_ == 0, "%s is %s: %s", #call,              \
			      mproxy_error_name(error_),                       \
			      mproxy_error_detail());                          \
	} while (0)

#define ck_assert_error(call, code)                                            \
	do {                                                                   \
		int error_ = (call);                                           \
		ck_assert_msg(error_ == MPROXY_ERR_##code,                     \
			      "%s is %s, not %s: %s", #call,                   \
			      mproxy_error_name(error_), #code,                \
			      mproxy_error_detail());                          \
	} while (0)

/* The same, and the whole detail. */
#define ck_assert_fails(call, code, sentence)                                  \
	do {                                                                   \
		ck_assert_error(call, code);                                   \
		ck_assert_str_eq(mproxy_error_detail(), sentence);             \
	} while (0)

/* Takes value, compares it as text. */
#define ck_assert_value(value, want)                                           \
	do {                                                                   \
		struct mproxy_value *value_ = (value);                         \
		char *text_ = NULL;                                            \
		ck_assert_msg(value_, "%s", mproxy_error_detail());            \
		ck_assert_ok(mproxy_value_format(value_, &text_));             \
		ck_assert_str_eq(text_, want);                                 \
		free(text_);                                                   \
		mproxy_value_free(value_);                                     \
	} while (0)

/* A call whose last argument is &got, a struct mproxy_value *. */
#define ck_assert_gives(call, want)                                            \
	do {                                                                   \
		struct mproxy_value *got = NULL;                               \
		ck_assert_ok(call);                                            \
		ck_assert_value(got, want);                                    \
	} while (0)

/* Calls whose last argument is &got of a C type. */
#define ck_assert_gives_size(call, want)                                       \
	do {                                                                   \
		size_t got = 0;                                                \
		ck_assert_ok(call);                                            \
		ck_assert_uint_eq(got, want);                                  \
	} while (0)
#define ck_assert_gives_bool(call, want)                                       \
	do {                                                                   \
		bool got = !(want);                                            \
		ck_assert_ok(call);                                            \
		ck_assert_int_eq(got, want);                                   \
	} while (0)

#endif
