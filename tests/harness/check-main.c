/*
 * Why so little: a test should be read without reading its harness.
 */
#include "tests/harness/check-main.h"

#include <stdio.h>
#include <stdlib.h>

int
check_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void
write_hex(char *out, size_t room, struct span bytes)
{
	size_t at = 0;

	out[0] = '\0';
	for (size_t i = 0; i < bytes.size; i++) {
		if (at + 8 > room) {
			snprintf(out + at, room - at, "…");
			return;
		}
		at += (size_t)snprintf(out + at, room - at, "%02x ",
				       bytes.data[i]);
	}
}

const char *
check_hex(struct span bytes)
{
	static char text[400];

	write_hex(text, sizeof(text), bytes);
	return text;
}

void
check_differ(const char *what, struct span got, struct span want)
{
	static char got_text[400];
	static char want_text[400];

	write_hex(got_text, sizeof(got_text), got);
	write_hex(want_text, sizeof(want_text), want);
	ck_abort_msg("%s is %zu bytes %s, not %zu bytes %s", what, got.size,
		     got_text, want.size, want_text);
}

uint64_t
check_seed(uint64_t otherwise)
{
	const char *text = getenv("MPROXY_TEST_SEED");

	return text ? strtoull(text, NULL, 0) : otherwise;
}

/* An xorshift generator with a multiplication behind it; the state is spread
 * first, so that neighbouring seeds give unlike runs. */
uint64_t
check_random(uint64_t *state)
{
	uint64_t x;

	*state += UINT64_C(0x9e3779b97f4a7c15);
	x = *state;
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	x ^= x >> 32;
	return x;
}

size_t
check_random_below(uint64_t *state, size_t n)
{
	return (size_t)(check_random(state) % n);
}
