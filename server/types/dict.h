/*
 * The state of a dict, and what its files share.
 */
#ifndef MPROXY_SERVER_TYPES_DICT_H
#define MPROXY_SERVER_TYPES_DICT_H

#include "server/containers/table.h"
#include "server/types/dict-entry.h"

struct dict {
	struct object object;
	struct table entries; /* data is struct dict_entry */
};

extern const struct object_type dict_type;

static inline struct dict *
dict_of(struct object *object)
{
	return (struct dict *)(void *)object;
}

/* --- dict-parts.c --- */

uint64_t dict_hash(const struct dict *dict, struct span key);

/* What dict_find() gave; the next in order. NULL when there is none. */
static inline struct dict_entry *
dict_entry(const struct table_entry *place)
{
	return place ? place->data : NULL;
}

static inline struct dict_entry *
dict_next(struct table_cursor *cursor)
{
	return dict_entry(table_next(cursor));
}

/* NULL when there is no such key. */
struct table_entry *dict_find(const struct dict *dict, struct span key);

/* Fails the call with a sentence that has %s where the key goes, shortened. */
void dict_fail(struct call *call, int code, struct span key, const char *before,
	       const char *behind);

/* For the table: frees an entry. context is the core. */
void dict_drop(void *context, void *data);

/* Sets one key; place is what dict_find() gave for it. False after
 * call_fail(). */
bool dict_put(struct call *call, struct dict *dict, struct table_entry *place,
	      struct span key, const struct value *value);

/* What is about to be set, made before anything changes. */
struct dict_changes {
	struct dict *dict;
	struct dict_entry **list;
	size_t n;
	size_t n_new;
};

/* Room for n of them; false after call_fail(). */
bool dict_changes_init(struct call *call, struct dict *dict, size_t n,
		       struct dict_changes *ret);
/* Adds a change; false after call_fail(). */
bool dict_change(struct call *call, struct dict_changes *changes,
		 struct span key, const struct value *value);
/* All of them or none; false after call_fail(). Frees the changes. */
bool dict_commit(struct call *call, struct dict_changes *changes);
/* None of them. */
void dict_changes_free(struct dict_changes *changes);

/* --- dict-update.c --- */

/* Sets what a map, a list of pairs, or a dict that value is a handle of says.
 * False after call_fail(): nothing is changed. */
bool dict_update(struct call *call, struct dict *dict,
		 const struct value *value);

/* --- the handlers that are not in dict.c --- */

#define DICT_HANDLER(name)                                                     \
	void name(struct call *call, struct object *object,                    \
		  const struct value *args, size_t n_args)

/* dict-update.c */
DICT_HANDLER(dict_do_update);

/* dict-number.c */
DICT_HANDLER(dict_do_add);
DICT_HANDLER(dict_do_add_many);
DICT_HANDLER(dict_do_compare_and_set);

/* dict-walk.c */
DICT_HANDLER(dict_do_keys);
DICT_HANDLER(dict_do_values);
DICT_HANDLER(dict_do_items);
DICT_HANDLER(dict_do_keys_page);
DICT_HANDLER(dict_do_values_page);
DICT_HANDLER(dict_do_items_page);

/* dict-order.c */
DICT_HANDLER(dict_do_copy);
DICT_HANDLER(dict_do_top);

/* Writes [key, value]; true if there is a handle in it. */
bool dict_put_pair(struct buffer *out, const struct dict_entry *entry);

#endif
