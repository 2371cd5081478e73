/*
 * The gate: every value from outside passes here once, and nothing behind it
 * checks again. So this file refuses whatever has two spellings.
 *
 * One pass over the bytes, with a stack of VALUE_MAX_DEPTH containers instead
 * of recursion: depth costs an attacker more than it costs us. The keys of a
 * map are compared with their neighbours when they end; a comparison costs at
 * most the shorter of the two, so that even maps in keys of maps cannot make
 * this more than n log n.
 */
#include "mproxy/error.h"
#include "value-wire.h"

#define BAD_LENGTH "length cut short, not in its shortest form, or past the end"

/* A container whose items are being read. */
struct level {
	const uint8_t *end;
	struct span item;     /* the one being read */
	struct span last_key; /* of a map; size 0: none yet */
	bool is_map;
	bool in_key; /* of a map: the item is a key, its value must follow */
};

struct validator {
	struct wire in;
	const char *why;
	bool has_handles;
	unsigned keys; /* levels that are in a key just now */
	unsigned depth;
	struct level levels[VALUE_MAX_DEPTH];
};

static bool
fail(struct validator *v, const char *why)
{
	v->why = why;
	return false;
}

static bool
check_numbers(struct validator *v, struct span inside)
{
	struct wire in = wire_make(inside);
	struct span data = { 0 };
	uint64_t type;
	size_t size;

	if (inside.size == 0 || *in.at++ != NUMBERS_TAG_TYPE ||
	    !wire_get_varint(&in, &type) || type > MPROXY_F64)
		return fail(v, "numbers without a known type");
	size = value_number_size((enum mproxy_number)type);
	if (size == 0)
		return fail(v, "numbers without a known type");
	if (wire_left(&in) == 0)
		return true;
	if (*in.at++ != NUMBERS_TAG_DATA || !wire_get_span(&in, &data) ||
	    data.size == 0 || wire_left(&in) > 0)
		return fail(v, "malformed numbers");
	if (data.size % size != 0)
		return fail(v, "numbers that end in part of one");
	return true;
}

static bool
check_handle(struct validator *v, struct span inside)
{
	struct wire in = wire_make(inside);
	struct span type = { 0 };
	uint64_t object;

	if (v->keys > 0)
		return fail(v, "handle in the key of a map");
	v->has_handles = true;
	if (inside.size == 0 || *in.at++ != HANDLE_TAG_OBJECT ||
	    !wire_get_varint(&in, &object) || object == 0)
		return fail(v, "handle without an object");
	if (wire_left(&in) == 0)
		return true;
	if (*in.at++ != HANDLE_TAG_TYPE || !wire_get_span(&in, &type) ||
	    type.size == 0 || wire_left(&in) > 0)
		return fail(v, "malformed handle");
	if (!value_is_utf8(type))
		return fail(v, "type of a handle that is not text");
	return true;
}

static bool
check_varint(struct validator *v, uint8_t tag)
{
	uint64_t bits;

	if (!wire_get_varint(&v->in, &bits))
		return fail(v, "number cut short or not in its shortest form");
	if (tag == VALUE_TAG_NIL && bits != 1)
		return fail(v, "nil that is not true");
	if (tag == VALUE_TAG_BOOL && bits > 1)
		return fail(v, "bool that is neither true nor false");
	if (tag == VALUE_TAG_UINT && bits <= INT64_MAX)
		return fail(v, "unsigned integer that fits a signed one");
	return true;
}

static bool
check_double(struct validator *v)
{
	uint64_t bits;

	if (wire_left(&v->in) < sizeof(bits))
		return fail(v, "double cut short");
	bits = wire_load64(v->in.at);
	v->in.at += sizeof(bits);
	if (bits == VALUE_MINUS_ZERO)
		return fail(v, "double that is -0.0");
	/* a NaN, once its sign is shifted out, is above infinity */
	if (bits << 1 > UINT64_C(0x7ff0000000000000) << 1 && bits != VALUE_NAN)
		return fail(v, "NaN other than the one");
	return true;
}

static bool
check_scalar(struct validator *v, uint8_t tag)
{
	if (tag == VALUE_TAG_DOUBLE)
		return check_double(v);
	if (tag == VALUE_TAG_NIL || tag == VALUE_TAG_BOOL ||
	    tag == VALUE_TAG_INT || tag == VALUE_TAG_UINT)
		return check_varint(v, tag);
	return fail(v, "value of no known kind");
}

static bool
begin_container(struct validator *v, bool is_map, struct span inside)
{
	struct level *level = &v->levels[v->depth++];

	level->end = inside.data + inside.size;
	level->last_key.size = 0;
	level->is_map = is_map;
	level->in_key = false;
	v->in.at = inside.data;
	return true;
}

/* What kinds with a length hold. */
static bool
check_inside(struct validator *v, uint8_t tag, struct span inside)
{
	switch (tag) {
	case VALUE_TAG_STRING:
		return value_is_utf8(inside) ||
		       fail(v, "text that is not UTF-8, or has a NUL");
	case VALUE_TAG_BYTES:
		return true;
	case VALUE_TAG_NUMBERS:
		return check_numbers(v, inside);
	case VALUE_TAG_LIST:
	case VALUE_TAG_MAP:
		return begin_container(v, tag == VALUE_TAG_MAP, inside);
	case VALUE_TAG_HANDLE:
		return check_handle(v, inside);
	default:
		return fail(v, "value of no known kind");
	}
}

/* Reads the value that takes up all of bytes; of a container only the
 * beginning: then there is one level more. */
static bool
begin_value(struct validator *v, struct span bytes)
{
	struct span inside = { 0 };
	uint8_t tag;

	if (bytes.size == 0)
		return fail(v, "empty value");
	if (v->depth == VALUE_MAX_DEPTH)
		return fail(v, "nested too deep");
	v->in = wire_make(bytes);
	tag = *v->in.at++;
	if ((tag & 7) == WIRE_LENGTH) {
		if (!wire_get_span(&v->in, &inside))
			return fail(v, BAD_LENGTH);
	} else if (!check_scalar(v, tag)) {
		return false;
	}
	if (wire_left(&v->in) > 0)
		return fail(v, "value with something after it");
	return (tag & 7) != WIRE_LENGTH || check_inside(v, tag, inside);
}

static bool
end_item(struct validator *v, struct level *level)
{
	int order = -1;

	v->in.at = level->item.data + level->item.size;
	if (!level->in_key)
		return true;
	v->keys--;
	if (level->last_key.size > 0)
		order = value_compare(level->last_key, level->item);
	if (order == 0)
		return fail(v, "map with a key twice");
	if (order > 0)
		return fail(v, "map whose keys do not ascend");
	level->last_key = level->item;
	return true;
}

static bool
begin_item(struct validator *v, struct level *level)
{
	unsigned depth = v->depth;

	v->in.end = level->end;
	if (*v->in.at++ != ITEM_TAG)
		return fail(v, "container with something else than items");
	if (!wire_get_span(&v->in, &level->item))
		return fail(v, BAD_LENGTH);
	if (level->is_map) {
		level->in_key = !level->in_key;
		v->keys += level->in_key;
	}
	if (!begin_value(v, level->item))
		return false;
	return v->depth > depth || end_item(v, level);
}

static bool
end_container(struct validator *v, struct level *level)
{
	if (level->in_key)
		return fail(v, "map with a key without a value");
	v->depth--;
	return v->depth == 0 || end_item(v, level - 1);
}

static bool
check(struct validator *v, struct span bytes)
{
	bool ok = begin_value(v, bytes);

	while (ok && v->depth > 0) {
		struct level *level = &v->levels[v->depth - 1];

		if (v->in.at < level->end)
			ok = begin_item(v, level);
		else
			ok = end_container(v, level);
	}
	return ok;
}

bool
value_take_small(struct span bytes, struct value *ret)
{
	struct wire in = wire_make(bytes);
	uint64_t bits;
	uint8_t tag;

	if (bytes.size < 2)
		return false;
	tag = *in.at++;
	if (tag == VALUE_TAG_INT) {
		if (!wire_get_varint(&in, &bits) || in.at != in.end)
			return false;
		ret->kind = MPROXY_INT;
		ret->integer = wire_unzigzag(bits);
	} else if (tag == VALUE_TAG_STRING || tag == VALUE_TAG_BYTES) {
		struct span text = span_make(in.at + 1, bytes.size - 2);

		if (text.size != *in.at || text.size >= 0x80 ||
		    (tag == VALUE_TAG_STRING && !value_is_ascii(text) &&
		     !value_is_utf8(text)))
			return false;
		ret->kind = (enum mproxy_kind)(tag >> 3);
		ret->text = text;
	} else {
		return false;
	}
	ret->has_handles = false;
	ret->bytes = bytes;
	return true;
}

int
value_validate(struct span bytes, struct value *ret, const char **ret_why)
{
	/* the levels are filled in as they are entered: clearing them all
	 * would cost more than a small value does */
	struct validator v;

	if (value_take_small(bytes, ret))
		return 0;
	v.why = NULL;
	v.has_handles = false;
	v.keys = 0;
	v.depth = 0;
	if (!check(&v, bytes)) {
		*ret_why = v.why;
		return MPROXY_ERR_PROTOCOL;
	}
	value_decode_into(bytes, ret);
	ret->has_handles = v.has_handles;
	return 0;
}
