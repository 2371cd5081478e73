/*
 * The state of a dict, and what its files share.
 */
#ifndef MPROXY_SERVER_TYPES_DICT_H
#define MPROXY_SERVER_TYPES_DICT_H

#include "server/containers/table.h"
#include "server/types/dict-entry.h"

struct dict_change_block;
struct dict_job;

/* Changes that are made before anything changes. Zeroed: none. dict-changes.c */
struct dict_changes {
	struct dict_change_block *first;
	struct dict_change_block *last;
	struct dict_change_block *current; /* where they are being put */
	size_t n_new;			   /* with keys not there before */
	size_t reserved;
};

struct dict {
	struct object object;
	struct table entries;	    /* data is struct dict_entry */
	struct dict_changes debris; /* being freed, when the dict dies */
	struct dict_job *job;	    /* a long change is being made */
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

/* --- dict-changes.c --- */

/* One more; changes NULL: it is made at once. False after call_fail(). */
bool dict_change(struct call *call, struct dict *dict,
		 struct dict_changes *changes, struct span key,
		 const struct value *value);
/* Some room for all of them: 1 when there is enough, 0, -1 without memory. */
int dict_changes_reserve(struct dict *dict, struct dict_changes *changes);
/* Puts about budget of them; true when all are in. */
bool dict_changes_put(struct dict *dict, struct dict_changes *changes,
		      size_t budget);
/* Takes back what was put. */
void dict_changes_undo(struct dict *dict, struct dict_changes *changes);
/* Visits what they hold and the dict does not. */
void dict_changes_each_item(const struct dict_changes *changes,
			    void (*visit)(void *context,
					  const struct item *item),
			    void *context);
/* Frees what was not put, or was replaced; true when all is freed. */
bool dict_changes_free_some(struct core *core, struct dict_changes *changes,
			    size_t budget);

/* --- dict-update.c --- */

/* Where changes come from. */
struct dict_source {
	/* One more change: 1, 0 at the end, -1 after call_fail(). */
	int (*take)(struct call *call, struct dict *dict,
		    struct dict_changes *changes, struct dict_source *source);
	struct value value;	    /* a map, or a list of pairs */
	struct value_cursor cursor; /* in it */
	size_t number;
	struct dict *from; /* or another dict, */
	struct table_cursor walk;
};

void dict_source_rewind(struct dict_source *source);

/* Makes all changes that come from there, in this turn; false after
 * call_fail(): nothing is changed. */
bool dict_change_now(struct call *call, struct dict *dict,
		     struct dict_source *source);

/* Puts into a new dict what a map, a list of pairs, or a dict that value is a
 * handle of says. False after call_fail(): some may be in. */
bool dict_fill(struct call *call, struct dict *dict, const struct value *value);

/* --- dict-steps.c --- */

/* Makes all changes that come from there and answers the call, in steps if
 * they may be many. */
void dict_change_all(struct call *call, struct dict *dict,
		     struct dict_source *source);
/* Nobody may read half of a change: the rest of it is made now. */
void dict_settle(struct dict *dict);
void dict_job_each_item(const struct dict_job *job,
			void (*visit)(void *context, const struct item *item),
			void *context);

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

/* dict-many.c */
DICT_HANDLER(dict_do_get_many);

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
