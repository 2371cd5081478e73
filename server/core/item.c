/* Values at rest. See item.h. */
#include "server/core/item.h"

#include <stdlib.h>

#include "mproxy/error.h"
#include "proto/block.h"
#include "proto/loan.h"
#include "server/core/machine.h"

static void
hold_handle(void *context, struct value_handle handle)
{
	struct object *object = registry_find(context, handle.object);

	if (object)
		object_hold(object);
	else
		((struct core *)context)->fault = "an item with a dead handle";
}

static void
let_handle_go(void *context, struct value_handle handle)
{
	struct object *object = registry_find(context, handle.object);

	/* none only while core_free() takes cycles apart */
	if (object)
		object_let_go(object);
}

static bool
is_large(const struct item *item)
{
	return item->size >= BLOCK_LARGE;
}

/* A large item lies at this place in its block, which begins with the loan. */
#define PLACE (ITEM_PLACE - offsetof(struct item, bytes))

_Static_assert(PLACE % _Alignof(struct item) == 0, "no place for an item");

static struct loan *
loan_of(const struct item *item)
{
	return (struct loan *)((uintptr_t)item - PLACE);
}

static void
free_block(struct loan *loan)
{
	block_free(loan, BLOCK_LARGE);
}

static void
begin_block(void *block)
{
	*(struct loan *)block = (struct loan){ .holders = 1,
					       .free = free_block };
}

void
item_offer(struct core *core, void *block)
{
	begin_block(block);
	core->offered = block;
}

void
item_end_offer(struct core *core, void *block)
{
	core->offered = NULL;
	loan_let_go(block);
}

/* The block that holds the bytes already, when they are offered and take up
 * nearly all of it. */
static uint8_t *
take_offer(struct core *core, struct span bytes)
{
	uint8_t *block = core->offered;

	if (!block || bytes.data != block + ITEM_PLACE ||
	    bytes.size < ITEM_OFFERED ||
	    block_size(block) - bytes.size > bytes.size / 8)
		return NULL;
	core->offered = NULL;
	loan_hold((struct loan *)(void *)block);
	return block;
}

/* An item with these bytes alone; NULL without memory. */
static struct item *
allocate(struct core *core, struct span bytes)
{
	struct item *item;
	uint8_t *block;

	if (bytes.size < BLOCK_LARGE) {
		item = malloc(sizeof(*item) + bytes.size);
		if (item)
			memcpy(item->bytes, bytes.data, bytes.size);
		return item;
	}
	block = take_offer(core, bytes);
	if (!block) {
		block = block_alloc(ITEM_PLACE + bytes.size);
		if (!block)
			return NULL;
		begin_block(block);
		memcpy(block + ITEM_PLACE, bytes.data, bytes.size);
	}
	return (struct item *)(void *)(block + PLACE);
}

struct loan *
item_loan(const struct item *item)
{
	return is_large(item) ? loan_of(item) : NULL;
}

struct item *
item_make(struct core *core, struct span bytes, bool has_handles)
{
	size_t size = sizeof(struct item) + bytes.size;
	struct item *item;

	if (bytes.size > UINT32_MAX || !core_charge(core, size))
		return NULL;
	item = allocate(core, bytes);
	if (!item) {
		core_discharge(core, size);
		return NULL;
	}
	item->size = (uint32_t)bytes.size;
	item->has_handles = has_handles;
	if (has_handles)
		value_each_handle(bytes, hold_handle, core);
	return item;
}

static void
note_missing(void *context, struct value_handle handle)
{
	struct call *call = ((void **)context)[0];
	uint64_t *missing = ((void **)context)[1];

	if (!registry_find(call->core, handle.object))
		*missing = handle.object;
}

struct item *
item_new(struct call *call, const struct value *value)
{
	uint64_t missing = 0;
	void *context[] = { call, &missing };
	struct item *item;

	if (value->has_handles || value->kind == MPROXY_HANDLE)
		value_each_handle(value->bytes, note_missing, context);
	if (missing) {
		call_fail(call, MPROXY_ERR_NO_OBJECT, "no object %llu to store",
			  (unsigned long long)missing);
		return NULL;
	}
	item = item_make(call->core, value->bytes,
			 value->has_handles || value->kind == MPROXY_HANDLE);
	if (!item)
		call_fail_memory(call);
	return item;
}

struct item *
item_dup(struct core *core, const struct item *item)
{
	return item_make(core, item_span(item), item->has_handles);
}

void
item_free(struct core *core, struct item *item)
{
	if (!item)
		return;
	if (item->has_handles)
		value_each_handle(item_span(item), let_handle_go, core);
	core_discharge(core, sizeof(*item) + item->size);
	core->freed++;
	if (is_large(item))
		loan_let_go(loan_of(item));
	else
		free(item);
}

/* --- small values that a type keeps itself --- */

bool
item_charge(struct core *core, size_t size)
{
	return core_charge(core, size);
}

void
item_discharge(struct core *core, size_t size)
{
	core_discharge(core, size);
	core->freed += 1 + size / 128;
}

void *
item_block_new(struct core *core, size_t size)
{
	void *block;

	if (!core_charge(core, size))
		return NULL;
	block = malloc(size);
	if (!block)
		core_discharge(core, size);
	return block;
}

void
item_block_free(struct core *core, void *block, size_t size)
{
	item_discharge(core, size);
	free(block);
}
