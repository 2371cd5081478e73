/*
 * The one order of all values. It must be total, or sorting a list of mixed
 * things, and with it the canonical form of maps, would depend on how they
 * came: so an integer and a double are compared exactly, not by converting
 * one into the other, which loses bits above 2^53.
 *
 * Two values are walked side by side, with a stack of the places where their
 * containers end.
 */
#include <math.h>

#include "value-wire.h"

struct pair {
	const uint8_t *a;
	const uint8_t *b;
};

static int
compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int
compare_i64(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int
compare_bytes(struct span a, struct span b)
{
	size_t size = a.size < b.size ? a.size : b.size;
	int order = size > 0 ? memcmp(a.data, b.data, size) : 0;

	return order != 0 ? order : compare_u64(a.size, b.size);
}

/* An integer of either kind against a double that is not NaN. Once the double
 * is in the range of the integer its whole part is exact in that type. */
static int
compare_integer_double(const struct value *a, double b)
{
	int64_t whole;

	if (a->kind == MPROXY_UINT) {
		if (b < 0x1p63)
			return 1;
		if (b >= 0x1p64)
			return -1;
		return compare_u64(a->unsigned_, (uint64_t)b);
	}
	if (b < -0x1p63)
		return 1;
	if (b >= 0x1p63)
		return -1;
	whole = (int64_t)b;
	if (a->integer != whole)
		return compare_i64(a->integer, whole);
	return ((double)whole > b) - ((double)whole < b);
}

static int
compare_doubles(double a, double b)
{
	if (isnan(a) || isnan(b))
		return (isnan(a) ? 1 : 0) - (isnan(b) ? 1 : 0);
	return (a > b) - (a < b);
}

/* By what they mean; 0 for 1 and 1.0. */
static int
compare_meanings(const struct value *a, const struct value *b)
{
	if (a->kind == MPROXY_DOUBLE && b->kind == MPROXY_DOUBLE)
		return compare_doubles(a->real, b->real);
	if (b->kind == MPROXY_DOUBLE)
		return isnan(b->real) ? -1 : compare_integer_double(a, b->real);
	if (a->kind == MPROXY_DOUBLE)
		return isnan(a->real) ? 1 : -compare_integer_double(b, a->real);
	if (a->kind != b->kind)
		return a->kind == MPROXY_UINT ? 1 : -1;
	if (a->kind == MPROXY_UINT)
		return compare_u64(a->unsigned_, b->unsigned_);
	return compare_i64(a->integer, b->integer);
}

/*
 * One element as a key whose unsigned order is that of the elements. The sign
 * bit of signed integers is flipped; floats, which are ordered like integers
 * with a sign and a magnitude, are flipped wholly when negative (this is the
 * total order of IEEE 754, 5.10).
 */
static uint64_t
element_key(enum mproxy_number type, const uint8_t *at)
{
	size_t size = value_number_size(type);
	uint64_t sign = UINT64_C(1) << (8 * size - 1);
	uint64_t bits = 0;

	for (size_t i = 0; i < size; i++)
		bits |= (uint64_t)at[i] << (8 * i);
	if (type == MPROXY_F32 || type == MPROXY_F64)
		return bits & sign ? ~bits & (sign | (sign - 1)) : bits | sign;
	if (type == MPROXY_I8 || type == MPROXY_I16 || type == MPROXY_I32 ||
	    type == MPROXY_I64)
		return bits ^ sign;
	return bits;
}

static int
compare_numbers(const struct value_numbers *a, const struct value_numbers *b)
{
	size_t size = value_number_size(a->type);
	size_t n = a->n < b->n ? a->n : b->n;

	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	for (size_t i = 0; i < n * size; i += size) {
		int order = compare_u64(element_key(a->type, a->data.data + i),
					element_key(b->type, b->data.data + i));

		if (order != 0)
			return order;
	}
	return compare_u64(a->n, b->n);
}

static int
compare_handles(const struct value_handle *a, const struct value_handle *b)
{
	int order = compare_u64(a->object, b->object);

	return order != 0 ? order : compare_bytes(a->type, b->type);
}

/* Kinds in their order; all numbers are one. */
static int
rank(enum mproxy_kind kind)
{
	if (kind == MPROXY_UINT || kind == MPROXY_DOUBLE)
		return MPROXY_INT;
	return (int)kind;
}

/* All there is to say about two scalars; 0 for two containers of one kind,
 * whatever is in them. */
static int
compare_first_level(const struct value *a, const struct value *b)
{
	int order;

	if (rank(a->kind) != rank(b->kind))
		return rank(a->kind) < rank(b->kind) ? -1 : 1;
	switch (a->kind) {
	case MPROXY_BOOL:
		return a->boolean - b->boolean;
	case MPROXY_INT:
	case MPROXY_UINT:
	case MPROXY_DOUBLE:
		order = compare_meanings(a, b);
		return order != 0 ? order : (int)a->kind - (int)b->kind;
	case MPROXY_STRING:
	case MPROXY_BYTES:
		return compare_bytes(a->text, b->text);
	case MPROXY_NUMBERS:
		return compare_numbers(&a->numbers, &b->numbers);
	case MPROXY_HANDLE:
		return compare_handles(&a->handle, &b->handle);
	case MPROXY_NIL:
	case MPROXY_LIST:
	case MPROXY_MAP:
		break;
	}
	return 0;
}

static struct span
next_item(const uint8_t **at, const uint8_t *end)
{
	struct value_cursor cursor = {
		.rest = span_make(*at, (size_t)(end - *at)),
	};
	struct span item = { 0 };

	value_next(&cursor, &item);
	*at = cursor.rest.data;
	return item;
}

/* Two containers of one kind. */
static int
compare_containers(const struct value *first_a, const struct value *first_b)
{
	struct pair ends[VALUE_MAX_DEPTH];
	struct value a = *first_a;
	struct value b = *first_b;
	struct pair at = { NULL, NULL };
	unsigned depth = 0;
	int order;

	for (;;) {
		if (value_is_container(a.kind)) {
			at = (struct pair){ a.items.data, b.items.data };
			ends[depth++] = (struct pair){
				a.items.data + a.items.size,
				b.items.data + b.items.size,
			};
		}
		/* cppcheck-suppress uninitvar; the first two are containers */
		while (at.a == ends[depth - 1].a && at.b == ends[depth - 1].b) {
			if (--depth == 0)
				return 0;
		}
		if (at.a == ends[depth - 1].a || at.b == ends[depth - 1].b)
			return at.a == ends[depth - 1].a ? -1 : 1;
		value_decode_into(next_item(&at.a, ends[depth - 1].a), &a);
		value_decode_into(next_item(&at.b, ends[depth - 1].b), &b);
		order = compare_first_level(&a, &b);
		if (order != 0)
			return order;
	}
}

int
value_compare(struct span bytes_a, struct span bytes_b)
{
	struct value a, b;
	int order;

	value_decode_into(bytes_a, &a);
	value_decode_into(bytes_b, &b);
	order = compare_first_level(&a, &b);
	if (order != 0 || !value_is_container(a.kind))
		return order;
	return compare_containers(&a, &b);
}
