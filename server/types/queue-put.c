/*
 * The putting side of a queue.
 *
 * A put_many may be done in part. While it waits, or takes its steps, the
 * list it came with is kept as one item, and read from where it stopped.
 */
#include <stdlib.h>

#include "mproxy/error.h"
#include "server/types/queue.h"

/* What a putter waits with. */
struct offer {
	struct list_link link; /* in queue->offers */
	struct item *item;     /* the item; of many: their list */
	bool many;
	struct value_cursor rest; /* of the list */
	int64_t done;
};

static struct queue *
queue_of(struct object *object)
{
	return (struct queue *)object;
}

static void
offer_free(struct call *call, void *data)
{
	struct offer *offer = data;

	list_remove(&offer->link);
	item_free(call_core(call), offer->item);
	free(offer);
}

static struct offer *
offer_new(struct call *call, struct item *item, bool many)
{
	struct offer *offer = calloc(1, sizeof(*offer));
	struct value list;

	if (!offer) {
		item_free(call_core(call), item);
		call_fail_memory(call);
		return NULL;
	}
	list_append(&queue_of(call_object(call))->offers, &offer->link);
	offer->item = item;
	offer->many = many;
	if (many) {
		list = value_decode(item_span(item));
		offer->rest = value_items(&list);
	}
	return offer;
}

/* --- one --- */

/* Takes the item, also on failure. */
static bool
push(struct queue *queue, struct item *item)
{
	if (!item || !deque_push_pointer(&queue->items, item)) {
		item_free(queue->object.core, item);
		return false;
	}
	queue->unfinished++;
	return true;
}

static bool
is_small(const struct value *value)
{
	return value->bytes.size <= DEQUE_PIECE_MAX && !value->has_handles &&
	       value->kind != MPROXY_HANDLE;
}

/* False without memory. */
static bool
push_small(struct queue *queue, struct span bytes)
{
	struct core *core = queue->object.core;

	if (!item_charge(core, queue_small_size(bytes)))
		return false;
	if (!deque_push(&queue->items, bytes)) {
		item_discharge(core, queue_small_size(bytes));
		return false;
	}
	queue->unfinished++;
	return true;
}

static void
refuse_closed(struct call *call)
{
	call_fail(call, MPROXY_ERR_CLOSED, "the queue is closed");
}

static void
answer(struct call *call, bool pushed)
{
	if (pushed)
		call_reply(call);
	else
		call_fail_memory(call);
}

void
queue_put(struct call *call, struct object *object, const struct value *args,
	  size_t n_args)
{
	struct queue *queue = queue_of(object);
	struct offer *offer;
	struct item *item;
	bool waits;

	(void)n_args;
	if (queue->closed) {
		refuse_closed(call);
		return;
	}
	waits = !queue_has_room(queue) || queue->putters.n;
	if (!waits && is_small(&args[0])) {
		answer(call, push_small(queue, args[0].bytes));
		return;
	}
	item = item_new(call, &args[0]);
	if (!item)
		return;
	if (!waits) {
		answer(call, push(queue, item));
		return;
	}
	offer = offer_new(call, item, false);
	if (offer)
		call_park(call, &queue->putters, MPROXY_ERR_FULL, offer,
			  offer_free);
}

/* --- many --- */

enum progress { ALL_IN, NO_ROOM, NO_MEMORY, PAUSE };

static bool
push_piece(struct queue *queue, struct span piece, bool has_handles)
{
	if (piece.size <= DEQUE_PIECE_MAX && !has_handles)
		return push_small(queue, piece);
	return push(queue, item_make(queue->object.core, piece, has_handles));
}

static enum progress
put_some(struct queue *queue, struct call *call, struct offer *offer)
{
	struct value_cursor before;
	struct span piece;
	size_t n;

	for (n = call_share(call, QUEUE_STEP); n > 0; n--) {
		before = offer->rest;
		if (!value_next(&offer->rest, &piece))
			return ALL_IN;
		if (!queue_has_room(queue)) {
			offer->rest = before;
			return NO_ROOM;
		}
		if (!push_piece(queue, piece, offer->item->has_handles)) {
			offer->rest = before;
			return NO_MEMORY;
		}
		offer->done++;
	}
	return PAUSE;
}

/* Answers with what is in, and frees the offer. */
static void
end_many(struct call *call, struct offer *offer, enum progress progress)
{
	int64_t done = offer->done;

	offer_free(call, offer);
	if (progress == NO_MEMORY && done == 0)
		call_fail_memory(call);
	else
		call_reply_int(call, done);
}

/* The time is over; some may be in. */
static bool
put_many_late(struct call *call, void *data)
{
	const struct offer *offer = data;

	if (offer->done == 0)
		return false;
	end_many(call, call_take_data(call), NO_ROOM);
	return true;
}

static void
wait_with(struct queue *queue, struct call *call, struct offer *offer)
{
	call_on_late(call, put_many_late);
	call_park(call, &queue->putters, MPROXY_ERR_FULL, offer, offer_free);
}

static void
put_many_step(struct call *call, void *data)
{
	struct queue *queue = queue_of(call_object(call));
	enum progress progress = put_some(queue, call, data);

	if (progress == NO_ROOM)
		wait_with(queue, call, data);
	else if (progress != PAUSE)
		end_many(call, data, progress);
}

void
queue_put_many(struct call *call, struct object *object,
	       const struct value *args, size_t n_args)
{
	struct queue *queue = queue_of(object);
	struct offer *offer;
	struct item *item;

	(void)n_args;
	if (queue->closed) {
		refuse_closed(call);
		return;
	}
	item = item_new(call, &args[0]);
	if (!item)
		return;
	offer = offer_new(call, item, true);
	if (!offer)
		return;
	if (waitlist_first(&queue->putters))
		wait_with(queue, call, offer);
	else
		call_again(call, put_many_step, offer, offer_free);
}

/* --- from wake() --- */

static void
serve_many(struct queue *queue, struct call *call)
{
	struct offer *offer = call_data(call);
	enum progress progress = put_some(queue, call, offer);

	if (progress == ALL_IN || progress == NO_MEMORY)
		end_many(call, call_take_data(call), progress);
}

void
queue_serve_putter(struct queue *queue)
{
	struct call *call = waitlist_first(&queue->putters);
	struct offer *offer = call_data(call);
	struct item *item = offer->item;

	if (offer->many) {
		serve_many(queue, call);
		return;
	}
	offer->item = NULL;
	answer(call, push(queue, item));
}

void
queue_refuse_putter(struct queue *queue)
{
	struct call *call = waitlist_first(&queue->putters);

	if (!put_many_late(call, call_data(call)))
		refuse_closed(call);
}

void
queue_each_offer(const struct queue *queue,
		 void (*visit)(void *context, const struct item *item),
		 void *context)
{
	const struct list_link *link;
	const struct offer *offer;

	for (link = queue->offers.next; link != &queue->offers;
	     link = link->next) {
		offer = LIST_ENTRY(link, struct offer, link);
		if (offer->item)
			visit(context, offer->item);
	}
}
