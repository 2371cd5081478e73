/* Types for tests. See toys.h. */
#include "tests/unit/toys.h"

#include "mproxy/error.h"
#include "server/core/call.h"

int toys_released;
size_t toys_share;
size_t toys_destroyed;

/* --- counter: who waits for it is woken when it is high enough --- */

struct counter {
	struct object object;
	int64_t n;
	struct waitlist waiters;
	struct waitlist takers;
};

static struct counter *
counter_of(struct object *object)
{
	return (struct counter *)object;
}

static void
counter_add(struct call *call, struct object *object, const struct value *args,
	    size_t n_args)
{
	(void)n_args;
	counter_of(object)->n += args[0].integer;
	call_reply_int(call, counter_of(object)->n);
}

static void
counter_get(struct call *call, struct object *object, const struct value *args,
	    size_t n_args)
{
	(void)args;
	(void)n_args;
	call_reply_int(call, counter_of(object)->n);
}

static void
counter_wait_for(struct call *call, struct object *object,
		 const struct value *args, size_t n_args)
{
	(void)n_args;
	call_park(call, &counter_of(object)->waiters, MPROXY_ERR_WOULD_BLOCK,
		  (void *)(intptr_t)args[0].integer, NULL);
}

/* Takes that much away, in the order of asking. */
static void
counter_take(struct call *call, struct object *object, const struct value *args,
	     size_t n_args)
{
	(void)n_args;
	call_park(call, &counter_of(object)->takers, MPROXY_ERR_WOULD_BLOCK,
		  (void *)(intptr_t)args[0].integer, NULL);
}

static int
counter_create(struct call *call, struct object *object,
	       const struct value *args, size_t n_args)
{
	if (n_args > 0 && args[0].integer < 0) {
		call_fail(call, MPROXY_ERR_INVALID, "a counter starts at 0");
		return MPROXY_ERR_INVALID;
	}
	counter_of(object)->n = n_args > 0 ? args[0].integer : 0;
	waitlist_init(&counter_of(object)->waiters);
	waitlist_init(&counter_of(object)->takers);
	return 0;
}

static void
counter_wake(struct object *object)
{
	struct counter *counter = counter_of(object);
	struct call *call, *next;

	for (call = waitlist_first(&counter->waiters); call; call = next) {
		next = waitlist_next(&counter->waiters, call);
		if ((intptr_t)call_data(call) <= counter->n)
			call_reply(call);
	}
	while ((call = waitlist_first(&counter->takers)) &&
	       (intptr_t)call_data(call) <= counter->n) {
		counter->n -= (intptr_t)call_data(call);
		call_reply(call);
	}
}

static const struct method counter_methods[] = {
	{ "add", "i", "i", counter_add, 0, "adds" },
	{ "get", "", "i", counter_get, METHOD_READONLY, "tells" },
	{ "wait_for", "i", "", counter_wait_for, METHOD_WAITS, "waits" },
	{ "take", "i", "", counter_take, METHOD_WAITS, "waits and subtracts" },
	METHOD_END,
};

const struct object_type counter_type = {
	.name = "counter",
	.about = "a number that several add to",
	.takes = "|i",
	.size = sizeof(struct counter),
	.create = counter_create,
	.wake = counter_wake,
	.methods = counter_methods,
};

/* --- box --- */

struct box {
	struct object object;
	struct item *item;
	int64_t steps;
};

static struct box *
box_of(struct object *object)
{
	return (struct box *)object;
}

static void
box_set(struct call *call, struct object *object, const struct value *args,
	size_t n_args)
{
	struct item *item = item_new(call, &args[0]);

	(void)n_args;
	if (!item)
		return;
	item_free(object->core, box_of(object)->item);
	box_of(object)->item = item;
	call_reply(call);
}

static void
box_get(struct call *call, struct object *object, const struct value *args,
	size_t n_args)
{
	(void)args;
	(void)n_args;
	if (box_of(object)->item)
		call_reply_item(call, box_of(object)->item);
	else
		call_fail(call, MPROXY_ERR_EMPTY, "the box is empty");
}

/* The value n times as a list: to make answers too big. */
static void
box_many(struct call *call, struct object *object, const struct value *args,
	 size_t n_args)
{
	struct buffer *out = call_scratch(call);
	size_t list = value_list_begin(out);
	int64_t i;

	(void)n_args;
	for (i = 0; i < args[0].integer; i++)
		value_list_item(out, item_span(box_of(object)->item));
	value_list_end(out, list);
	call_reply_scratch(call, box_of(object)->item->has_handles);
}

static void
slow_step(struct call *call, void *data)
{
	struct box *box = box_of(call_object(call));

	toys_share = call_share(call, 1024);
	if (++box->steps >= (intptr_t)data)
		call_reply_int(call, box->steps);
}

static void
slow_release(struct call *call, void *data)
{
	(void)call;
	(void)data;
	toys_released++;
}

static void
box_slow(struct call *call, struct object *object, const struct value *args,
	 size_t n_args)
{
	(void)n_args;
	box_of(object)->steps = 0;
	call_again(call, slow_step, (void *)(intptr_t)args[0].integer,
		   slow_release);
}

static void
box_silent(struct call *call, struct object *object, const struct value *args,
	   size_t n_args)
{
	(void)call;
	(void)object;
	(void)args;
	(void)n_args;
}

static void
box_twice(struct call *call, struct object *object, const struct value *args,
	  size_t n_args)
{
	(void)object;
	(void)args;
	(void)n_args;
	call_reply(call);
	call_reply(call);
}

static int
box_create(struct call *call, struct object *object, const struct value *args,
	   size_t n_args)
{
	if (n_args > 0) {
		box_of(object)->item = item_new(call, &args[0]);
		if (!box_of(object)->item)
			return MPROXY_ERR_NO_MEMORY;
	}
	return 0;
}

static bool
box_destroy(struct object *object, size_t budget)
{
	(void)budget;
	item_free(object->core, box_of(object)->item);
	box_of(object)->item = NULL;
	toys_destroyed++;
	return true;
}

static void
box_each_item(const struct object *object,
	      void (*visit)(void *context, const struct item *item),
	      void *context)
{
	const struct box *box = (const struct box *)object;

	if (box->item)
		visit(context, box->item);
}

static void
box_format(const struct object *object, struct buffer *out, size_t max)
{
	const struct box *box = (const struct box *)object;

	if (box->item)
		value_format(out, item_span(box->item), max);
}

static const struct method box_methods[] = {
	{ "set", "v", "", box_set, 0, "keeps a value" },
	{ "get", "", "v", box_get, METHOD_READONLY, "gives it" },
	{ "many", "i", "l", box_many, METHOD_READONLY, "gives it many times" },
	{ "slow", "i", "i", box_slow, 0, "takes many steps" },
	{ "silent", "", "", box_silent, 0, "forgets to answer" },
	{ "twice", "", "", box_twice, 0, "answers twice" },
	METHOD_END,
};

const struct object_type box_type = {
	.name = "box",
	.about = "keeps one value",
	.takes = "|v",
	.size = sizeof(struct box),
	.create = box_create,
	.destroy = box_destroy,
	.format = box_format,
	.each_item = box_each_item,
	.methods = box_methods,
};

/* --- the table --- */

extern const struct object_type manager_type;
extern const struct object_type queue_type;
extern const struct object_type lock_type;

const struct object_type *const object_types[] = {
	&manager_type, &queue_type, &lock_type, &counter_type, &box_type, NULL,
};
