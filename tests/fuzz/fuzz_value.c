/*
 * A value from outside: what the gate takes has one spelling, and every
 * function that trusts the gate works on it.
 */
#include "mproxy/error.h"
#include "proto/value.h"
#include "tests/fuzz/fuzz.h"
#include "tests/harness/check-main.h"
#include "tests/harness/values.h"

void
fuzz_seed(struct buffer *out, uint64_t *state)
{
	values_random(out, state, 6, true);
	/* a second one, to compare it with */
	if (check_random_below(state, 2))
		values_random(out, state, 4, true);
}

static void
count_handle(void *context, struct value_handle handle)
{
	size_t *n = context;

	FUZZ_REQUIRE(handle.object != 0);
	(*n)++;
}

static void
check_value(struct span bytes, const struct value *value)
{
	static const struct value_hash_key key = { .k0 = 1, .k1 = 2 };
	struct buffer again = BUFFER_INIT;
	struct buffer text = BUFFER_INIT;
	size_t handles = 0;

	values_rebuild(&again, bytes);
	FUZZ_REQUIRE(span_equal(buffer_span(&again), bytes));
	FUZZ_REQUIRE(value_compare(bytes, buffer_span(&again)) == 0);
	FUZZ_REQUIRE(value_hash(bytes, &key) ==
		     value_hash(buffer_span(&again), &key));
	value_each_handle(bytes, count_handle, &handles);
	FUZZ_REQUIRE(value->has_handles == (handles > 0));
	value_format(&text, bytes, 100);
	FUZZ_REQUIRE(text.size <= 103 && value_is_utf8(buffer_span(&text)));
	buffer_deinit(&again);
	buffer_deinit(&text);
}

static bool
is_value(struct span bytes, struct value *ret)
{
	const char *why = NULL;
	int r = value_validate(bytes, ret, &why);

	FUZZ_REQUIRE(r == 0 || (r == MPROXY_ERR_PROTOCOL && why != NULL));
	return r == 0;
}

/* The first border at which both halves are values, if there is one. */
static void
check_pair(struct span bytes)
{
	for (size_t at = 1; at < bytes.size && at < 300; at++) {
		struct span a = span_make(bytes.data, at);
		struct span b = span_make(bytes.data + at, bytes.size - at);
		struct value first, second;
		int order;

		if (!is_value(a, &first) || !is_value(b, &second))
			continue;
		check_value(a, &first);
		check_value(b, &second);
		order = value_compare(a, b);
		FUZZ_REQUIRE((order == 0) == span_equal(a, b));
		FUZZ_REQUIRE((order > 0) == (value_compare(b, a) < 0));
		return;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span bytes = span_make(data, size);
	struct value value;

	if (is_value(bytes, &value))
		check_value(bytes, &value);
	else
		check_pair(bytes);
	return 0;
}
