/*
 * Building canonical values, in one pass where the size is known before, and
 * with the length put in afterwards where it is not: one byte is left for it,
 * which is enough for nearly all lists, and long ones move up once.
 */
#include <math.h>
#include <stdlib.h>

#include "value-wire.h"

static void
put_varint_field(struct buffer *out, uint8_t tag, uint64_t value)
{
	uint8_t *at = buffer_extend(out, 1 + wire_varint_size(value));

	if (!at)
		return;
	*at++ = tag;
	wire_put_varint(at, value);
}

static void
put_length_field(struct buffer *out, uint8_t tag, struct span span)
{
	uint8_t *at = buffer_extend(out, wire_field_size(span.size));

	if (at)
		wire_put_field(at, tag, span);
}

void
value_put_nil(struct buffer *out)
{
	put_varint_field(out, VALUE_TAG_NIL, 1);
}

void
value_put_bool(struct buffer *out, bool value)
{
	put_varint_field(out, VALUE_TAG_BOOL, value);
}

void
value_put_int(struct buffer *out, int64_t value)
{
	put_varint_field(out, VALUE_TAG_INT, wire_zigzag(value));
}

void
value_put_uint(struct buffer *out, uint64_t value)
{
	if (value <= INT64_MAX)
		value_put_int(out, (int64_t)value);
	else
		put_varint_field(out, VALUE_TAG_UINT, value);
}

void
value_put_double(struct buffer *out, double value)
{
	uint8_t *at = buffer_extend(out, 1 + sizeof(uint64_t));
	uint64_t bits;

	if (!at)
		return;
	memcpy(&bits, &value, sizeof(bits));
	if (isnan(value))
		bits = VALUE_NAN;
	else if (bits == VALUE_MINUS_ZERO)
		bits = 0;
	*at++ = VALUE_TAG_DOUBLE;
	wire_store64(at, bits);
}

void
value_put_text(struct buffer *out, struct span utf8)
{
	put_length_field(out, VALUE_TAG_STRING, utf8);
}

void
value_put_bytes(struct buffer *out, struct span data)
{
	put_length_field(out, VALUE_TAG_BYTES, data);
}

uint8_t *
value_write_int(uint8_t *out, int64_t value)
{
	*out++ = VALUE_TAG_INT;
	return wire_put_varint(out, wire_zigzag(value));
}

uint8_t *
value_write_text(uint8_t *out, enum mproxy_kind kind, struct span text)
{
	return wire_put_field(out, WIRE_TAG(kind, WIRE_LENGTH), text);
}

/* From the machine's order of bytes to the wire's. */
static void
put_elements(uint8_t *out, const uint8_t *data, size_t size, size_t n)
{
	if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ || size == 1) {
		wire_put_bytes(out, data, n * size);
		return;
	}
	for (size_t i = 0; i < n * size; i++)
		out[i] = data[i - i % size + (size - 1 - i % size)];
}

void
value_put_numbers(struct buffer *out, enum mproxy_number type, const void *data,
		  size_t n)
{
	size_t size = value_number_size(type);
	size_t inside = 2;
	uint8_t *at;

	if (size == 0 || n > PTRDIFF_MAX / size) {
		out->failed = true;
		return;
	}
	if (n > 0)
		inside += wire_field_size(n * size);
	at = buffer_extend(out, wire_field_size(inside));
	if (!at)
		return;
	*at++ = VALUE_TAG_NUMBERS;
	at = wire_put_varint(at, inside);
	*at++ = NUMBERS_TAG_TYPE;
	*at++ = (uint8_t)type;
	if (n == 0)
		return;
	*at++ = NUMBERS_TAG_DATA;
	at = wire_put_varint(at, n * size);
	put_elements(at, data, size, n);
}

void
value_put_handle(struct buffer *out, uint64_t object, struct span type)
{
	size_t inside = 1 + wire_varint_size(object);
	uint8_t *at;

	if (type.size > 0)
		inside += wire_field_size(type.size);
	at = buffer_extend(out, wire_field_size(inside));
	if (!at)
		return;
	*at++ = VALUE_TAG_HANDLE;
	at = wire_put_varint(at, inside);
	*at++ = HANDLE_TAG_OBJECT;
	at = wire_put_varint(at, object);
	if (type.size > 0)
		wire_put_field(at, HANDLE_TAG_TYPE, type);
}

static size_t
items_size(const struct span *items, size_t n)
{
	size_t size = 0;

	for (size_t i = 0; i < n; i++)
		size += wire_field_size(items[i].size);
	return size;
}

static uint8_t *
begin_container(struct buffer *out, uint8_t tag, size_t inside)
{
	uint8_t *at = buffer_extend(out, wire_field_size(inside));

	if (!at)
		return NULL;
	*at++ = tag;
	return wire_put_varint(at, inside);
}

void
value_put_list(struct buffer *out, const struct span *items, size_t n)
{
	uint8_t *at = begin_container(out, VALUE_TAG_LIST,
				      items_size(items, n));

	if (!at)
		return;
	for (size_t i = 0; i < n; i++)
		at = wire_put_field(at, ITEM_TAG, items[i]);
}

static bool
keys_ascend(const struct span *entries, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if (value_compare(entries[2 * i - 2], entries[2 * i]) >= 0)
			return false;
	}
	return true;
}

static void
put_map_entries(struct buffer *out, const struct span *entries, size_t n)
{
	uint8_t *at = begin_container(out, VALUE_TAG_MAP,
				      items_size(entries, 2 * n));

	if (!at)
		return;
	for (size_t i = 0; i < 2 * n; i++)
		at = wire_put_field(at, ITEM_TAG, entries[i]);
}

struct entry {
	struct span key;
	struct span value;
	size_t at; /* where it came: of equal keys the last one counts */
};

static int
compare_entries(const void *left, const void *right)
{
	const struct entry *a = left;
	const struct entry *b = right;
	int order = value_compare(a->key, b->key);

	if (order != 0)
		return order;
	return (a->at > b->at) - (a->at < b->at);
}

static void
sort_entries(struct entry *sorted, const struct span *entries, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		sorted[i] = (struct entry){
			.key = entries[2 * i],
			.value = entries[2 * i + 1],
			.at = i,
		};
	}
	qsort(sorted, n, sizeof(*sorted), compare_entries);
}

/* Back to keys and values in turn, equal keys once. Returns how many. */
static size_t
flatten_entries(struct span *flat, const struct entry *sorted, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (kept > 0 && span_equal(flat[2 * kept - 2], sorted[i].key))
			kept--;
		flat[2 * kept] = sorted[i].key;
		flat[2 * kept + 1] = sorted[i].value;
		kept++;
	}
	return kept;
}

void
value_put_map(struct buffer *out, const struct span *entries, size_t n)
{
	struct entry *sorted;
	struct span *flat;

	if (keys_ascend(entries, n)) {
		put_map_entries(out, entries, n);
		return;
	}
	sorted = calloc(n, sizeof(*sorted));
	flat = calloc(n, 2 * sizeof(*flat));
	if (sorted && flat) {
		sort_entries(sorted, entries, n);
		put_map_entries(out, flat, flatten_entries(flat, sorted, n));
	} else {
		out->failed = true;
	}
	free(sorted);
	free(flat);
}

void
value_put_head(struct buffer *out, enum mproxy_kind kind, size_t size)
{
	uint8_t *at = buffer_extend(out, 1 + wire_varint_size(size));

	if (!at)
		return;
	*at++ = kind == MPROXY_MAP ? VALUE_TAG_MAP : VALUE_TAG_LIST;
	wire_put_varint(at, size);
}

size_t
value_list_begin(struct buffer *out)
{
	size_t mark = out->size;
	uint8_t *at;

	/* a list inside an open one is an item of it */
	at = buffer_extend(out, out->open_lists > 0 ? 4 : 2);
	out->open_lists++;
	if (at && out->open_lists > 1) {
		*at = ITEM_TAG;
		at += 2;
	}
	if (at)
		*at = VALUE_TAG_LIST;
	return mark;
}

void
value_list_item(struct buffer *out, struct span item)
{
	put_length_field(out, ITEM_TAG, item);
}

void
value_list_end(struct buffer *out, size_t mark)
{
	bool nested = --out->open_lists > 0;
	size_t left = nested ? 4 : 2;
	size_t size, needed;
	uint8_t *at;

	if (out->failed)
		return;
	size = out->size - mark - left;
	needed = wire_field_size(size) - size;
	if (nested)
		needed = wire_field_size(needed + size) - size;
	if (needed > left) {
		if (!buffer_extend(out, needed - left))
			return;
		at = out->data + mark;
		memmove(at + needed, at + left, size);
	}
	at = out->data + mark;
	if (nested) {
		*at++ = ITEM_TAG;
		at = wire_put_varint(at, wire_field_size(size));
	}
	*at++ = VALUE_TAG_LIST;
	wire_put_varint(at, size);
}
