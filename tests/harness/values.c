/*
 * Why numbers near the borders are favoured: a number drawn evenly from 64
 * bits is never small, and never one past what fits.
 */
#include "tests/harness/values.h"

#include <math.h>
#include <stdlib.h>

#include "proto/value.h"
#include "tests/harness/check-main.h"

#define MAX_ITEMS 6

static uint64_t
random_bits(uint64_t *state)
{
	uint64_t border = UINT64_C(1) << check_random_below(state, 64);
	uint64_t around = border + check_random_below(state, 5) - 2;

	return check_random_below(state, 3) ? around : check_random(state);
}

static void
put_double(struct buffer *out, uint64_t *state)
{
	static const double special[] = { 0.0, -0.0, 1.0,      -1.0,
					  0.1, NAN,  INFINITY, -INFINITY };
	uint64_t bits;
	double value;

	switch (check_random_below(state, 3)) {
	case 0:
		value = special[check_random_below(state, 8)];
		break;
	case 1:
		value = (double)(int64_t)random_bits(state);
		break;
	default:
		bits = check_random(state);
		memcpy(&value, &bits, sizeof(value));
	}
	value_put_double(out, value);
}

static void
put_text(struct buffer *out, uint64_t *state)
{
	static const char *const pieces[] = { "a",	    "b",   "key ",
					      "\n",	    "é",   "\u20ac",
					      "\U0001f600", "\x7f" };
	struct buffer text = BUFFER_INIT;
	size_t n = check_random_below(state, 5);

	if (check_random_below(state, 20) == 0)
		n = 200;
	for (size_t i = 0; i < n; i++)
		buffer_append_text(&text, pieces[check_random_below(state, 8)]);
	value_put_text(out, buffer_span(&text));
	buffer_deinit(&text);
}

static void
put_data(struct buffer *out, uint64_t *state)
{
	uint8_t data[16];
	size_t n = check_random_below(state, sizeof(data));

	for (size_t i = 0; i < n; i++)
		data[i] = (uint8_t)check_random(state);
	value_put_bytes(out, span_make(data, n));
}

static void
put_numbers(struct buffer *out, uint64_t *state)
{
	uint64_t data[4] = { random_bits(state), random_bits(state),
			     random_bits(state), random_bits(state) };
	enum mproxy_number type = (enum mproxy_number)(
		1 + check_random_below(state, 10));

	value_put_numbers(out, type, data, check_random_below(state, 5));
}

static void
put_container(struct buffer *out, uint64_t *state, unsigned depth, bool is_map,
	      bool handles)
{
	struct span items[2 * MAX_ITEMS] = { 0 };
	struct buffer parts[2 * MAX_ITEMS];
	size_t n = depth > 1 ? check_random_below(state, MAX_ITEMS) : 0;
	size_t n_items = is_map ? 2 * n : n;

	for (size_t i = 0; i < n_items; i++) {
		bool is_key = is_map && i % 2 == 0;

		parts[i] = (struct buffer)BUFFER_INIT;
		values_random(&parts[i], state, depth - 1, handles && !is_key);
		items[i] = buffer_span(&parts[i]);
	}
	if (is_map)
		value_put_map(out, items, n);
	else
		value_put_list(out, items, n);
	for (size_t i = 0; i < n_items; i++)
		buffer_deinit(&parts[i]);
}

void
values_random(struct buffer *out, uint64_t *state, unsigned depth, bool handles)
{
	switch (1 + check_random_below(state, handles ? 11 : 10)) {
	case MPROXY_NIL:
		value_put_nil(out);
		break;
	case MPROXY_BOOL:
		value_put_bool(out, check_random_below(state, 2));
		break;
	case MPROXY_INT:
		value_put_int(out, (int64_t)random_bits(state));
		break;
	case MPROXY_UINT:
		value_put_uint(out, random_bits(state));
		break;
	case MPROXY_DOUBLE:
		put_double(out, state);
		break;
	case MPROXY_STRING:
		put_text(out, state);
		break;
	case MPROXY_BYTES:
		put_data(out, state);
		break;
	case MPROXY_NUMBERS:
		put_numbers(out, state);
		break;
	case MPROXY_LIST:
		put_container(out, state, depth, false, handles);
		break;
	case MPROXY_MAP:
		put_container(out, state, depth, true, handles);
		break;
	case MPROXY_HANDLE:
		value_put_handle(
			out, random_bits(state) | 1,
			span_text(check_random_below(state, 2) ? "list" : ""));
		break;
	}
}

/* A piece of the bytes: where it begins, and how long it is. */
static size_t
random_piece(const struct buffer *bytes, uint64_t *state, size_t *ret_size)
{
	size_t at = check_random_below(state, bytes->size);
	size_t most = bytes->size - at;

	*ret_size = 1 + check_random_below(state, most < 8 ? most : 8);
	return at;
}

void
values_mutate(struct buffer *bytes, uint64_t *state)
{
	size_t size;
	size_t at = random_piece(bytes, state, &size);
	uint8_t *byte = bytes->data + at;

	switch (check_random_below(state, 5)) {
	case 0:
		*byte ^= (uint8_t)(1u << check_random_below(state, 8));
		break;
	case 1:
		*byte = (uint8_t)check_random(state);
		break;
	case 2:
		if (size == bytes->size)
			break;
		memmove(byte, byte + size, bytes->size - at - size);
		bytes->size -= size;
		break;
	case 3:
		buffer_extend(bytes, size);
		byte = bytes->data + at;
		memmove(byte + size, byte, bytes->size - at - size);
		break;
	default:
		memmove(bytes->data + check_random_below(
					      state, bytes->size - size + 1),
			byte, size);
	}
}

static void
rebuild_container(struct buffer *out, const struct value *value)
{
	struct value_cursor cursor = value_items(value);
	bool is_map = value->kind == MPROXY_MAP;
	size_t n = value_count(value) * (is_map ? 2 : 1);
	struct buffer *parts = calloc(n + 1, sizeof(*parts));
	struct span *items = calloc(n + 1, sizeof(*items));

	for (size_t i = 0; value_next(&cursor, &items[i]); i++) {
		values_rebuild(&parts[i], items[i]);
		items[i] = buffer_span(&parts[i]);
	}
	if (is_map)
		value_put_map(out, items, n / 2);
	else
		value_put_list(out, items, n);
	for (size_t i = 0; i < n; i++)
		buffer_deinit(&parts[i]);
	free(parts);
	free(items);
}

void
values_rebuild(struct buffer *out, struct span bytes)
{
	struct value value = value_decode(bytes);

	switch (value.kind) {
	case MPROXY_NIL:
		value_put_nil(out);
		break;
	case MPROXY_BOOL:
		value_put_bool(out, value.boolean);
		break;
	case MPROXY_INT:
		value_put_int(out, value.integer);
		break;
	case MPROXY_UINT:
		value_put_uint(out, value.unsigned_);
		break;
	case MPROXY_DOUBLE:
		value_put_double(out, value.real);
		break;
	case MPROXY_STRING:
		value_put_text(out, value.text);
		break;
	case MPROXY_BYTES:
		value_put_bytes(out, value.text);
		break;
	case MPROXY_NUMBERS:
		value_put_numbers(out, value.numbers.type,
				  value.numbers.data.data, value.numbers.n);
		break;
	case MPROXY_LIST:
	case MPROXY_MAP:
		rebuild_container(out, &value);
		break;
	case MPROXY_HANDLE:
		value_put_handle(out, value.handle.object, value.handle.type);
		break;
	}
}
