/*
 * Asking values. A value is one run of bytes, in which item 1,000 is found only
 * by passing the 999 before. So the first who asks a long list for an item makes
 * an index of where all of them begin; those who come at the same time may make
 * it twice, and one of the two is kept.
 */
#include <stdlib.h>

#include "value-inside.h"

/* Where the items of a list are, and the keys and items of a map in turn. */
struct value_index {
	size_t n;
	struct place {
		uint32_t offset, size; /* in the bytes of the value */
		uint32_t first_object;
	} places[];
};

/* --- walking --- */

struct value_walk
value_walk_begin(const struct mproxy_value *value)
{
	struct value top = value_take_apart(value);

	return (struct value_walk){ .value = value,
				    .cursor = value_items(&top) };
}

bool
value_walk_next(struct value_walk *walk, struct value_part *ret)
{
	struct value_part part = { .first_object = walk->n_objects };

	if (!value_next(&walk->cursor, &part.bytes))
		return false;
	walk->n_objects += value_count_handles(walk->value, part.bytes);
	*ret = part;
	return true;
}

struct mproxy_value *
value_part_copy(const struct mproxy_value *whole, struct value_part part)
{
	size_t n_objects = value_count_handles(whole, part.bytes);
	struct buffer buffer = value_begin(0);
	struct mproxy_value *value;

	buffer_append_span(&buffer, part.bytes);
	value = value_end(&buffer, n_objects);
	for (size_t i = 0; value && i < n_objects; i++)
		value->objects[i] = mproxy_object_ref(
			whole->objects[part.first_object + i]);
	return value;
}

/* --- the index --- */

#define WORTH_AN_INDEX 64 /* bytes of a value */

static size_t
count_walking(const struct mproxy_value *value)
{
	struct value top = value_take_apart(value);

	return value_count(&top) * (top.kind == MPROXY_MAP ? 2 : 1);
}

static struct value_index *
index_new(const struct mproxy_value *value)
{
	size_t n = count_walking(value);
	struct value_walk walk = value_walk_begin(value);
	struct value_index *index;
	struct value_part part;

	index = malloc(sizeof(*index) + n * sizeof(index->places[0]));
	if (!index)
		return NULL;
	index->n = 0;
	while (index->n < n && value_walk_next(&walk, &part))
		index->places[index->n++] = (struct place){
			.offset = (uint32_t)(part.bytes.data - value->bytes),
			.size = (uint32_t)part.bytes.size,
			.first_object = (uint32_t)part.first_object,
		};
	return index;
}

/* NULL: not worth it, or no memory; then walk. */
static const struct value_index *
index_of(const struct mproxy_value *value)
{
	struct mproxy_value *holder = (struct mproxy_value *)(uintptr_t)value;
	struct value_index *index, *other = NULL;

	if (!value || value->size < WORTH_AN_INDEX || value->size > UINT32_MAX)
		return NULL;
	index = atomic_load_explicit(&holder->index, memory_order_acquire);
	if (index)
		return index;
	index = index_new(value);
	if (!index ||
	    atomic_compare_exchange_strong(&holder->index, &other, index))
		return index;
	free(index);
	return other;
}

void
value_index_free(struct mproxy_value *value)
{
	free(atomic_load_explicit(&value->index, memory_order_relaxed));
}

/* Part number i of a list or map. */
static bool
find_part(const struct mproxy_value *value, size_t i, struct value_part *ret)
{
	const struct value_index *index = index_of(value);
	struct value_walk walk;

	if (index) {
		if (i >= index->n)
			return false;
		*ret = (struct value_part){
			.bytes = span_make(value->bytes +
						   index->places[i].offset,
					   index->places[i].size),
			.first_object = index->places[i].first_object,
		};
		return true;
	}
	walk = value_walk_begin(value);
	do {
		if (!value_walk_next(&walk, ret))
			return false;
	} while (i-- > 0);
	return true;
}

/* Items of a list; keys and items of a map. */
static size_t
count_parts(const struct mproxy_value *value)
{
	const struct value_index *index = index_of(value);

	return index ? index->n : count_walking(value);
}

/* --- containers --- */

size_t
mproxy_value_count(const struct mproxy_value *value)
{
	struct value top = value_take_apart(value);

	switch (top.kind) {
	case MPROXY_LIST:
		return count_parts(value);
	case MPROXY_MAP:
		return count_parts(value) / 2;
	case MPROXY_NUMBERS:
		return top.numbers.n;
	default:
		return 0;
	}
}

/* Part number i, given. NULL without memory or out of range: *ret_error. */
static struct mproxy_value *
copy_part(const struct mproxy_value *value, size_t i, int *ret_error)
{
	struct mproxy_value *copy;
	struct value_part part;

	if (!find_part(value, i, &part)) {
		*ret_error = MPROXY_ERR_RANGE;
		return NULL;
	}
	copy = value_part_copy(value, part);
	*ret_error = copy ? 0 : MPROXY_ERR_NO_MEMORY;
	return copy;
}

static int
complain_index(int error, const struct mproxy_value *value, size_t index)
{
	if (error == MPROXY_ERR_RANGE)
		return error_set(error, "no item %zu in a value of %zu", index,
				 mproxy_value_count(value));
	return value_null_error();
}

int
mproxy_value_item(const struct mproxy_value *value, size_t index,
		  struct mproxy_value **ret)
{
	struct value top = value_take_apart(value);
	struct mproxy_value *item;
	int error = 0;

	if (top.kind == MPROXY_NUMBERS)
		return value_number_item(&top.numbers, index, ret);
	if (top.kind != MPROXY_LIST)
		return value_complain(MPROXY_ERR_TYPE, "", "list or numbers",
				      "", top.bytes);
	item = copy_part(value, index, &error);
	if (!item)
		return complain_index(error, value, index);
	*ret = item;
	return 0;
}

int
mproxy_value_entry(const struct mproxy_value *value, size_t index,
		   struct mproxy_value **ret_key,
		   struct mproxy_value **ret_item)
{
	struct value top = value_take_apart(value);
	struct mproxy_value *key, *item;
	int error = 0;

	if (top.kind != MPROXY_MAP)
		return value_complain(MPROXY_ERR_TYPE, "", "map", "",
				      top.bytes);
	if (index > SIZE_MAX / 4)
		return complain_index(MPROXY_ERR_RANGE, value, index);
	key = copy_part(value, 2 * index, &error);
	if (!key)
		return complain_index(error, value, index);
	item = copy_part(value, 2 * index + 1, &error);
	if (!item) {
		mproxy_value_free(key);
		return complain_index(error, value, index);
	}
	if (ret_key)
		*ret_key = key;
	else
		mproxy_value_free(key);
	if (ret_item)
		*ret_item = item;
	else
		mproxy_value_free(item);
	return 0;
}

/* Keys ascend: halve. */
static int
find_key(const struct mproxy_value *map, struct span key, size_t *ret)
{
	size_t low = 0, high = count_parts(map) / 2;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		struct value_part part;
		int order;

		if (!find_part(map, 2 * middle, &part))
			break;
		order = value_compare(key, part.bytes);
		if (order == 0) {
			*ret = middle;
			return 0;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return MPROXY_ERR_NOT_FOUND;
}

int
mproxy_value_find(const struct mproxy_value *map, struct mproxy_value *key,
		  struct mproxy_value **ret)
{
	struct value top = value_take_apart(map);
	size_t index;
	int error;

	if (!key)
		return value_null_error();
	if (top.kind != MPROXY_MAP)
		error = value_complain(MPROXY_ERR_TYPE, "", "map", "",
				       top.bytes);
	else if (find_key(map, value_span(key), &index))
		error = error_set(MPROXY_ERR_NOT_FOUND,
				  "no such key in a map "
				  "of %zu entries",
				  mproxy_value_count(map));
	else
		error = mproxy_value_entry(map, index, NULL, ret);
	mproxy_value_free(key);
	return error;
}
