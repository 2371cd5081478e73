/*
 * Properties of all values, on random ones, each from a seed of its own.
 * MPROXY_TEST_SEED=n runs one more round from there.
 */
#include "proto/value.h"

#include <stdlib.h>

#include "mproxy/error.h"
#include "proto/mproxy.pb-c.h"
#include "tests/harness/check-main.h"
#include "tests/harness/values.h"

#define ROUNDS 2000

static uint64_t seed;

/* Runs a property on each seed; what fails prints it. */
static void
for_all(void (*property)(uint64_t *state))
{
	uint64_t first = check_seed(1);

	for (seed = first; seed < first + ROUNDS; seed++) {
		uint64_t state = seed;

		property(&state);
	}
}

#define require(condition)                                                     \
	ck_assert_msg(condition, "seed %llu: " #condition,                     \
		      (unsigned long long)seed)

static struct buffer
random_value(uint64_t *state)
{
	struct buffer bytes = BUFFER_INIT;

	values_random(&bytes, state, 5, true);
	return bytes;
}

static void
count_handle(void *context, struct value_handle handle)
{
	size_t *n = context;

	(void)handle;
	(*n)++;
}

static void
is_valid_and_rebuilds(uint64_t *state)
{
	struct buffer bytes = random_value(state);
	struct buffer again = BUFFER_INIT;
	struct value value;
	const char *why;
	size_t handles = 0;

	require(value_validate(buffer_span(&bytes), &value, &why) == 0);
	values_rebuild(&again, buffer_span(&bytes));
	require(span_equal(buffer_span(&again), buffer_span(&bytes)));
	value_each_handle(buffer_span(&bytes), count_handle, &handles);
	require(value.has_handles == (handles > 0));
	buffer_deinit(&bytes);
	buffer_deinit(&again);
}

START_TEST(values_are_valid_and_rebuild_to_the_same_bytes)
{
	for_all(is_valid_and_rebuilds);
}
END_TEST

static void
is_refused_when_cut(uint64_t *state)
{
	struct buffer bytes = random_value(state);
	struct value value;
	const char *why;

	for (size_t size = 0; size < bytes.size; size++)
		require(value_validate(span_make(bytes.data, size), &value,
				       &why) == MPROXY_ERR_PROTOCOL);
	buffer_deinit(&bytes);
}

START_TEST(values_cut_anywhere_are_refused)
{
	for_all(is_refused_when_cut);
}
END_TEST

/* Whatever is taken, however it came to be, has only this spelling. */
static void
is_refused_or_canonical_when_changed(uint64_t *state)
{
	struct buffer bytes = random_value(state);
	struct buffer again = BUFFER_INIT;
	struct value value;
	const char *why;

	for (unsigned i = 0; i < 20; i++) {
		values_mutate(&bytes, state);
		if (value_validate(buffer_span(&bytes), &value, &why) != 0)
			continue;
		buffer_clear(&again);
		values_rebuild(&again, buffer_span(&bytes));
		require(span_equal(buffer_span(&again), buffer_span(&bytes)));
	}
	buffer_deinit(&bytes);
	buffer_deinit(&again);
}

START_TEST(changed_values_are_refused_or_canonical)
{
	for_all(is_refused_or_canonical_when_changed);
}
END_TEST

static int
sign(int number)
{
	return (number > 0) - (number < 0);
}

static void
is_ordered(uint64_t *state)
{
	struct buffer values[3];
	struct span a, b, c;

	for (unsigned i = 0; i < 3; i++)
		values[i] = random_value(state);
	/* often a value and one like it */
	if (check_random_below(state, 2)) {
		buffer_clear(&values[1]);
		buffer_append_span(&values[1], buffer_span(&values[0]));
	}
	a = buffer_span(&values[0]);
	b = buffer_span(&values[1]);
	c = buffer_span(&values[2]);
	require(value_compare(a, a) == 0);
	require(sign(value_compare(a, b)) == -sign(value_compare(b, a)));
	require((value_compare(a, b) == 0) == span_equal(a, b));
	if (value_compare(a, b) <= 0 && value_compare(b, c) <= 0)
		require(value_compare(a, c) <= 0);
	if (value_compare(a, b) >= 0 && value_compare(b, c) >= 0)
		require(value_compare(a, c) >= 0);
	for (unsigned i = 0; i < 3; i++)
		buffer_deinit(&values[i]);
}

START_TEST(order_is_total_and_equal_means_the_same_bytes)
{
	for_all(is_ordered);
}
END_TEST

static void
formats_within_its_limit(uint64_t *state)
{
	struct buffer bytes = random_value(state);
	struct buffer text = BUFFER_INIT;
	size_t max = check_random_below(state, 60);

	value_format(&text, buffer_span(&bytes), max);
	require(text.size <= max + strlen("…"));
	require(value_is_utf8(buffer_span(&text)));
	for (size_t i = 0; i < text.size; i++)
		require(text.data[i] >= 0x20 && text.data[i] != 0x7f);
	buffer_deinit(&bytes);
	buffer_deinit(&text);
}

START_TEST(printed_values_keep_to_their_limit_and_are_plain_text)
{
	for_all(formats_within_its_limit);
}
END_TEST

/* The library of protobuf-c, which knows nothing of our code, reads the same
 * bytes and writes them again. */
static void
equals_generated_code(uint64_t *state)
{
	struct buffer bytes = random_value(state);
	struct value value = value_decode(buffer_span(&bytes));
	Mproxy__Wire__Value *wire = mproxy__wire__value__unpack(
		NULL, bytes.size, bytes.data);
	uint8_t *again = malloc(bytes.size);

	require(wire != NULL);
	require((unsigned)wire->kind_case == (unsigned)value.kind);
	require(wire->base.n_unknown_fields == 0);
	require(mproxy__wire__value__get_packed_size(wire) == bytes.size);
	mproxy__wire__value__pack(wire, again);
	require(memcmp(again, bytes.data, bytes.size) == 0);
	if (value.kind == MPROXY_INT)
		require(wire->integer == value.integer);
	if (value.kind == MPROXY_UINT)
		require(wire->unsigned_ == value.unsigned_);
	if (value.kind == MPROXY_STRING)
		require(span_equal(value.text,
				   span_make(wire->text.data, wire->text.len)));
	mproxy__wire__value__free_unpacked(wire, NULL);
	free(again);
	buffer_deinit(&bytes);
}

START_TEST(generated_code_reads_the_same_and_writes_the_same_bytes)
{
	for_all(equals_generated_code);
}
END_TEST

/* A list built from our items by the generated code has the same bytes. */
static void
list_equals_generated_code(uint64_t *state)
{
	size_t n = check_random_below(state, 5);
	struct buffer items[4];
	struct span spans[4];
	ProtobufCBinaryData data[4];
	Mproxy__Wire__List list = MPROXY__WIRE__LIST__INIT;
	struct buffer want = BUFFER_INIT;
	struct buffer got = BUFFER_INIT;

	for (size_t i = 0; i < n; i++) {
		items[i] = random_value(state);
		spans[i] = buffer_span(&items[i]);
		data[i].len = items[i].size;
		data[i].data = items[i].data;
	}
	list.n_items = n;
	list.items = data;
	mproxy__wire__list__pack(
		&list, buffer_extend(&want, mproxy__wire__list__get_packed_size(
						    &list)));
	value_put_list(&got, spans, n);
	require(span_equal(value_decode(buffer_span(&got)).items,
			   buffer_span(&want)));
	for (size_t i = 0; i < n; i++)
		buffer_deinit(&items[i]);
	buffer_deinit(&want);
	buffer_deinit(&got);
}

START_TEST(lists_have_the_bytes_that_generated_code_writes)
{
	for_all(list_equals_generated_code);
}
END_TEST

static Suite *
random_suite(void)
{
	Suite *suite = suite_create("value_random");
	TCase *tcase = tcase_create("value_random");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, values_are_valid_and_rebuild_to_the_same_bytes);
	tcase_add_test(tcase, values_cut_anywhere_are_refused);
	tcase_add_test(tcase, changed_values_are_refused_or_canonical);
	tcase_add_test(tcase, order_is_total_and_equal_means_the_same_bytes);
	tcase_add_test(tcase,
		       printed_values_keep_to_their_limit_and_are_plain_text);
	tcase_add_test(tcase,
		       generated_code_reads_the_same_and_writes_the_same_bytes);
	tcase_add_test(tcase, lists_have_the_bytes_that_generated_code_writes);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(random_suite());
}
