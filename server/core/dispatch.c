/*
 * From a message to the handler of a method. Knows no type: everything it
 * needs to know stands in the table of the object's type.
 */
#include "mproxy/error.h"
#include "server/core/machine.h"

/* --- object and method --- */

/* The object of this id, into what was found last. */
static inline void
look_up(struct lane *lane, uint64_t id)
{
	struct session *session = lane->session;
	struct found *found = &lane->found;

	if (found->object && found->id == id && found->drops == session->drops)
		return;
	*found = (struct found){
		.object = session_find(session, id),
		.id = id,
		.drops = session->drops,
	};
}

static bool
find(struct call *call, const struct message_call *message)
{
	struct found *found = &call->lane->found;
	struct span name = message->method;
	const struct method_slot *slot;

	look_up(call->lane, message->object);
	call->object = found->object;
	if (!call->object) {
		call_fail(call, MPROXY_ERR_NO_OBJECT,
			  "object %llu: no such object, or not referred to by "
			  "this process",
			  (unsigned long long)message->object);
		return false;
	}
	slot = found->slot;
	if (!slot || !method_has_name(slot, name))
		slot = method_find(call->object->methods, name);
	found->slot = slot;
	if (!slot) {
		call_fail(call, MPROXY_ERR_NO_METHOD,
			  "%s has no method \"%.*s\"", call->object->type->name,
			  shown_size(name), (const char *)name.data);
		return false;
	}
	call->method = slot->method;
	call->takes = &slot->takes;
	if ((call->method->flags & METHOD_WAITS) && message->timeout_ms >= 0) {
		if (message->timeout_ms == 0)
			call->deadline = INT64_MIN;
		else if (__builtin_mul_overflow(message->timeout_ms, 1000000,
						&call->deadline) ||
			 __builtin_add_overflow(call->deadline, call->core->now,
						&call->deadline))
			call->deadline = INT64_MAX;
	}
	return true;
}

/* --- running --- */

void
dispatch_run(struct call *call, const struct message_call *message)
{
	struct core *core = call->core;
	struct object *object = call->object;

	if (!session_reserve(call->lane->session, BOOK_AHEAD)) {
		call_fail_memory(call);
	} else if (args_take(call, message)) {
		call->method->handler(call, object, core->args,
				      message->n_args);
		if (call->state == CALL_RUNNING) {
			core->fault = "a handler did not end its call";
			call_fail(call, MPROXY_ERR_SYSTEM,
				  "%s.%s gave no answer", object->type->name,
				  call->method->name);
		}
		if (!(call->method->flags & METHOD_READONLY))
			object_touch(object);
	}
}

void
core_call(struct core *core, struct lane *lane,
	  const struct message_call *message, int64_t now)
{
	struct call *call;

	core_enter(core, now);
	core->calls++;
	lane_confirm(lane);
	if (message->id <= lane->highest_id &&
	    lane_find_call(lane, message->id)) {
		lane_refuse(lane, message->id, MPROXY_ERR_PROTOCOL,
			    "a call with this id is in flight already");
	} else if (!(call = call_new(core, lane, message->id))) {
		lane_refuse(lane, message->id, MPROXY_ERR_NO_MEMORY,
			    "out of memory");
	} else {
		if (message->id > lane->highest_id)
			lane->highest_id = message->id;
		if (find(call, message)) {
			if (job_is_in_the_way(lane, call->object))
				job_defer(call, message);
			else
				dispatch_run(call, message);
		}
		call_retire(call);
	}
	core_leave(core);
}
