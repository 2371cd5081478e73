/*
 * The face of shared lists: mproxy/list.h says what each function does.
 */
#include "mproxy/list.h"

#include "iter.h"
#include "types/face.h"

FACE_DEFINE(list)

int
mproxy_list_new(struct mproxy_manager *m, struct mproxy_list **ret)
{
	return FACE_NEW(m, "list", ret);
}

int
mproxy_list_new_from(struct mproxy_manager *m, struct mproxy_value *items,
		     struct mproxy_list **ret)
{
	return FACE_NEW(m, "list", ret, items);
}

int
mproxy_list_open(struct mproxy_manager *m, const char *name,
		 struct mproxy_list **ret)
{
	return FACE_OPEN(m, "list", name, ret);
}

int
mproxy_list_append(struct mproxy_list *list, struct mproxy_value *value)
{
	return FACE_CALL(list, "append", NULL, value);
}

int
mproxy_list_extend(struct mproxy_list *list, struct mproxy_value *items)
{
	return FACE_CALL(list, "extend", NULL, items);
}

int
mproxy_list_insert(struct mproxy_list *list, int64_t index,
		   struct mproxy_value *value)
{
	return FACE_CALL(list, "insert", NULL, mproxy_value_int(index), value);
}

int
mproxy_list_get(struct mproxy_list *list, int64_t index,
		struct mproxy_value **ret)
{
	return FACE_CALL(list, "get", ret, mproxy_value_int(index));
}

int
mproxy_list_set(struct mproxy_list *list, int64_t index,
		struct mproxy_value *value)
{
	return FACE_CALL(list, "set", NULL, mproxy_value_int(index), value);
}

int
mproxy_list_delete(struct mproxy_list *list, int64_t index)
{
	return FACE_CALL(list, "delete", NULL, mproxy_value_int(index));
}

int
mproxy_list_pop(struct mproxy_list *list, int64_t index,
		struct mproxy_value **ret)
{
	return FACE_CALL(list, "pop", ret, mproxy_value_int(index));
}

int
mproxy_list_remove(struct mproxy_list *list, struct mproxy_value *value)
{
	return FACE_CALL(list, "remove", NULL, value);
}

int
mproxy_list_index(struct mproxy_list *list, struct mproxy_value *value,
		  int64_t start, int64_t stop, int64_t *ret)
{
	return FACE_CALL_INT(list, "index", ret, value, face_bound(start),
			     face_bound(stop));
}

int
mproxy_list_count(struct mproxy_list *list, struct mproxy_value *value,
		  size_t *ret)
{
	return FACE_CALL_SIZE(list, "count", ret, value);
}

int
mproxy_list_contains(struct mproxy_list *list, struct mproxy_value *value,
		     bool *ret)
{
	return FACE_CALL_BOOL(list, "contains", ret, value);
}

int
mproxy_list_len(struct mproxy_list *list, size_t *ret)
{
	return FACE_CALL_SIZE(list, "len", ret);
}

int
mproxy_list_slice(struct mproxy_list *list, int64_t start, int64_t stop,
		  int64_t step, struct mproxy_value **ret)
{
	return FACE_CALL(list, "slice", ret, face_bound(start),
			 face_bound(stop), mproxy_value_int(step));
}

int
mproxy_list_slice_set(struct mproxy_list *list, int64_t start, int64_t stop,
		      int64_t step, struct mproxy_value *items)
{
	return FACE_CALL(list, "slice_set", NULL, face_bound(start),
			 face_bound(stop), mproxy_value_int(step), items);
}

int
mproxy_list_slice_delete(struct mproxy_list *list, int64_t start, int64_t stop,
			 int64_t step)
{
	return FACE_CALL(list, "slice_delete", NULL, face_bound(start),
			 face_bound(stop), mproxy_value_int(step));
}

int
mproxy_list_reverse(struct mproxy_list *list)
{
	return FACE_CALL(list, "reverse", NULL);
}

int
mproxy_list_sort(struct mproxy_list *list, bool descending)
{
	return FACE_CALL(list, "sort", NULL, mproxy_value_bool(descending));
}

int
mproxy_list_clear(struct mproxy_list *list)
{
	return FACE_CALL(list, "clear", NULL);
}

int
mproxy_list_copy(struct mproxy_list *list, struct mproxy_value **ret)
{
	return FACE_CALL(list, "copy", ret);
}

int
mproxy_list_concat(struct mproxy_list *list, struct mproxy_value *items,
		   struct mproxy_value **ret)
{
	return FACE_CALL(list, "concat", ret, items);
}

int
mproxy_list_repeat(struct mproxy_list *list, int64_t times,
		   struct mproxy_value **ret)
{
	return FACE_CALL(list, "repeat", ret, mproxy_value_int(times));
}

int
mproxy_list_repeat_in_place(struct mproxy_list *list, int64_t times)
{
	return FACE_CALL(list, "repeat_in_place", NULL,
			 mproxy_value_int(times));
}

int
mproxy_list_iterate(struct mproxy_list *list, size_t page,
		    struct mproxy_iter **ret)
{
	return iter_new(FACE_OBJECT(list), ITER_SLICES, page, ret);
}
