/*
 * The getting side of a queue.
 *
 * What a get gives away is kept as a loan until the reply is known to have
 * been read: if the getter died before, the items go back to their places.
 */
#include <stdlib.h>

#include "mproxy/error.h"
#include "server/types/queue.h"

#define SPARE_LOANS 64

struct loan {
	struct loan *next; /* of the spare ones */
	size_t n;
	struct deque_place places[]; /* ascending */
};

static struct queue *
queue_of(struct object *object)
{
	return (struct queue *)object;
}

/* --- loans --- */

static struct loan *
loan_new(struct queue *queue, size_t n)
{
	struct loan *loan = queue->spare;

	if (n == 1 && loan) {
		queue->spare = loan->next;
		queue->n_spare--;
		return loan;
	}
	loan = malloc(sizeof(*loan) + n * sizeof(loan->places[0]));
	if (loan)
		loan->n = n;
	return loan;
}

static void
loan_free(struct queue *queue, struct loan *loan)
{
	if (loan->n != 1 || queue->n_spare >= SPARE_LOANS) {
		free(loan);
		return;
	}
	loan->next = queue->spare;
	queue->spare = loan;
	queue->n_spare++;
}

static void
loan_forget(struct object *object, void *data)
{
	struct queue *queue = queue_of(object);
	struct loan *loan = data;
	size_t i;

	for (i = 0; i < loan->n; i++)
		queue_discard(queue, loan->places[i]);
	loan_free(queue, loan);
}

static void
loan_give_back(struct object *object, void *data)
{
	struct queue *queue = queue_of(object);
	struct loan *loan = data;
	size_t i;

	if (queue->dropped) { /* as if they had been there then */
		queue->unfinished -= loan->n < queue->unfinished
					     ? loan->n
					     : queue->unfinished;
		loan_forget(object, data);
		return;
	}
	for (i = 0; i < loan->n; i++)
		deque_put_back(&queue->items, loan->places[i]);
	loan_free(queue, loan);
}

void
queue_free_spare(struct queue *queue)
{
	while (queue->spare) {
		struct loan *next = queue->spare->next;

		free(queue->spare);
		queue->spare = next;
	}
	queue->n_spare = 0;
}

/* --- giving --- */

/* Takes n items from the front, to come back if the call is in vain. */
static struct loan *
lend(struct queue *queue, struct call *call, size_t n)
{
	struct loan *loan = loan_new(queue, n);
	size_t i;

	if (!loan) {
		call_fail_memory(call);
		return NULL;
	}
	for (i = 0; i < n; i++)
		loan->places[i] = deque_lend(&queue->items);
	call_on_unread(call, loan_give_back, loan_forget, loan);
	return loan;
}

static void
give_one(struct queue *queue, struct call *call)
{
	struct loan *loan = lend(queue, call, 1);
	const struct item *item;

	if (!loan)
		return;
	item = deque_pointer(loan->places[0]);
	if (item)
		call_reply_item(call, item);
	else
		call_reply_span(call, deque_bytes(loan->places[0]), false);
}

/* As many of at most n as fit into one reply. */
static void
give_many(struct queue *queue, struct call *call, size_t n)
{
	size_t room = call_max_value(call), size = 16;
	struct buffer *out = call_scratch(call);
	size_t list = value_list_begin(out);
	bool has_handles = false;
	struct deque_place place = deque_front(&queue->items);
	size_t i;

	if (n > queue->items.n)
		n = queue->items.n;
	if (n > QUEUE_STEP)
		n = QUEUE_STEP;
	for (i = 0; i < n; i++) {
		const struct item *item = deque_pointer(place);
		struct span bytes = queue_bytes(place);

		size += bytes.size + 16; /* with its head */
		if (i > 0 && size > room)
			break;
		value_list_item(out, bytes);
		has_handles |= item && item->has_handles;
		place = deque_next(place);
	}
	value_list_end(out, list);
	if (buffer_failed(out))
		call_fail_memory(call);
	else if (lend(queue, call, i))
		call_reply_scratch(call, has_handles);
}

static void
give(struct queue *queue, struct call *call, size_t n)
{
	if (n == 0)
		give_one(queue, call);
	else
		give_many(queue, call, n);
}

/* --- asking --- */

/* n: at most so many as a list; 0: one, as it is. */
static void
get(struct queue *queue, struct call *call, size_t n)
{
	if (queue_size(queue) > 0 && !queue->getters.n)
		give(queue, call, n);
	else if (queue->closed && queue_size(queue) == 0)
		call_fail(call, MPROXY_ERR_CLOSED, "the queue is closed%s",
			  queue->dropped ? "" : " and empty");
	else
		call_park(call, &queue->getters, MPROXY_ERR_EMPTY,
			  (void *)(uintptr_t)n, NULL);
}

void
queue_serve_getter(struct queue *queue)
{
	struct call *call = waitlist_first(&queue->getters);

	give(queue, call, (size_t)(uintptr_t)call_take_data(call));
}

void
queue_get(struct call *call, struct object *object, const struct value *args,
	  size_t n_args)
{
	(void)args;
	(void)n_args;
	get(queue_of(object), call, 0);
}

void
queue_get_many(struct call *call, struct object *object,
	       const struct value *args, size_t n_args)
{
	(void)n_args;
	if (args[0].integer < 1)
		call_fail(call, MPROXY_ERR_INVALID,
			  "queue.get_many: at least 1 item, not %lld",
			  (long long)args[0].integer);
	else
		get(queue_of(object), call, (size_t)args[0].integer);
}
