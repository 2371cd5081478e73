/*
 * What a fuzz target has.
 *
 * With libFuzzer, from the top of the tree, where the build is in build/:
 *
 *	clang -std=gnu11 -g -O1 -fsanitize=fuzzer,address,undefined \
 *		-D_GNU_SOURCE -I. -Ilib -Ibuild tests/fuzz/fuzz_value.c \
 *		tests/harness/values.c tests/harness/check-main.c \
 *		$(find proto -name '*.c') lib/error.c \
 *		build/proto/mproxy.pb-c.c -lprotobuf-c -lcheck -o fuzz_value
 *	./fuzz_value corpus/
 *
 * As an ordinary program, with replay.c: it runs the files it is given, or
 * random changes of its own seeds when it is given none (MPROXY_FUZZ_ROUNDS,
 * MPROXY_TEST_SEED). make check does that for a moment.
 */
#ifndef MPROXY_TESTS_FUZZ_H
#define MPROXY_TESTS_FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include "proto/buffer.h"

/* Dies when something is wrong. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Appends an input that is well-formed, from a seed. */
void fuzz_seed(struct buffer *out, uint64_t *state);

#define FUZZ_REQUIRE(condition)                                                \
	do {                                                                   \
		if (!(condition))                                              \
			fuzz_fail(__FILE__, __LINE__, #condition);             \
	} while (0)

static inline void
fuzz_fail(const char *file, int line, const char *condition)
{
	fprintf(stderr, "%s:%d: not so: %s\n", file, line, condition);
	abort();
}

#endif
