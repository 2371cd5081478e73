/*
 * The state of a list, and what its files share.
 */
#ifndef MPROXY_SERVER_TYPES_LIST_H
#define MPROXY_SERVER_TYPES_LIST_H

#include "server/containers/tree.h"
#include "server/core/call.h"

struct list {
	struct object object;
	struct tree items; /* to be changed by list_change() only */
	struct list_reader *readers;
	struct list_filling *filling; /* NULL: none */
	/* only in a list that is about to die */
	struct tree_waste waste;
	struct list_rest *rest; /* NULL: nothing more */
};

/* What a long job leaves behind, to be freed in small parts. */
struct list_rest {
	struct tree_waste nodes; /* whose items are in use elsewhere */
	struct {
		void *data;
		size_t size;
	} arrays[2];
};

extern const struct object_type list_type;

static inline struct list *
list_of(struct object *object)
{
	return (struct list *)(void *)object;
}

/* --- list-parts.c --- */

/*
 * A job of another list that reads this one, over several turns in which
 * others may change it. Before they do, hurry() takes all that is left.
 */
struct list_reader {
	struct list_reader *next;
	struct list *list; /* NULL: not reading */
	struct tree_cursor cursor;
	void (*hurry)(struct list_reader *reader);
};

/* list-fill.c */
void list_reader_begin(struct list_reader *reader, struct list *list,
		       void (*hurry)(struct list_reader *reader));
void list_reader_end(struct list_reader *reader); /* fine when not reading */
void list_hurry(struct list *list);

/* The items of a list, which are about to change. */
static inline struct tree *
list_change(struct list *list)
{
	if (list->readers)
		list_hurry(list);
	return &list->items;
}

extern const struct tree_owner list_owner; /* its context is the core */

/* A place from an argument, negative from the end; false after call_fail(). */
bool list_find_index(struct call *call, const struct list *list,
		     const struct value *arg, size_t *ret_index);

/* The list that value is a handle of; NULL after call_fail(). */
struct list *list_of_argument(struct call *call, const struct value *value);

/* The cell of a value, in room or in the value; false after call_fail(). */
bool list_cell(struct call *call, const struct value *value,
	       uint8_t room[CELL_ROOM], struct span *ret_cell);
/* It went nowhere: frees what lies outside. */
void list_drop_cell(struct core *core, const uint8_t *cell);
void list_drop_cells(struct core *core, const uint8_t *cells, size_t size);
/* A cell with the same value for another list; false without memory. */
bool list_dup_cell(struct core *core, const uint8_t *cell,
		   uint8_t room[CELL_ROOM], struct span *ret_cell);
void list_reply_cell(struct call *call, const uint8_t *cell);

/* Cells on their way into a tree, a leaf's worth at a time. */
struct list_pack {
	struct tree *tree;
	size_t at; /* where in it */
	size_t size, n;
	unsigned kinds;
	uint8_t cells[1024];
};

void list_pack_init(struct list_pack *pack, struct tree *tree, size_t at);
/* Both false without memory: then what did not go into the tree stays. */
bool list_pack_add(struct list_pack *pack, struct span cell);
bool list_pack_flush(struct list_pack *pack);
/* Frees what stayed, with what lies outside. */
void list_pack_drop(struct list_pack *pack, struct core *core);

/* Items on their way into a list, made before anything changes. */
struct list_gathered {
	struct core *core;
	struct buffer cells;
	size_t n;
	unsigned kinds;
};

/* Copies of all items of a list, or of a list that value is a handle of; 0,
 * or -1 after call_fail(). */
int list_gather(struct call *call, const struct value *value,
		struct list_gathered *ret);
void list_gathered_free(struct list_gathered *gathered); /* the items too */
/* Frees the memory only: the items outside are somebody else's. */
void list_gathered_forget(struct list_gathered *gathered);

/* The same of some cells of a list; false without memory. */
bool list_gather_run(struct list_gathered *gathered,
		     const struct tree_run *run);

/* Takes what was gathered: 0, or -1 after call_fail(). */
int list_put(struct call *call, struct list *list, size_t index,
	     struct list_gathered *gathered);

/*
 * Putting in so many items that it takes several turns (list-fill.c), before
 * the one at index; meanwhile the list is busy. Begun when that is worth it,
 * else *ret is NULL; false after call_fail().
 */
bool list_fill_begin(struct call *call, struct list *list, size_t index,
		     const struct value *value, struct list_filling **ret);
/* Some more of them: 1 when all are in, 0, or -1 after call_fail(). */
int list_fill_some(struct call *call, struct list_filling *filling);
/* Those that came in so far stay. */
void list_fill_free(struct list_filling *filling);
/* The cells it holds that are not in the list yet. */
void list_fill_each(const struct list_filling *filling,
		    void (*visit)(void *context, const uint8_t *cell),
		    void *context);
/* Does all of it; the items from … to - 1, before index, leave at the end. */
void list_fill(struct call *call, struct list_filling *filling, size_t from,
	       size_t to);
/* The items that have come in so far, which nobody may see yet. */
struct list_hidden {
	size_t at, n;
};
struct list_hidden list_hidden(const struct list *list);

/* An anonymous list with a rest, whose only reference is the caller's; NULL
 * after call_fail(). */
struct list *list_new_grave(struct call *call);

/*
 * Removing is two steps when something in between may fail: open tells
 * whether there is a place for n items to die (false after call_fail()),
 * close removes them.
 */
struct list_grave {
	struct list *list; /* an anonymous one; NULL: they are freed at once */
};

bool list_grave_open(struct call *call, size_t n, struct list_grave *ret_grave);
void list_grave_close(struct list_grave *grave, struct list *list, size_t from,
		      size_t to);
/* Nothing was removed after all. */
void list_grave_drop(struct list_grave *grave);

/* Removes from … to - 1 and answers the call. */
void list_cut(struct call *call, struct list *list, size_t from, size_t to);

/* Some items of a list as Python picks them. */
struct list_slice {
	size_t start; /* of the first one */
	size_t n;
	int64_t step;
	bool backward; /* step is negative */
};

/* From the arguments start, stop, step; false after call_fail(). */
bool list_find_slice(struct call *call, const struct list *list,
		     const struct value *args, size_t n_args,
		     struct list_slice *ret_slice);
/* The index of its item number i. */
size_t list_slice_index(const struct list_slice *slice, size_t i);

/* --- the handlers that are not in list.c --- */

#define LIST_HANDLER(name)                                                     \
	void name(struct call *call, struct object *object,                    \
		  const struct value *args, size_t n_args)

/* list-search.c */
LIST_HANDLER(list_do_index);
LIST_HANDLER(list_do_count);
LIST_HANDLER(list_do_contains);
LIST_HANDLER(list_do_remove);

/* list-copy.c */
LIST_HANDLER(list_do_slice);
LIST_HANDLER(list_do_copy);
LIST_HANDLER(list_do_concat);
LIST_HANDLER(list_do_repeat);

/* list-slice.c */
LIST_HANDLER(list_do_slice_set);
LIST_HANDLER(list_do_slice_delete);
LIST_HANDLER(list_do_repeat_in_place);

/* list-order.c */
LIST_HANDLER(list_do_reverse);
LIST_HANDLER(list_do_sort);
/* Deletes a slice with gaps, in steps. */
void list_thin_out(struct call *call, struct list *list,
		   const struct list_slice *slice);
/* Puts as many items as it has into the places of a slice, in steps; takes
 * what was gathered. */
void list_replace(struct call *call, struct list *list,
		  const struct list_slice *slice,
		  struct list_gathered *gathered);

#endif
