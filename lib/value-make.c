/*
 * The constructors. An integer and a text, which most values are, go straight
 * into their memory; another scalar is one append to a buffer; a list and a map
 * take the bytes of their items and the objects of their handles.
 */
#include <stdlib.h>

#include "value-inside.h"

struct mproxy_value *
mproxy_value_nil(void)
{
	struct buffer buffer = value_begin(0);

	value_put_nil(&buffer);
	return value_end(&buffer, 0);
}

struct mproxy_value *
mproxy_value_bool(bool value)
{
	struct buffer buffer = value_begin(0);

	value_put_bool(&buffer, value);
	return value_end(&buffer, 0);
}

struct mproxy_value *
mproxy_value_int(int64_t value)
{
	struct mproxy_value *made = value_alloc(VALUE_HEAD_MAX);

	return made ? value_seal(made, value_write_int(made->bytes, value))
		    : NULL;
}

struct mproxy_value *
mproxy_value_uint(uint64_t value)
{
	struct buffer buffer = value_begin(0);

	value_put_uint(&buffer, value);
	return value_end(&buffer, 0);
}

struct mproxy_value *
mproxy_value_double(double value)
{
	struct buffer buffer = value_begin(0);

	value_put_double(&buffer, value);
	return value_end(&buffer, 0);
}

static struct mproxy_value *
make_text(enum mproxy_kind kind, struct span text)
{
	/* a tag, and a length of one byte or more */
	size_t head = text.size < 0x80 ? 2 : VALUE_HEAD_MAX;
	struct mproxy_value *value = NULL;

	if (text.size > PTRDIFF_MAX)
		return value_fail_memory();
	value = value_alloc(head + text.size);
	return value ? value_seal(value,
				  value_write_text(value->bytes, kind, text))
		     : NULL;
}

struct mproxy_value *
mproxy_value_string(const char *text)
{
	if (!text)
		return value_fail(MPROXY_ERR_INVALID, "a text is NULL");
	return mproxy_value_string_n(text, strlen(text));
}

struct mproxy_value *
mproxy_value_string_n(const char *text, size_t size)
{
	struct span utf8 = span_make(text, size);

	if (!text && size > 0)
		return value_fail(MPROXY_ERR_INVALID, "a text is NULL");
	if (!value_is_utf8(utf8))
		return value_fail(MPROXY_ERR_INVALID,
				  "a text is not UTF-8 or has a NUL inside "
				  "(mproxy_value_bytes() takes anything)");
	return make_text(MPROXY_STRING, utf8);
}

struct mproxy_value *
mproxy_value_bytes(const void *data, size_t size)
{
	if (!data && size > 0)
		return value_fail(MPROXY_ERR_INVALID, "the bytes are NULL");
	return make_text(MPROXY_BYTES, span_make(data, size));
}

struct mproxy_value *
mproxy_value_numbers(enum mproxy_number type, const void *data, size_t n)
{
	struct buffer buffer;

	if (value_number_size(type) == 0 || (!data && n > 0))
		return value_fail(MPROXY_ERR_INVALID,
				  "numbers of an unknown type, or NULL");
	buffer = value_begin(0);
	value_put_numbers(&buffer, type, data, n);
	return value_end(&buffer, 0);
}

struct mproxy_value *
mproxy_value_object(struct mproxy_object *object)
{
	struct buffer buffer;
	struct mproxy_value *value;

	if (!object)
		return value_fail(MPROXY_ERR_INVALID, "a proxy is NULL");
	buffer = value_begin(0);
	value_put_handle(&buffer, object->id, span_text(object->type));
	value = value_end(&buffer, 1);
	if (value)
		value->objects[0] = mproxy_object_ref(object);
	return value;
}

/* --- lists and maps --- */

/* What the items add up to. */
struct inside {
	size_t n_objects;
	unsigned depth; /* of the deepest */
	struct mproxy_manager *manager;
};

/* False: they cannot be together in one value, and why is remembered. */
static bool
add_up(size_t n, struct mproxy_value *const *items, struct inside *inside)
{
	for (size_t i = 0; i < n; i++) {
		unsigned depth;

		if (!items[i])
			return false; /* why: what its constructor said */
		depth = value_depth(items[i]);
		if (depth >= VALUE_MAX_DEPTH) {
			value_fail(MPROXY_ERR_LIMIT,
				   "a value is nested deeper than 64 levels");
			return false;
		}
		if (depth > inside->depth)
			inside->depth = depth;
		if (items[i]->n_objects == 0)
			continue;
		inside->n_objects += items[i]->n_objects;
		if (!inside->manager)
			inside->manager = items[i]->objects[0]->manager;
		if (inside->manager != items[i]->objects[0]->manager) {
			value_fail(MPROXY_ERR_INVALID,
				   "a value has handles of two managers");
			return false;
		}
	}
	return true;
}

static void
free_all(size_t n, struct mproxy_value *const *items)
{
	for (size_t i = 0; i < n; i++)
		mproxy_value_free(items[i]);
}

/* Ends a container: the objects of its items become its own, too. */
static struct mproxy_value *
end_container(struct buffer *buffer, const struct inside *inside, size_t n,
	      struct mproxy_value *const *items)
{
	struct mproxy_value *value = value_end(buffer, inside->n_objects);
	size_t at = 0;

	if (!value)
		return NULL;
	value->depth = inside->depth + 1;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < items[i]->n_objects; j++)
			value->objects[at++] = mproxy_object_ref(
				items[i]->objects[j]);
	return value;
}

struct mproxy_value *
mproxy_value_list(size_t n, struct mproxy_value *const *items)
{
	struct inside inside = { 0 };
	struct mproxy_value *value = NULL;
	struct buffer buffer;
	size_t mark;

	if (add_up(n, items, &inside)) {
		buffer = value_begin(0);
		mark = value_list_begin(&buffer);
		for (size_t i = 0; i < n; i++)
			value_list_item(&buffer, value_span(items[i]));
		value_list_end(&buffer, mark);
		value = end_container(&buffer, &inside, n, items);
	}
	free_all(n, items);
	return value;
}

/* An entry of a map to be. */
struct entry {
	struct mproxy_value *key, *item;
	size_t place; /* among the arguments */
};

static int
compare_entries(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int order = value_compare(value_span(a->key), value_span(b->key));

	if (order != 0)
		return order;
	return a->place < b->place ? -1 : a->place > b->place;
}

/* Sorts by key and drops all but the last of each; how many are left. */
static size_t
sort_entries(struct entry *entries, size_t n)
{
	size_t left = 0;

	qsort(entries, n, sizeof(*entries), compare_entries);
	for (size_t i = 0; i < n; i++) {
		if (i + 1 < n &&
		    mproxy_value_equal(entries[i].key, entries[i + 1].key))
			continue;
		entries[left++] = entries[i];
	}
	return left;
}

/*
 * values and spans have room for 2n. The order of the entries is made here,
 * not left to value_put_map(), because the objects must have the same.
 */
static struct mproxy_value *
make_map(struct entry *entries, size_t n, struct mproxy_value **values,
	 struct span *spans)
{
	struct inside inside = { 0 };
	struct buffer buffer;

	n = sort_entries(entries, n);
	for (size_t i = 0; i < n; i++) {
		if (entries[i].key->n_objects > 0)
			return value_fail(MPROXY_ERR_TYPE,
					  "a key has a handle inside");
		values[2 * i] = entries[i].key;
		values[2 * i + 1] = entries[i].item;
	}
	if (!add_up(2 * n, values, &inside))
		return NULL;
	for (size_t i = 0; i < 2 * n; i++)
		spans[i] = value_span(values[i]);
	buffer = value_begin(0);
	value_put_map(&buffer, spans, n);
	return end_container(&buffer, &inside, 2 * n, values);
}

/* Key i is keys[i * step], its item items[i * step]. Borrows them. */
static struct mproxy_value *
map_of(size_t n, struct mproxy_value *const *keys,
       struct mproxy_value *const *items, size_t step)
{
	struct entry *entries = calloc(n + 1, sizeof(*entries));
	struct mproxy_value **values = calloc(n + 1, 2 * sizeof(*values));
	struct span *spans = calloc(n + 1, 2 * sizeof(*spans));
	struct mproxy_value *map = NULL;
	bool whole = true;

	for (size_t i = 0; entries && i < n; i++) {
		entries[i].key = keys[i * step];
		entries[i].item = items[i * step];
		entries[i].place = i;
		whole = whole && entries[i].key && entries[i].item;
	}
	if (!entries || !values || !spans)
		value_fail_memory();
	else if (whole)
		map = make_map(entries, n, values, spans);
	free(entries);
	free(values);
	free(spans);
	return map;
}

struct mproxy_value *
mproxy_value_map(size_t n, struct mproxy_value *const *keys,
		 struct mproxy_value *const *items)
{
	struct mproxy_value *map = map_of(n, keys, items, 1);

	free_all(n, keys);
	free_all(n, items);
	return map;
}

struct mproxy_value *
mproxy_value_map_from_pairs(size_t n, struct mproxy_value *const *pairs)
{
	struct mproxy_value *map = map_of(n, pairs, pairs + 1, 2);

	free_all(2 * n, pairs);
	return map;
}
