/*
 * What every Check program of ours needs: a main that runs its suite, and
 * assertions about bytes.
 *
 *	int
 *	main(void)
 *	{
 *		return check_run(frame_suite());
 *	}
 *
 * CK_FORK, CK_RUN_SUITE, CK_RUN_CASE and CK_VERBOSITY work as Check has them.
 */
#ifndef MPROXY_TESTS_CHECK_MAIN_H
#define MPROXY_TESTS_CHECK_MAIN_H

#include <check.h>

#include "proto/buffer.h"
#include "proto/span.h"

/* Exit status for main. */
int check_run(Suite *suite);

/* "08 ff …" in static memory, for messages; of long ones the first bytes. */
const char *check_hex(struct span bytes);

/* The bytes of a string literal, NULs and all: LITERAL("\x08\x00"). */
#define LITERAL(text) span_make(text, sizeof(text) - 1)

#define ck_assert_bytes(got, want)                                             \
	do {                                                                   \
		struct span got_ = (got);                                      \
		struct span want_ = (want);                                    \
		if (!span_equal(got_, want_))                                  \
			check_differ(#got, got_, want_);                       \
	} while (0)

#define ck_assert_buffer(got, want) ck_assert_bytes(buffer_span(&(got)), want)

/* Fails the test: prints both. */
void check_differ(const char *what, struct span got, struct span want);

/*
 * A number from a seed, for random tests: the same seed gives the same run.
 * check_seed() is $MPROXY_TEST_SEED, or else the given one; print it when
 * something fails.
 */
uint64_t check_seed(uint64_t otherwise);
uint64_t check_random(uint64_t *state);
/* 0 … n - 1 */
size_t check_random_below(uint64_t *state, size_t n);

#endif
