/*
 * Intrusive doubly linked lists.
 *
 * A list is a struct list_link that is its own neighbour when empty. A link
 * with NULL neighbours is in no list; list_remove() leaves it so.
 */
#ifndef MPROXY_SERVER_CORE_LIST_H
#define MPROXY_SERVER_CORE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list_link {
	struct list_link *previous;
	struct list_link *next;
};

#define LIST_ENTRY(link, type, member)                                         \
	((type *)(void *)((char *)(link)-offsetof(type, member)))

static inline void
list_init(struct list_link *list)
{
	list->previous = list->next = list;
}

static inline bool
list_is_empty(const struct list_link *list)
{
	return list->next == list;
}

static inline bool
list_is_linked(const struct list_link *link)
{
	return link->next != NULL;
}

static inline void
list_insert_before(struct list_link *place, struct list_link *link)
{
	link->previous = place->previous;
	link->next = place;
	place->previous->next = link;
	place->previous = link;
}

static inline void
list_append(struct list_link *list, struct list_link *link)
{
	list_insert_before(list, link);
}

static inline void
list_prepend(struct list_link *list, struct list_link *link)
{
	list_insert_before(list->next, link);
}

/* Fine for a link that is in no list. */
static inline void
list_remove(struct list_link *link)
{
	if (!link->next)
		return;
	link->previous->next = link->next;
	link->next->previous = link->previous;
	link->previous = link->next = NULL;
}

/* The first link, or NULL. */
static inline struct list_link *
list_first(const struct list_link *list)
{
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): removed before freed */
	return list_is_empty(list) ? NULL : list->next;
}

#endif
