/*
 * Why the lane stays busy until the results are values: they lie in its
 * buffer. References that must be given back meanwhile go out on it directly.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "call.h"
#include "clock.h"
#include "detail.h"
#include "pipeline.h"
#include "proto/block.h"
#include "proto/trace.h"

#define KEEP_SIZE ((size_t)64 << 10) /* of the read buffer, between calls */
#define CALL_RESULTS 4
#define GATHERED_MAX ((size_t)16 << 10) /* bytes, when only references go */

int
call_set_items(struct call *call, const struct mproxy_value *list)
{
	if (list && !value_list_items(value_span(list), &call->message.items))
		return error_set(MPROXY_ERR_TYPE,
				 "arguments are given as a list");
	return 0;
}

/* What counts for the manager: the arguments, not what is around them. */
static size_t
args_size(const struct message_call *message)
{
	struct value_cursor cursor = { .rest = message->items };
	struct span item;
	size_t size = 0;

	for (size_t i = 0; i < message->n_args; i++)
		size += message->args[i].size;
	while (value_next(&cursor, &item))
		size += item.size;
	return size;
}

static __attribute__((noinline)) int
cannot_put(const struct call *call, int error)
{
	const struct span method = call->message.method;

	if (error == MPROXY_ERR_TOO_BIG)
		return error_set(error,
				 "the arguments of %.*s take %zu bytes, the "
				 "manager takes %llu at most",
				 (int)method.size, (const char *)method.data,
				 args_size(&call->message),
				 (unsigned long long)call->manager->max_value);
	return error_set(error, "no memory to send a call of %.*s",
			 (int)method.size, (const char *)method.data);
}

static int
put(struct call *call, struct lane *lane, bool lends)
{
	struct message_call *message = &call->message;
	uint64_t limit = call->manager->max_value;
	size_t most = message->items.size;
	int error;

	for (size_t i = 0; i < message->n_args; i++)
		most += message->args[i].size;
	message->id = ++lane->last_id;
	message->lends = lends && most >= MESSAGE_LENDS;
	if (most > limit && args_size(message) > limit)
		error = MPROXY_ERR_TOO_BIG;
	else
		error = message_send_call(&lane->channel, message);
	return error ? cannot_put(call, error) : 0;
}

int
call_put(struct call *call, struct lane *lane)
{
	return put(call, lane, false);
}

/* Puts the call into the pipeline of the lane; it is as good as answered. */
static int
pipeline_call(struct call *call, struct lane *lane, struct message_reply *ret)
{
	int error = pipeline_put(call, lane);

	if (error) {
		lane_leave(lane);
		return error;
	}
	/* who wants to see calls with their answers waits for these */
	if (trace_calls_wanted())
		return lane_exchange(lane, call->message.id, 0, ret);
	*ret = (struct message_reply){ 0 };
	return pipeline_go_on(lane);
}

/* As call_perform(), but a status of the method is left in ret. */
static int
exchange(struct call *call, struct lane **ret_lane, struct message_reply *ret)
{
	int timeout_ms = (int)call->message.timeout_ms;
	struct lane *lane;
	int error;

	if (timeout_ms < -1) {
		error_set(MPROXY_ERR_INVALID,
			  "a timeout is -1, for ever, or 0 and more, not %d",
			  timeout_ms);
		return MPROXY_ERR_INVALID;
	}
	error = lane_enter(call->manager, &lane);
	if (error)
		return error;
	if (pipeline_takes(lane, call)) {
		*ret_lane = lane;
		return pipeline_call(call, lane, ret);
	}
	/* what is lent is sent before this returns, or never */
	error = put(call, lane, true);
	if (error) {
		lane_leave(lane);
		return error;
	}
	error = lane_exchange(lane, call->message.id, timeout_ms, ret);
	if (!error)
		*ret_lane = lane;
	return error;
}

static int
exchange_traced(struct call *call, struct lane **ret_lane,
		struct message_reply *ret)
{
	int64_t begun = clock_now();
	int error = exchange(call, ret_lane, ret);
	const struct message_reply failure = {
		.status = error,
		.detail = span_text(mproxy_error_detail()),
	};
	char who[40];

	snprintf(who, sizeof(who), "mproxy[%ld]", (long)getpid());
	trace_call(who, span_text(call->type ? call->type : ""), &call->message,
		   error ? &failure : ret, clock_now() - begun);
	if (!error && pipeline_takes(*ret_lane, call)) {
		pipeline_take_reply(*ret_lane, ret);
		*ret = (struct message_reply){ 0 };
	}
	return error;
}

int
call_perform(struct call *call, struct lane **ret_lane,
	     struct message_reply *ret)
{
	struct lane *lane;
	int error;

	if (trace_calls_wanted())
		error = exchange_traced(call, &lane, ret);
	else
		error = exchange(call, &lane, ret);
	if (error)
		return error;
	if (ret->status != 0) {
		error = ret->status < 0 ? ret->status : MPROXY_ERR_PROTOCOL;
		error_set_span(error, ret->detail);
		lane_leave(lane);
		return error;
	}
	thread_state.current = lane;
	*ret_lane = lane;
	return 0;
}

void
call_done(struct lane *lane)
{
	thread_state.current = NULL;
	if (lane->channel.in_capacity > KEEP_SIZE)
		channel_trim(&lane->channel);
	lane_leave(lane);
}

/* --- giving back --- */

static void
send_release(struct lane *lane, uint64_t object, uint64_t count)
{
	const struct message_release release = {
		.object = object,
		.count = count,
	};

	/* what does not go now goes with the next call */
	if (message_send_release(&lane->channel, &release) == 0 &&
	    (!lane->gathers || channel_pending(&lane->channel) >= GATHERED_MAX))
		channel_flush(&lane->channel, MSG_DONTWAIT);
}

void
manager_release(struct mproxy_manager *m, uint64_t object, uint64_t count)
{
	struct lane *lane = thread_state.current;
	struct detail saved;

	if (object == MESSAGE_MANAGER || count == 0 ||
	    atomic_load_explicit(&m->state, memory_order_relaxed) !=
		    MANAGER_OPEN)
		return;
	if (lane && lane->manager == m) {
		send_release(lane, object, count);
		return;
	}
	detail_save(&saved);
	if (lane_enter(m, &lane) == 0) {
		send_release(lane, object, count);
		lane_leave(lane);
	}
	detail_restore(&saved);
}

static void
give_back(void *context, struct value_handle handle)
{
	manager_release(context, handle.object, 1);
}

static void
drop_results(struct mproxy_manager *m, const struct span *results, size_t n)
{
	struct value value;
	const char *why;

	for (size_t i = 0; i < n; i++)
		if (value_validate(results[i], &value, &why) == 0 &&
		    value.has_handles)
			value_each_handle(results[i], give_back, m);
}

/* When it lies in the buffer of the thread's lane, as it should, it stays. */
static int
receive(struct mproxy_manager *m, struct span bytes, struct mproxy_value **ret)
{
	struct lane *lane = thread_state.current;
	void *block = NULL;

	if (bytes.size >= BLOCK_LARGE && lane)
		block = channel_take_block(&lane->channel, bytes);
	return block ? value_receive_block(m, block, bytes, ret)
		     : value_receive(m, bytes, ret);
}

int
call_receive(struct mproxy_manager *m, const struct message_reply *reply,
	     size_t n, struct mproxy_value **ret)
{
	size_t done = 0;
	int error = 0;

	if (reply->n_results < n)
		error = error_set(MPROXY_ERR_PROTOCOL,
				  "the manager gave %zu results instead of %zu",
				  reply->n_results, n);
	while (!error && done < n) {
		error = receive(m, reply->results[done], &ret[done]);
		done++;
	}
	/* the one that failed has given back its own */
	if (done < reply->n_results)
		drop_results(m, reply->results + done, reply->n_results - done);
	if (error)
		while (done > 1)
			mproxy_value_free(ret[--done - 1]);
	return error;
}

int
call_values(struct call *call, size_t n_results,
	    struct mproxy_value **ret_values)
{
	struct mproxy_value *values[CALL_RESULTS] = { NULL };
	struct message_reply reply;
	struct lane *lane;
	int error;

	if (n_results > CALL_RESULTS)
		return error_set(MPROXY_ERR_INVALID,
				 "at most %d results can be asked for",
				 CALL_RESULTS);
	error = call_perform(call, &lane, &reply);
	if (error)
		return error;
	error = call_receive(call->manager, &reply, n_results, values);
	call_done(lane);
	for (size_t i = 0; !error && i < n_results; i++)
		ret_values[i] = values[i];
	return error;
}

int
manager_call(struct mproxy_manager *m, uint64_t object, const char *type,
	     const char *method, size_t n_args, const struct span *args,
	     int timeout_ms, size_t n_results, struct mproxy_value **ret_values)
{
	struct call call = {
		.manager = m,
		.type = type,
		.message = {
			.object = object,
			.method = span_text(method),
			.timeout_ms = timeout_ms,
			.n_args = n_args,
			.args = args,
		},
	};

	return call_values(&call, n_results, ret_values);
}
