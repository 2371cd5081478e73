/*
 * Taking canonical values apart. Nothing here checks anything: the one place
 * that does is value-validate.c, and what passed there, or was built by
 * value-build.c, needs no second look.
 */
#include "value.h"

#include "value-wire.h"

/* Lengths and numbers here are known to be well-formed. */
static uint64_t
get_varint(const uint8_t **at)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;

	do {
		byte = *(*at)++;
		value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	return value;
}

static struct span
get_span(const uint8_t **at)
{
	size_t size = (size_t)get_varint(at);
	struct span span = span_make(*at, size);

	*at += size;
	return span;
}

size_t
value_number_size(enum mproxy_number type)
{
	switch (type) {
	case MPROXY_I8:
	case MPROXY_U8:
		return 1;
	case MPROXY_I16:
	case MPROXY_U16:
		return 2;
	case MPROXY_I32:
	case MPROXY_U32:
	case MPROXY_F32:
		return 4;
	case MPROXY_I64:
	case MPROXY_U64:
	case MPROXY_F64:
		return 8;
	}
	return 0;
}

static struct value_numbers
decode_numbers(struct span inside)
{
	const uint8_t *end = inside.data + inside.size;
	const uint8_t *at = inside.data + 1;
	struct value_numbers numbers = { 0 };

	numbers.type = (enum mproxy_number)get_varint(&at);
	numbers.data = span_make(at, 0);
	if (at < end) {
		at++;
		numbers.data = get_span(&at);
	}
	numbers.n = numbers.data.size / value_number_size(numbers.type);
	return numbers;
}

static struct value_handle
decode_handle(struct span inside)
{
	const uint8_t *end = inside.data + inside.size;
	const uint8_t *at = inside.data + 1;
	struct value_handle handle = { 0 };

	handle.object = get_varint(&at);
	handle.type = span_make(at, 0);
	if (at < end) {
		at++;
		handle.type = get_span(&at);
	}
	return handle;
}

void
value_decode_into(struct span bytes, struct value *ret)
{
	const uint8_t *at = bytes.data;

	ret->kind = (enum mproxy_kind)(*at++ >> 3);
	ret->has_handles = false;
	ret->bytes = bytes;
	switch (ret->kind) {
	case MPROXY_NIL:
		break;
	case MPROXY_BOOL:
		ret->boolean = *at != 0;
		break;
	case MPROXY_INT:
		ret->integer = wire_unzigzag(get_varint(&at));
		break;
	case MPROXY_UINT:
		ret->unsigned_ = get_varint(&at);
		break;
	case MPROXY_DOUBLE:
		ret->real = wire_load_double(at);
		break;
	case MPROXY_STRING:
	case MPROXY_BYTES:
		ret->text = get_span(&at);
		break;
	case MPROXY_NUMBERS:
		ret->numbers = decode_numbers(get_span(&at));
		break;
	case MPROXY_LIST:
	case MPROXY_MAP:
		ret->items = get_span(&at);
		break;
	case MPROXY_HANDLE:
		ret->handle = decode_handle(get_span(&at));
		break;
	}
}

struct value
value_decode(struct span bytes)
{
	struct value value;

	value_decode_into(bytes, &value);
	return value;
}

struct value_cursor
value_items(const struct value *value)
{
	struct value_cursor cursor = { .rest = { 0 } };

	if (value_is_container(value->kind))
		cursor.rest = value->items;
	return cursor;
}

bool
value_list_items(struct span list, struct span *ret)
{
	const uint8_t *at = list.data;

	if (*at++ != VALUE_TAG_LIST)
		return false;
	*ret = get_span(&at);
	return true;
}

bool
value_next(struct value_cursor *cursor, struct span *ret_item)
{
	const uint8_t *at = cursor->rest.data;

	if (cursor->rest.size == 0)
		return false;
	at++;
	*ret_item = get_span(&at);
	cursor->rest.size -= (size_t)(at - cursor->rest.data);
	cursor->rest.data = at;
	return true;
}

size_t
value_count(const struct value *value)
{
	struct value_cursor cursor = value_items(value);
	struct span item;
	size_t n = 0;

	while (value_next(&cursor, &item))
		n++;
	return value->kind == MPROXY_MAP ? n / 2 : n;
}

/*
 * A list begins with its first item, and where a list ends the next item of
 * the one around it begins. So all values inside a value, at any depth, follow
 * each other without a gap, and no stack is needed to visit them.
 */
void
value_each_handle(struct span bytes,
		  void (*visit)(void *context, struct value_handle handle),
		  void *context)
{
	struct value_cursor cursor = { .rest = bytes };
	struct span item = bytes;
	const uint8_t *end = bytes.data + bytes.size;

	do {
		struct value value = value_decode(item);

		if (value.kind == MPROXY_HANDLE)
			visit(context, value.handle);
		cursor.rest.data = value_is_container(value.kind)
					   ? value.items.data
					   : item.data + item.size;
		cursor.rest.size = (size_t)(end - cursor.rest.data);
	} while (value_next(&cursor, &item));
}
