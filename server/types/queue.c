/*
 * A queue: items leave in the order they came, getters and putters are served
 * in the order they came, and nothing is lost with a process that dies.
 *
 * This file has its state, what is not putting or getting, and its table.
 */
#include "server/types/queue.h"

#include "mproxy/error.h"

static struct queue *
queue_of(struct object *object)
{
	return (struct queue *)object;
}

/* --- handlers --- */

static void
queue_qsize(struct call *call, struct object *object, const struct value *args,
	    size_t n_args)
{
	(void)args;
	(void)n_args;
	call_reply_int(call, (int64_t)queue_size(queue_of(object)));
}

static void
queue_empty(struct call *call, struct object *object, const struct value *args,
	    size_t n_args)
{
	(void)args;
	(void)n_args;
	call_reply_bool(call, queue_size(queue_of(object)) == 0);
}

static void
queue_full(struct call *call, struct object *object, const struct value *args,
	   size_t n_args)
{
	(void)args;
	(void)n_args;
	call_reply_bool(call,
			queue_size(queue_of(object)) >= queue_of(object)->max);
}

static void
queue_task_done(struct call *call, struct object *object,
		const struct value *args, size_t n_args)
{
	struct queue *queue = queue_of(object);
	int64_t n = n_args > 0 ? args[0].integer : 1;

	if (n < 1 || (uint64_t)n > queue->unfinished) {
		call_fail(call, MPROXY_ERR_INVALID,
			  "queue.task_done(%lld): %llu items are unfinished",
			  (long long)n, (unsigned long long)queue->unfinished);
		return;
	}
	queue->unfinished -= (uint64_t)n;
	call_reply(call);
}

static void
queue_join(struct call *call, struct object *object, const struct value *args,
	   size_t n_args)
{
	struct queue *queue = queue_of(object);

	(void)args;
	(void)n_args;
	if (queue->unfinished == 0)
		call_reply(call);
	else
		call_park(call, &queue->joiners, MPROXY_ERR_WOULD_BLOCK, NULL,
			  NULL);
}

void
queue_discard(struct queue *queue, struct deque_place place)
{
	struct item *item = deque_pointer(place);
	struct core *core = queue->object.core;

	if (item)
		item_free(core, item);
	else
		item_discharge(core, queue_small_size(deque_bytes(place)));
	deque_release(&queue->items, place);
}

/* True when there are none left. */
static bool
free_items(struct queue *queue, size_t budget)
{
	for (; budget > 0 && queue->items.n > 0; budget--)
		queue_discard(queue, deque_lend(&queue->items));
	return queue->items.n == 0;
}

static void
drop_step(struct call *call, void *data)
{
	(void)data;
	if (free_items(queue_of(call_object(call)),
		       call_share(call, QUEUE_STEP)))
		call_reply(call);
}

static void
drop_rest(struct call *call, void *data)
{
	(void)data;
	free_items(queue_of(call_object(call)), SIZE_MAX);
}

static void
queue_close(struct call *call, struct object *object, const struct value *args,
	    size_t n_args)
{
	struct queue *queue = queue_of(object);
	bool drain = n_args == 0 || args[0].boolean;
	size_t dropped = queue->items.n;

	queue->closed = true;
	if (drain || queue->dropped) {
		call_reply(call);
		return;
	}
	queue->dropped = true;
	queue->unfinished -= dropped < queue->unfinished ? dropped
							 : queue->unfinished;
	call_again(call, drop_step, NULL, drop_rest);
}

static void
queue_is_closed(struct call *call, struct object *object,
		const struct value *args, size_t n_args)
{
	(void)args;
	(void)n_args;
	call_reply_bool(call, queue_of(object)->closed);
}

/* --- life --- */

static int
queue_create(struct call *call, struct object *object, const struct value *args,
	     size_t n_args)
{
	struct queue *queue = queue_of(object);

	(void)call;
	queue->max = SIZE_MAX;
	if (n_args > 0 && args[0].integer > 0)
		queue->max = (size_t)args[0].integer;
	waitlist_init(&queue->getters);
	waitlist_init(&queue->putters);
	waitlist_init(&queue->joiners);
	list_init(&queue->offers);
	return 0;
}

static bool
queue_destroy(struct object *object, size_t budget)
{
	struct queue *queue = queue_of(object);

	if (!free_items(queue, budget))
		return false;
	queue_free_spare(queue);
	deque_deinit(&queue->items);
	return true;
}

static void
queue_wake(struct object *object)
{
	struct queue *queue = queue_of(object);
	struct call *call;

	if (!queue->getters.n && !queue->putters.n && !queue->joiners.n)
		return;
	for (;;) {
		if (queue_size(queue) > 0 && waitlist_first(&queue->getters))
			queue_serve_getter(queue);
		else if (queue_has_room(queue) &&
			 waitlist_first(&queue->putters))
			queue_serve_putter(queue);
		else
			break;
	}
	while (queue->closed && waitlist_first(&queue->putters))
		queue_refuse_putter(queue);
	if (queue->closed && queue_size(queue) == 0)
		waitlist_fail_all(&queue->getters, MPROXY_ERR_CLOSED,
				  "the queue is closed");
	while (queue->unfinished == 0 &&
	       (call = waitlist_first(&queue->joiners)))
		call_reply(call);
}

static void
queue_format(const struct object *object, struct buffer *out, size_t max)
{
	const struct queue *queue = (const struct queue *)object;
	size_t start = out->size, used;
	struct deque_place place = {};

	if (!queue->dropped)
		place = deque_front(&queue->items);
	buffer_append_text(out, "queue[");
	for (bool first = true; place.block; first = false) {
		used = out->size - start;
		if (used >= max) {
			buffer_append_text(out, ", …");
			break;
		}
		if (!first)
			buffer_append_text(out, ", ");
		value_format(out, queue_bytes(place), max - used);
		place = deque_next(place);
	}
	buffer_append_text(out, "]");
}

static const char *
queue_check(const struct object *object)
{
	const struct queue *queue = (const struct queue *)object;
	const char *wrong = deque_check(&queue->items);

	if (wrong)
		return wrong;
	if (object->job)
		return NULL; /* waiters are served when it is over */
	if (queue_size(queue) > 0 && waitlist_first(&queue->getters))
		return "a queue has items and somebody waits for one";
	if (queue_has_room(queue) && waitlist_first(&queue->putters))
		return "a queue has room and somebody waits for it";
	if (queue->closed && waitlist_first(&queue->putters))
		return "a queue is closed and somebody waits to put";
	if (queue->unfinished == 0 && waitlist_first(&queue->joiners))
		return "a queue is done and somebody waits for that";
	return NULL;
}

static void
queue_each_item(const struct object *object,
		void (*visit)(void *context, const struct item *item),
		void *context)
{
	const struct queue *queue = (const struct queue *)object;
	struct deque_place place = deque_front_held(&queue->items);

	for (; place.block; place = deque_next_held(place))
		if (deque_pointer(place))
			visit(context, deque_pointer(place));
	queue_each_offer(queue, visit, context);
}

static const struct method queue_methods[] = {
	{ "put", "v", "", queue_put, METHOD_WAITS,
	  "puts an item at the end; waits for room" },
	{ "get", "", "v", queue_get, METHOD_WAITS,
	  "takes the first item; waits for one" },
	{ "put_many", "l", "i", queue_put_many, METHOD_WAITS,
	  "puts the items of a list; how many were put" },
	{ "get_many", "i", "l", queue_get_many, METHOD_WAITS,
	  "takes at least one item, at most that many" },
	{ "qsize", "", "i", queue_qsize, METHOD_READONLY, "number of items" },
	{ "empty", "", "b", queue_empty, METHOD_READONLY,
	  "whether it has none" },
	{ "full", "", "b", queue_full, METHOD_READONLY,
	  "whether a put would have to wait" },
	{ "task_done", "|i", "", queue_task_done, 0,
	  "says that one item taken before, or so many, is done with" },
	{ "join", "", "", queue_join, METHOD_WAITS,
	  "waits until all items put are done with" },
	{ "close", "|b", "", queue_close, 0,
	  "nothing more is put; true: the rest may be got, false: it is "
	  "dropped" },
	{ "is_closed", "", "b", queue_is_closed, METHOD_READONLY,
	  "whether it is closed" },
	METHOD_END,
};

extern const struct object_type queue_type;
const struct object_type queue_type = {
	.name = "queue",
	.about = "first in, first out; bounded or not",
	.takes = "|i",
	.size = sizeof(struct queue),
	.create = queue_create,
	.destroy = queue_destroy,
	.wake = queue_wake,
	.format = queue_format,
	.check = queue_check,
	.each_item = queue_each_item,
	.methods = queue_methods,
};
