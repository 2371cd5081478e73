/* The inside of a queue, shared by its two sides. */
#ifndef MPROXY_SERVER_TYPES_QUEUE_H
#define MPROXY_SERVER_TYPES_QUEUE_H

#include "server/containers/deque.h"
#include "server/core/call.h"

struct loan;

struct queue {
	struct object object;
	struct deque items;  /* small ones as their bytes, else struct item */
	size_t max;	     /* of items; SIZE_MAX: unbounded */
	uint64_t unfinished; /* put, and not yet task_done */
	struct waitlist getters;
	struct waitlist putters;
	struct waitlist joiners;
	struct list_link offers; /* what putters want to put */
	struct loan *spare;	 /* of one item, for the next gets */
	size_t n_spare;
	bool closed;  /* nothing more is put */
	bool dropped; /* nor is anything given out */
};

/* The most items that move in one step: answers and turns stay short. */
#define QUEUE_STEP 8192

static inline bool
queue_has_room(const struct queue *queue)
{
	return !queue->closed && queue->items.n < queue->max;
}

/* What there is to get. */
static inline size_t
queue_size(const struct queue *queue)
{
	return queue->dropped ? 0 : queue->items.n;
}

/* What a small item is charged with. */
static inline size_t
queue_small_size(struct span bytes)
{
	return bytes.size + 2;
}

static inline struct span
queue_bytes(struct deque_place place)
{
	const struct item *item = deque_pointer(place);

	return item ? item_span(item) : deque_bytes(place);
}

/* Frees an item that was taken out. */
void queue_discard(struct queue *queue, struct deque_place place);

/* --- queue-get.c --- */

void queue_get(struct call *call, struct object *object,
	       const struct value *args, size_t n_args);
void queue_get_many(struct call *call, struct object *object,
		    const struct value *args, size_t n_args);
/* Serves the first getter; there must be one, and an item. */
void queue_serve_getter(struct queue *queue);
void queue_free_spare(struct queue *queue);

/* --- queue-put.c --- */

void queue_put(struct call *call, struct object *object,
	       const struct value *args, size_t n_args);
void queue_put_many(struct call *call, struct object *object,
		    const struct value *args, size_t n_args);
/* Serves the first putter; there must be one, and room. */
void queue_serve_putter(struct queue *queue);
/* Ends the first putter: the queue is closed. */
void queue_refuse_putter(struct queue *queue);
/* Calls visit for what those who wait want to put. */
void queue_each_offer(const struct queue *queue,
		      void (*visit)(void *context, const struct item *item),
		      void *context);

#endif
