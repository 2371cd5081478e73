/*
 * Items: values at rest in an object.
 *
 * An item is a copy of the canonical bytes. It is charged to the core's
 * memory, and holds one inner reference to each object whose handle it
 * contains. One owner at a time; never changed. A large one may outlive its
 * owner, until the replies that are sent from it are written.
 */
#ifndef MPROXY_SERVER_CORE_ITEM_H
#define MPROXY_SERVER_CORE_ITEM_H

#include "proto/value.h"

struct call;
struct core;
struct loan;

struct item {
	uint32_t size;
	bool has_handles;
	uint8_t bytes[];
};

/*
 * NULL after call_fail(): no memory, the memory limit, or a handle in it that
 * refers to no living object.
 */
struct item *item_new(struct call *call, const struct value *value);

/* The same from bytes known to be canonical, without a call: NULL without
 * memory. Handles inside must refer to living objects. */
struct item *item_make(struct core *core, struct span bytes, bool has_handles);

/* For a reply that is sent from where the item lies, which may be freed
 * meanwhile; NULL: it is to be copied. */
struct loan *item_loan(const struct item *item);

/*
 * A call whose last argument lies ITEM_PLACE bytes behind the beginning of a
 * block offers the block, which it takes, until it is handled: an item of that
 * argument is made without a copy then. What is just before the argument is
 * overwritten: its tag, and its length of at least four bytes.
 */
#define ITEM_PLACE ((size_t)1024 + offsetof(struct item, bytes))
#define ITEM_OFFERED ((size_t)2 << 20) /* bytes, at least */
void item_offer(struct core *core, void *block);
void item_end_offer(struct core *core, void *block);

/* A second copy with its own references; NULL without memory. */
struct item *item_dup(struct core *core, const struct item *item);

/* NULL is fine. */
void item_free(struct core *core, struct item *item);

/*
 * What an object takes for values beside its items, as the nodes that pack
 * small ones: charged before it is allocated (false, and nothing charged, past
 * the limit), discharged when it is freed, which counts as one freed part and
 * one more for each 128 bytes.
 */
bool item_charge(struct core *core, size_t size);
void item_discharge(struct core *core, size_t size);

/* The same with memory of so many bytes; NULL without. */
void *item_block_new(struct core *core, size_t size);
void item_block_free(struct core *core, void *block, size_t size);

static inline struct span
item_span(const struct item *item)
{
	return span_make(item->bytes, item->size);
}

#endif
