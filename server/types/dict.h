/*
 * The state of a dict, and what its files share.
 */
#ifndef MPROXY_SERVER_TYPES_DICT_H
#define MPROXY_SERVER_TYPES_DICT_H

#include "server/containers/table.h"
#include "server/core/call.h"

struct dict {
	struct object object;
	struct table entries; /* key and value are struct item */
};

extern const struct object_type dict_type;

static inline struct dict *
dict_of(struct object *object)
{
	return (struct dict *)(void *)object;
}

static inline const struct item *
dict_key(const struct table_entry *entry)
{
	return entry->key;
}

static inline const struct item *
dict_value(const struct table_entry *entry)
{
	return entry->value;
}

/* --- dict-parts.c --- */

uint64_t dict_hash(const struct dict *dict, struct span key);

/* NULL when there is no such key. */
struct table_entry *dict_find(const struct dict *dict, struct span key);

/* Fails the call with a sentence that has %s where the key goes, shortened. */
void dict_fail(struct call *call, int code, struct span key, const char *before,
	       const char *behind);

/* For the table: frees an entry. context is the core. */
void dict_drop(void *context, void *key, void *value);

/*
 * Sets one key; entry is what dict_find() gave for it. Takes value, also on
 * failure; NULL is fine if the call has failed already. False after
 * call_fail().
 */
bool dict_put(struct call *call, struct dict *dict, struct table_entry *entry,
	      struct span key, struct item *value);

/* What is about to be set, made before anything changes. */
struct dict_change {
	struct span key;
	struct item *new_key; /* NULL: the key is there already */
	struct item *value;
};

struct dict_changes {
	struct dict *dict;
	struct dict_change *list;
	size_t n;
	size_t n_new;
};

/* Room for n of them; false after call_fail(). */
bool dict_changes_init(struct call *call, struct dict *dict, size_t n,
		       struct dict_changes *ret);
/* Adds a change; takes value, also on failure; NULL is fine if the call has
 * failed already. False after call_fail(). The bytes of key must stay. */
bool dict_change(struct call *call, struct dict_changes *changes,
		 struct span key, struct item *value);
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
bool dict_put_pair(struct buffer *out, const struct table_entry *entry);

#endif
