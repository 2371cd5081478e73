/*
 * Shared lists, with the methods and the rules of Python's.
 *
 *	struct mproxy_list *list;
 *	int64_t place;
 *
 *	mproxy_list_new(m, &list);
 *	mproxy_list_extend(list, MPROXY_LIST(1, 2, 3));
 *	mproxy_list_set(list, 0, MPROXY(100));
 *	mproxy_list_index(list, MPROXY(3), MPROXY_BEGIN, MPROXY_END, &place);
 *
 * Indexes count from 0; negative ones from the end, -1 is the last item. Where
 * a function wants a place between items or the end of a range, it is clamped
 * to the list, as in Python. Items are equal as mproxy_value_equal() says: 1 is
 * not 1.0.
 *
 * Each function is one round trip and takes effect as a whole, or, when it
 * fails, not at all. All return 0 or a code, any connection error among them;
 * only the codes of their own are named. Any thread may call them, and a child
 * after fork. Values given are taken, values received are given (release with
 * mproxy_value_free()).
 */
#ifndef MPROXY_LIST_H
#define MPROXY_LIST_H

#include <mproxy/iter.h>
#include <mproxy/manager.h>
#include <mproxy/object.h>
#include <mproxy/value.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mproxy_list;

/** Left out, as nothing before or after the colon in Python: each end of a
 * range may be one of these. With a negative step, write END first. */
#define MPROXY_BEGIN INT64_MIN
#define MPROXY_END INT64_MIN

/**
 * mproxy_list_new() - make an empty list without a name.
 * @ret: given; release with mproxy_list_free().
 *
 * Returns: 0; MPROXY_ERR_LIMIT. Since: 0.1
 */
int mproxy_list_new(struct mproxy_manager *m, struct mproxy_list **ret);

/**
 * mproxy_list_new_from() - make a list with items in it.
 * @items: taken: a list, or a handle of a shared one, which is copied.
 *
 * Returns: 0; MPROXY_ERR_TYPE, @items is neither; MPROXY_ERR_LIMIT. Since: 0.1
 */
int mproxy_list_new_from(struct mproxy_manager *m, struct mproxy_value *items,
			 struct mproxy_list **ret);

/**
 * mproxy_list_open() - find the list of this name, or make it, empty.
 * @name: borrowed.
 *
 * Returns: 0; MPROXY_ERR_TYPE, the name is that of an object of another type.
 * Since: 0.1
 */
int mproxy_list_open(struct mproxy_manager *m, const char *name,
		     struct mproxy_list **ret);

/** mproxy_list_ref() - one more owner. Returns @list. Since: 0.1 */
struct mproxy_list *mproxy_list_ref(struct mproxy_list *list);

/** mproxy_list_free() - one owner less. @list is taken; NULL is fine.
 * Returns: NULL. Since: 0.1 */
struct mproxy_list *mproxy_list_free(struct mproxy_list *list);

/** mproxy_list_object() - the same proxy as an object; borrowed from @list.
 * Since: 0.1 */
struct mproxy_object *mproxy_list_object(struct mproxy_list *list);

/**
 * mproxy_list_from_value() - the list whose handle a value is.
 * @ret: given; release with mproxy_list_free().
 *
 * Returns: 0; MPROXY_ERR_TYPE. Since: 0.1
 */
int mproxy_list_from_value(const struct mproxy_value *value,
			   struct mproxy_list **ret);

/** mproxy_list_append() - put @value at the end. Since: 0.1 */
int mproxy_list_append(struct mproxy_list *list, struct mproxy_value *value);

/**
 * mproxy_list_extend() - put several items at the end.
 * @items: a list, or a handle of a shared list (also this one: MPROXY(list)).
 *
 * mproxy_value_list_from_numbers() makes one of a C array.
 * Returns: 0; MPROXY_ERR_TYPE, neither. Since: 0.1
 */
int mproxy_list_extend(struct mproxy_list *list, struct mproxy_value *items);

/** mproxy_list_insert() - put @value before the item at @index. Since: 0.1 */
int mproxy_list_insert(struct mproxy_list *list, int64_t index,
		       struct mproxy_value *value);

/** mproxy_list_get() - the item at @index. MPROXY_ERR_RANGE. Since: 0.1 */
int mproxy_list_get(struct mproxy_list *list, int64_t index,
		    struct mproxy_value **ret);

/** mproxy_list_set() - replace the item at @index. MPROXY_ERR_RANGE.
 * Since: 0.1 */
int mproxy_list_set(struct mproxy_list *list, int64_t index,
		    struct mproxy_value *value);

/** mproxy_list_delete() - drop the item at @index. MPROXY_ERR_RANGE.
 * Since: 0.1 */
int mproxy_list_delete(struct mproxy_list *list, int64_t index);

/**
 * mproxy_list_pop() - take the item at @index out; -1 is the last.
 * @ret: given; NULL: it is dropped.
 *
 * Returns: 0; MPROXY_ERR_EMPTY; MPROXY_ERR_RANGE. Since: 0.1
 */
int mproxy_list_pop(struct mproxy_list *list, int64_t index,
		    struct mproxy_value **ret);

/** mproxy_list_remove() - drop the first item equal to @value.
 * MPROXY_ERR_NOT_FOUND. Since: 0.1 */
int mproxy_list_remove(struct mproxy_list *list, struct mproxy_value *value);

/**
 * mproxy_list_index() - where the first item equal to @value is.
 * @start, @stop: the range to look in; MPROXY_BEGIN, MPROXY_END: all.
 *
 * Returns: 0; MPROXY_ERR_NOT_FOUND. Since: 0.1
 */
int mproxy_list_index(struct mproxy_list *list, struct mproxy_value *value,
		      int64_t start, int64_t stop, int64_t *ret);

/** mproxy_list_count() - how many items are equal to @value. Since: 0.1 */
int mproxy_list_count(struct mproxy_list *list, struct mproxy_value *value,
		      size_t *ret);

/** mproxy_list_contains() - whether an item is equal to @value. Since: 0.1 */
int mproxy_list_contains(struct mproxy_list *list, struct mproxy_value *value,
			 bool *ret);

/** mproxy_list_len() - how many items there are. Since: 0.1 */
int mproxy_list_len(struct mproxy_list *list, size_t *ret);

/**
 * mproxy_list_slice() - every @step-th item from @start to before @stop.
 * @ret: given: a list value. mproxy_value_get_numbers() makes a C array of it.
 *
 * Returns: 0; MPROXY_ERR_INVALID, @step is 0. Since: 0.1
 */
int mproxy_list_slice(struct mproxy_list *list, int64_t start, int64_t stop,
		      int64_t step, struct mproxy_value **ret);

/**
 * mproxy_list_slice_set() - replace such a range by other items.
 * @items: a list value; of the same length when @step is not 1.
 *
 * Returns: 0; MPROXY_ERR_TYPE, @items is no list; MPROXY_ERR_INVALID, @step is 0
 *          or the lengths differ. Since: 0.1
 */
int mproxy_list_slice_set(struct mproxy_list *list, int64_t start, int64_t stop,
			  int64_t step, struct mproxy_value *items);

/** mproxy_list_slice_delete() - drop such a range. MPROXY_ERR_INVALID, @step
 * is 0. Since: 0.1 */
int mproxy_list_slice_delete(struct mproxy_list *list, int64_t start,
			     int64_t stop, int64_t step);

/** mproxy_list_reverse() - turn the list round, in place. Since: 0.1 */
int mproxy_list_reverse(struct mproxy_list *list);

/** mproxy_list_sort() - sort in place, in the order of mproxy_value_compare();
 * equal items keep their order, also when @descending. Since: 0.1 */
int mproxy_list_sort(struct mproxy_list *list, bool descending);

/** mproxy_list_clear() - drop all items. Since: 0.1 */
int mproxy_list_clear(struct mproxy_list *list);

/** mproxy_list_copy() - all items, as a list value. Since: 0.1 */
int mproxy_list_copy(struct mproxy_list *list, struct mproxy_value **ret);

/**
 * mproxy_list_concat() - all items and then @items, as a list value.
 * @items: a list, or a handle of a shared list. The shared one stays as it is.
 *
 * Returns: 0; MPROXY_ERR_TYPE, neither. Since: 0.1
 */
int mproxy_list_concat(struct mproxy_list *list, struct mproxy_value *items,
		       struct mproxy_value **ret);

/** mproxy_list_repeat() - all items @times times, as a list value; none when
 * that is below 1. MPROXY_ERR_TOO_BIG. Since: 0.1 */
int mproxy_list_repeat(struct mproxy_list *list, int64_t times,
		       struct mproxy_value **ret);

/** mproxy_list_repeat_in_place() - the shared list becomes that. Since: 0.1 */
int mproxy_list_repeat_in_place(struct mproxy_list *list, int64_t times);

/**
 * mproxy_list_iterate() - walk over the items; see iter.h.
 * @page: items a round trip; 0: a good number.
 * @ret:  given; release with mproxy_iter_free().
 *
 * Returns: 0; MPROXY_ERR_NO_MEMORY. Since: 0.1
 */
int mproxy_list_iterate(struct mproxy_list *list, size_t page,
			struct mproxy_iter **ret);

#ifdef __cplusplus
}
#endif

#endif
