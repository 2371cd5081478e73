/*
 * The face of shared dicts: mproxy/dict.h says what each function does.
 */
#include "mproxy/dict.h"

#include "iter.h"
#include "types/face.h"

FACE_DEFINE(dict)

int
mproxy_dict_new(struct mproxy_manager *m, struct mproxy_dict **ret)
{
	return FACE_NEW(m, "dict", ret);
}

int
mproxy_dict_new_from(struct mproxy_manager *m, struct mproxy_value *entries,
		     struct mproxy_dict **ret)
{
	return FACE_NEW(m, "dict", ret, entries);
}

int
mproxy_dict_open(struct mproxy_manager *m, const char *name,
		 struct mproxy_dict **ret)
{
	return FACE_OPEN(m, "dict", name, ret);
}

int
mproxy_dict_get(struct mproxy_dict *dict, struct mproxy_value *key,
		struct mproxy_value **ret)
{
	return FACE_CALL(dict, "get", ret, key);
}

int
mproxy_dict_get_default(struct mproxy_dict *dict, struct mproxy_value *key,
			struct mproxy_value *value, struct mproxy_value **ret)
{
	return FACE_CALL(dict, "get_default", ret, key, value);
}

int
mproxy_dict_get_many(struct mproxy_dict *dict, struct mproxy_value *keys,
		     struct mproxy_value **ret)
{
	return FACE_CALL(dict, "get_many", ret, keys);
}

int
mproxy_dict_set(struct mproxy_dict *dict, struct mproxy_value *key,
		struct mproxy_value *value)
{
	return FACE_CALL(dict, "set", NULL, key, value);
}

int
mproxy_dict_delete(struct mproxy_dict *dict, struct mproxy_value *key)
{
	return FACE_CALL(dict, "delete", NULL, key);
}

int
mproxy_dict_contains(struct mproxy_dict *dict, struct mproxy_value *key,
		     bool *ret)
{
	return FACE_CALL_BOOL(dict, "contains", ret, key);
}

int
mproxy_dict_len(struct mproxy_dict *dict, size_t *ret)
{
	return FACE_CALL_SIZE(dict, "len", ret);
}

int
mproxy_dict_keys(struct mproxy_dict *dict, struct mproxy_value **ret)
{
	return FACE_CALL(dict, "keys", ret);
}

int
mproxy_dict_values(struct mproxy_dict *dict, struct mproxy_value **ret)
{
	return FACE_CALL(dict, "values", ret);
}

int
mproxy_dict_items(struct mproxy_dict *dict, struct mproxy_value **ret)
{
	return FACE_CALL(dict, "items", ret);
}

int
mproxy_dict_pop(struct mproxy_dict *dict, struct mproxy_value *key,
		struct mproxy_value **ret)
{
	return FACE_CALL(dict, "pop", ret, key);
}

int
mproxy_dict_pop_default(struct mproxy_dict *dict, struct mproxy_value *key,
			struct mproxy_value *value, struct mproxy_value **ret)
{
	return FACE_CALL(dict, "pop", ret, key, value);
}

int
mproxy_dict_popitem(struct mproxy_dict *dict, struct mproxy_value **ret_key,
		    struct mproxy_value **ret_item)
{
	struct mproxy_value *entry;
	int error = FACE_CALL(dict, "popitem", &entry);

	if (error)
		return error;
	error = mproxy_unpack(entry, "vv", ret_key, ret_item);
	mproxy_value_free(entry);
	return error;
}

int
mproxy_dict_setdefault(struct mproxy_dict *dict, struct mproxy_value *key,
		       struct mproxy_value *value, struct mproxy_value **ret)
{
	return FACE_CALL(dict, "setdefault", ret, key, value);
}

int
mproxy_dict_update(struct mproxy_dict *dict, struct mproxy_value *entries)
{
	return FACE_CALL(dict, "update", NULL, entries);
}

int
mproxy_dict_clear(struct mproxy_dict *dict)
{
	return FACE_CALL(dict, "clear", NULL);
}

int
mproxy_dict_copy(struct mproxy_dict *dict, struct mproxy_value **ret)
{
	return FACE_CALL(dict, "copy", ret);
}

int
mproxy_dict_add(struct mproxy_dict *dict, struct mproxy_value *key,
		struct mproxy_value *delta, struct mproxy_value **ret)
{
	return FACE_CALL(dict, "add", ret, key, delta);
}

int
mproxy_dict_add_many(struct mproxy_dict *dict, struct mproxy_value *deltas)
{
	return FACE_CALL(dict, "add_many", NULL, deltas);
}

int
mproxy_dict_compare_and_set(struct mproxy_dict *dict, struct mproxy_value *key,
			    struct mproxy_value *expected,
			    struct mproxy_value *value, bool *ret)
{
	return FACE_CALL_BOOL(dict, "compare_and_set", ret, key, expected,
			      value);
}

int
mproxy_dict_top(struct mproxy_dict *dict, size_t n, struct mproxy_value **ret)
{
	return FACE_CALL(dict, "top", ret, face_size(n));
}

int
mproxy_dict_iterate_items(struct mproxy_dict *dict, size_t page,
			  struct mproxy_iter **ret)
{
	return iter_new(FACE_OBJECT(dict), ITER_ITEM_PAGES, page, ret);
}

int
mproxy_dict_iterate_keys(struct mproxy_dict *dict, size_t page,
			 struct mproxy_iter **ret)
{
	return iter_new(FACE_OBJECT(dict), ITER_KEY_PAGES, page, ret);
}

int
mproxy_dict_iterate_values(struct mproxy_dict *dict, size_t page,
			   struct mproxy_iter **ret)
{
	return iter_new(FACE_OBJECT(dict), ITER_VALUE_PAGES, page, ret);
}
