/*
 * Why ids lead to slots: replies of calls that wait come in any order, and each
 * must be found at once, however many are in flight. Ids count up, since the
 * server looks closer at one that does not; one whose slot is still taken is
 * left out. At most half of the slots are in use, so few are.
 *
 * Why a reference is held for each object: a release travels on the lane of the
 * thread that gives up the last one, and would overtake the call on this one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "async.h"
#include "clock.h"
#include "proto/trace.h"

#define SLOTS 64 /* at first */
#define IN_FLIGHT_MAX ((size_t)1000000)
#define UNSENT_MAX ((size_t)4 << 20)

/* What MPROXY_DEBUG=calls prints when the call has been answered. */
struct async_trace {
	int64_t begun;
	int64_t timeout_ms;
	struct mproxy_value *args; /* NULL: none */
	size_t method_size;
	char method[];
};

/* --- slots --- */

static struct async_call *
slot_of(const struct mproxy_async *async, uint64_t id)
{
	return &async->slots[id & async->mask];
}

struct async_call *
async_find(struct mproxy_async *async, uint64_t id)
{
	struct async_call *call = slot_of(async, id);

	return call->id == id && id != 0 ? call : NULL;
}

static int
grow(struct mproxy_async *async)
{
	size_t n = async->slots ? 2 * (async->mask + 1) : SLOTS;
	struct async_call *wider = calloc(n, sizeof(*wider));

	if (!wider)
		return error_set(MPROXY_ERR_NO_MEMORY,
				 "no memory for %zu calls in flight", n / 2);
	/* two that had slots of their own have them with one bit more */
	for (size_t i = 0; async->slots && i <= async->mask; i++)
		if (async->slots[i].id != 0)
			wider[async->slots[i].id & (n - 1)] = async->slots[i];
	free(async->slots);
	async->slots = wider;
	async->mask = n - 1;
	return 0;
}

/* --- the trace --- */

static struct async_trace *
trace_new(const struct call *call, struct mproxy_value *args)
{
	struct span method = call->message.method;
	struct async_trace *trace = malloc(sizeof(*trace) + method.size);

	if (!trace)
		return NULL;
	trace->begun = clock_now();
	trace->timeout_ms = call->message.timeout_ms;
	trace->args = args ? mproxy_value_ref(args) : NULL;
	trace->method_size = method.size;
	memcpy(trace->method, method.data, method.size);
	return trace;
}

static void
trace_free(struct async_trace *trace)
{
	mproxy_value_free(trace->args);
	free(trace);
}

void
async_trace_reply(const struct async_call *call,
		  const struct message_reply *reply)
{
	struct async_trace *trace = call->trace;
	struct message_call message = {
		.id = call->id,
		.object = call->object->id,
		.method = span_make(trace->method, trace->method_size),
		.timeout_ms = trace->timeout_ms,
	};
	char who[40];

	if (trace->args)
		value_list_items(value_span(trace->args), &message.items);
	snprintf(who, sizeof(who), "mproxy[%ld]", (long)getpid());
	trace_call(who, span_text(call->object->type), &message, reply,
		   clock_now() - trace->begun);
}

/* --- submitting --- */

static int
check(const struct mproxy_async *async, const struct mproxy_object *object,
      int timeout_ms, const struct mproxy_value *args)
{
	if (!async_own_lane(async))
		return async_obstacle(async);
	if (timeout_ms < -1)
		return error_set(MPROXY_ERR_INVALID,
				 "a timeout is -1, for ever, or 0 and more, "
				 "not %d",
				 timeout_ms);
	if (object->manager != async->manager ||
	    (args && args->n_objects > 0 &&
	     args->objects[0]->manager != async->manager))
		return error_set(MPROXY_ERR_INVALID,
				 "an object of another manager");
	if (async->in_flight >= IN_FLIGHT_MAX)
		return error_set(MPROXY_ERR_FULL, "%zu calls are in flight",
				 async->in_flight);
	if (channel_pending(&async->lane->channel) > UNSENT_MAX)
		return error_set(MPROXY_ERR_FULL,
				 "%zu bytes have not been sent yet",
				 channel_pending(&async->lane->channel));
	return 0;
}

/* The next id whose slot is free comes after last_id then. */
static int
make_room(struct mproxy_async *async)
{
	struct lane *lane = async->lane;
	int error = 0;

	if (2 * async->in_flight > async->mask)
		error = grow(async);
	while (!error && slot_of(async, lane->last_id + 1)->id != 0)
		lane->last_id++;
	return error;
}

static void
begin_wait(struct mproxy_async *async, int timeout_ms)
{
	if (async->n_finite++ == 0) {
		async->heard = clock_now();
		async->unsent = true;
		async->longest_ms = 0;
	}
	if (timeout_ms > async->longest_ms)
		async->longest_ms = timeout_ms;
}

/* Puts it into the buffer, and its slot to rights. */
static int
put(struct mproxy_async *async, struct call *call, struct mproxy_object *object,
    struct mproxy_value *args, struct async_call **ret)
{
	struct async_trace *trace = NULL;
	struct async_call *slot;
	int error = make_room(async);

	if (!error && trace_calls_wanted() && !(trace = trace_new(call, args)))
		error = error_set(MPROXY_ERR_NO_MEMORY, "no memory to trace");
	if (!error)
		error = call_put(call, async->lane);
	if (error) {
		if (trace)
			trace_free(trace);
		return error;
	}
	slot = slot_of(async, call->message.id);
	slot->id = call->message.id;
	slot->object = mproxy_object_ref(object);
	slot->held = args && args->n_objects > 0 ? mproxy_value_ref(args)
						 : NULL;
	slot->trace = trace;
	slot->finite = call->message.timeout_ms >= 0;
	if (slot->finite)
		begin_wait(async, (int)call->message.timeout_ms);
	async->in_flight++;
	*ret = slot;
	return 0;
}

int
mproxy_async_call(struct mproxy_async *async, struct mproxy_object *object,
		  const char *method, int timeout_ms, struct mproxy_value *args,
		  void (*callback)(void *context, int error,
				   const struct mproxy_value *value),
		  void *context, uint64_t *ret_call)
{
	struct call call = call_make(object, method, timeout_ms);
	struct async_call *slot;
	int error = check(async, object, timeout_ms, args);

	if (!error)
		error = call_set_items(&call, args);
	if (!error)
		error = put(async, &call, object, args, &slot);
	mproxy_value_free(args);
	if (error)
		return error;
	slot->callback = callback;
	slot->context = context;
	if (ret_call)
		*ret_call = slot->id;
	if (channel_pending(&async->lane->channel) >= async->push_at)
		async_push(async);
	async_tell(async);
	return 0;
}

int
mproxy_async_cancel(struct mproxy_async *async, uint64_t call)
{
	int error;

	if (!async_own_lane(async))
		return async_obstacle(async);
	if (!async_find(async, call))
		return error_set(MPROXY_ERR_NOT_FOUND, "this call has ended");
	error = message_send_cancel(&async->lane->channel, call);
	if (error)
		return error_set(error, "no memory to cancel a call");
	async_tell(async);
	return 0;
}

size_t
mproxy_async_in_flight(const struct mproxy_async *async)
{
	return async->in_flight;
}

/* --- ending --- */

void
async_complete(struct mproxy_async *async, struct async_call *call, int error,
	       const struct mproxy_value *value)
{
	/* the slot may be another's, or elsewhere, after the callback */
	struct async_call ended = *call;
	struct lane *current = thread_state.current;

	call->id = 0;
	async->in_flight--;
	async->n_finite -= ended.finite;
	if (ended.callback)
		ended.callback(ended.context, error, value);
	/* what is given up by this is told on this lane, if the callback has
	 * not forked */
	if (async_own_lane(async))
		thread_state.current = async->lane;
	if (ended.trace)
		trace_free(ended.trace);
	if (ended.held)
		mproxy_value_free(ended.held);
	mproxy_object_free(ended.object);
	thread_state.current = current;
}

/* --- new and free --- */

static int
open_lane(struct mproxy_manager *m, struct lane **ret)
{
	int error = lane_watch_thread();

	if (!error)
		error = lane_open(m, connection_grace_ms(), ret);
	if (error)
		return error;
	/* never idle: mproxy_close() in another thread must leave its
	 * descriptor to us */
	slot_begin((*ret)->slot);
	(*ret)->gathers = true;
	return 0;
}

int
mproxy_async_new(struct mproxy_manager *m, struct mproxy_async **ret)
{
	struct mproxy_async *async = calloc(1, sizeof(*async));
	int error = 0, cancel;

	if (!async)
		return error_set(MPROXY_ERR_NO_MEMORY,
				 "no memory for asynchronous calls");
	async->manager = manager_ref(m);
	async->push_at = ASYNC_PUSH_AT;
	async->told_fd = -1;
	async->told_deadline = INT64_MAX;
	async->nil = mproxy_value_nil();
	if (!async->nil)
		error = value_null_error();
	if (!error)
		error = grow(async);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	if (!error)
		error = open_lane(m, &async->lane);
	pthread_setcancelstate(cancel, NULL);
	if (error) {
		async_destroy(async);
		return error;
	}
	*ret = async;
	return 0;
}

void
async_destroy(struct mproxy_async *async)
{
	mproxy_value_free(async->nil);
	free(async->slots);
	manager_unref(async->manager);
	free(async);
}
