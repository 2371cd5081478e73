/*
 * Shared dicts: keys and items, with the methods and the rules of Python's.
 *
 *	struct mproxy_dict *words;
 *
 *	mproxy_dict_new(m, &words);
 *	mproxy_dict_set(words, MPROXY("the"), MPROXY(1));
 *	mproxy_dict_add(words, MPROXY("the"), MPROXY(1), NULL);	// atomic: 2
 *	mproxy_dict_top(words, 10, &list);
 *
 * A key is any value without a handle inside. Keys are equal as
 * mproxy_value_equal() says: 1, 1.0, true and "1" are four keys. Entries keep
 * the order in which their keys came first.
 *
 * Each function is one round trip and takes effect as a whole, or, when it
 * fails, not at all. All return 0 or a code, any connection error among them;
 * a key with a handle inside is MPROXY_ERR_TYPE everywhere, and only the codes of
 * their own are named. Any thread may call them, and a child after fork. Keys
 * and values given are taken, values received are given (release with
 * mproxy_value_free()).
 */
#ifndef MPROXY_DICT_H
#define MPROXY_DICT_H

#include <mproxy/iter.h>
#include <mproxy/manager.h>
#include <mproxy/object.h>
#include <mproxy/value.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mproxy_dict;

/**
 * mproxy_dict_new() - make an empty dict without a name.
 * @ret: given; release with mproxy_dict_free().
 *
 * Returns: 0; MPROXY_ERR_LIMIT. Since: 0.1
 */
int mproxy_dict_new(struct mproxy_manager *m, struct mproxy_dict **ret);

/**
 * mproxy_dict_new_from() - make a dict with entries in it.
 * @entries: taken: a map, a list of [key, item], or a handle of a shared dict.
 *
 * A map has no order; the list gives one.
 * Returns: 0; MPROXY_ERR_TYPE, none of these; MPROXY_ERR_LIMIT. Since: 0.1
 */
int mproxy_dict_new_from(struct mproxy_manager *m, struct mproxy_value *entries,
			 struct mproxy_dict **ret);

/**
 * mproxy_dict_open() - find the dict of this name, or make it, empty.
 * @name: borrowed.
 *
 * Returns: 0; MPROXY_ERR_TYPE, the name is that of an object of another type.
 * Since: 0.1
 */
int mproxy_dict_open(struct mproxy_manager *m, const char *name,
		     struct mproxy_dict **ret);

/** mproxy_dict_ref() - one more owner. Returns @dict. Since: 0.1 */
struct mproxy_dict *mproxy_dict_ref(struct mproxy_dict *dict);

/** mproxy_dict_free() - one owner less. @dict is taken; NULL is fine.
 * Returns: NULL. Since: 0.1 */
struct mproxy_dict *mproxy_dict_free(struct mproxy_dict *dict);

/** mproxy_dict_object() - the same proxy as an object; borrowed from @dict.
 * Since: 0.1 */
struct mproxy_object *mproxy_dict_object(struct mproxy_dict *dict);

/**
 * mproxy_dict_from_value() - the dict whose handle a value is.
 * @ret: given; release with mproxy_dict_free().
 *
 * Returns: 0; MPROXY_ERR_TYPE. Since: 0.1
 */
int mproxy_dict_from_value(const struct mproxy_value *value,
			   struct mproxy_dict **ret);

/** mproxy_dict_get() - the item of @key. MPROXY_ERR_NOT_FOUND. Since: 0.1 */
int mproxy_dict_get(struct mproxy_dict *dict, struct mproxy_value *key,
		    struct mproxy_value **ret);

/** mproxy_dict_get_default() - the item of @key, or else @value. Since: 0.1 */
int mproxy_dict_get_default(struct mproxy_dict *dict, struct mproxy_value *key,
			    struct mproxy_value *value,
			    struct mproxy_value **ret);

/**
 * mproxy_dict_get_many() - the items of many keys.
 * @keys: a list.
 * @ret:  given: a list of the items in the same order, nil for each key that is
 *        not there.
 *
 * Since: 0.1
 */
int mproxy_dict_get_many(struct mproxy_dict *dict, struct mproxy_value *keys,
			 struct mproxy_value **ret);

/** mproxy_dict_set() - make @value the item of @key. Since: 0.1 */
int mproxy_dict_set(struct mproxy_dict *dict, struct mproxy_value *key,
		    struct mproxy_value *value);

/** mproxy_dict_delete() - drop an entry. MPROXY_ERR_NOT_FOUND. Since: 0.1 */
int mproxy_dict_delete(struct mproxy_dict *dict, struct mproxy_value *key);

/** mproxy_dict_contains() - whether there is such a key. Since: 0.1 */
int mproxy_dict_contains(struct mproxy_dict *dict, struct mproxy_value *key,
			 bool *ret);

/** mproxy_dict_len() - how many entries there are. Since: 0.1 */
int mproxy_dict_len(struct mproxy_dict *dict, size_t *ret);

/** mproxy_dict_keys() - all keys, as a list value. Since: 0.1 */
int mproxy_dict_keys(struct mproxy_dict *dict, struct mproxy_value **ret);

/** mproxy_dict_values() - all items, as a list value. Since: 0.1 */
int mproxy_dict_values(struct mproxy_dict *dict, struct mproxy_value **ret);

/** mproxy_dict_items() - all entries, as a list of [key, item]. Since: 0.1 */
int mproxy_dict_items(struct mproxy_dict *dict, struct mproxy_value **ret);

/**
 * mproxy_dict_pop() - take an entry out.
 * @ret: given: its item; NULL: it is dropped.
 *
 * Returns: 0; MPROXY_ERR_NOT_FOUND. Since: 0.1
 */
int mproxy_dict_pop(struct mproxy_dict *dict, struct mproxy_value *key,
		    struct mproxy_value **ret);

/** mproxy_dict_pop_default() - the same; gives @value when there is no such
 * key. Since: 0.1 */
int mproxy_dict_pop_default(struct mproxy_dict *dict, struct mproxy_value *key,
			    struct mproxy_value *value,
			    struct mproxy_value **ret);

/** mproxy_dict_popitem() - take the entry out that was added last.
 * MPROXY_ERR_EMPTY. Since: 0.1 */
int mproxy_dict_popitem(struct mproxy_dict *dict, struct mproxy_value **ret_key,
			struct mproxy_value **ret_item);

/**
 * mproxy_dict_setdefault() - the item of @key, which becomes @value if missing.
 * @ret: given; NULL: not wanted.
 *
 * Since: 0.1
 */
int mproxy_dict_setdefault(struct mproxy_dict *dict, struct mproxy_value *key,
			   struct mproxy_value *value,
			   struct mproxy_value **ret);

/**
 * mproxy_dict_update() - set many entries.
 * @entries: a map, a list of [key, item], or a handle of a shared dict.
 *
 * Returns: 0; MPROXY_ERR_TYPE, none of these. Since: 0.1
 */
int mproxy_dict_update(struct mproxy_dict *dict, struct mproxy_value *entries);

/** mproxy_dict_clear() - drop all entries. Since: 0.1 */
int mproxy_dict_clear(struct mproxy_dict *dict);

/** mproxy_dict_copy() - all entries, as a map value, which has the order of the
 * keys; mproxy_dict_items() keeps the order of the dict. Since: 0.1 */
int mproxy_dict_copy(struct mproxy_dict *dict, struct mproxy_value **ret);

/**
 * mproxy_dict_add() - add a number to the item of a key, at once for all.
 * @delta: a number; may be below 0.
 * @ret:   given: the new item; NULL: not wanted.
 *
 * A missing key counts as 0. Integers give an integer, any double a double.
 *
 * Returns: 0; MPROXY_ERR_TYPE, one of the two is no number; MPROXY_ERR_RANGE, the
 *          sum does not fit int64. Since: 0.1
 */
int mproxy_dict_add(struct mproxy_dict *dict, struct mproxy_value *key,
		    struct mproxy_value *delta, struct mproxy_value **ret);

/**
 * mproxy_dict_add_many() - add numbers to many items; all of them, or none.
 * @deltas: a map: key, number.
 *
 * Returns: as mproxy_dict_add(). Since: 0.1
 */
int mproxy_dict_add_many(struct mproxy_dict *dict, struct mproxy_value *deltas);

/**
 * mproxy_dict_compare_and_set() - set an item if it is still what was seen.
 * @expected: what it must be now; mproxy_value_nil(): also when missing.
 * @value:    what it becomes.
 * @ret:      whether it was set; may be NULL.
 *
 * Since: 0.1
 */
int mproxy_dict_compare_and_set(struct mproxy_dict *dict,
				struct mproxy_value *key,
				struct mproxy_value *expected,
				struct mproxy_value *value, bool *ret);

/**
 * mproxy_dict_top() - the entries with the largest items.
 * @n:   how many at most.
 * @ret: given: a list of [key, item], largest first; of equal ones that first
 *       which came first.
 *
 * Since: 0.1
 */
int mproxy_dict_top(struct mproxy_dict *dict, size_t n,
		    struct mproxy_value **ret);

/**
 * mproxy_dict_iterate_items() - walk over the entries; see iter.h.
 * @page: entries a round trip; 0: a good number.
 * @ret:  given; release with mproxy_iter_free().
 *
 * Returns: 0; MPROXY_ERR_NO_MEMORY. Since: 0.1
 */
int mproxy_dict_iterate_items(struct mproxy_dict *dict, size_t page,
			      struct mproxy_iter **ret);

/** mproxy_dict_iterate_keys() - the same, the keys only. Since: 0.1 */
int mproxy_dict_iterate_keys(struct mproxy_dict *dict, size_t page,
			     struct mproxy_iter **ret);

/** mproxy_dict_iterate_values() - the same, the items only. Since: 0.1 */
int mproxy_dict_iterate_values(struct mproxy_dict *dict, size_t page,
			       struct mproxy_iter **ret);

#ifdef __cplusplus
}
#endif

#endif
