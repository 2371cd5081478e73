/*
 * The life of a call: from its handler to its one reply.
 *
 * A call that is answered in its handler costs no memory and enters no list.
 * One that is answered later stays among the ended ones until the event is
 * over, so that a type that answers twice meets a flag, not freed memory.
 */
#include "server/core/call.h"

#include <stdlib.h>

#include "mproxy/error.h"
#include "server/core/machine.h"

#define SPARE_CALLS 1024

struct call *
call_new(struct core *core, struct lane *lane, uint64_t id)
{
	struct call *call = core->spare;

	if (call) {
		core->spare = call->data;
		core->n_spare--;
	} else {
		call = calloc(1, sizeof(*call));
		if (!call)
			return NULL;
		call->timer.fire = call_expire_by_timer;
	}
	call->core = core;
	call->lane = lane;
	call->object = NULL;
	call->method = NULL;
	call->id = id;
	call->deadline = INT64_MAX;
	call->state = CALL_RUNNING;
	call->data = NULL;
	call->release = NULL;
	call->late = NULL;
	return call;
}

void
call_free(struct call *call)
{
	struct core *core = call->core;

	list_remove(&call->link);
	if (core->n_spare >= SPARE_CALLS) {
		free(call);
		return;
	}
	core->n_spare++;
	call->data = core->spare;
	core->spare = call;
}

void
call_retire(struct call *call)
{
	if (call->state == CALL_ENDED && !list_is_linked(&call->link))
		call_free(call);
}

/* --- asking --- */

struct lane *
call_lane(const struct call *call)
{
	return call->lane;
}

struct core *
call_core(const struct call *call)
{
	return call->core;
}

struct object *
call_object(const struct call *call)
{
	return call->object;
}

int64_t
call_now(const struct call *call)
{
	return call->core->now;
}

int64_t
call_deadline(const struct call *call)
{
	return call->deadline;
}

size_t
call_max_value(const struct call *call)
{
	return call->core->config.max_value;
}

/* --- waiting --- */

void
call_release_data(struct call *call)
{
	void *data = call->data;

	call->data = NULL;
	if (data && call->release)
		call->release(call, data);
}

bool
call_take_off(struct call *call)
{
	struct lane *lane = call->lane;

	if (lane->n_calls >= call->core->config.max_parked) {
		call_fail(call, MPROXY_ERR_LIMIT,
			  "%zu calls of this thread are waiting, the limit",
			  lane->n_calls);
		return false;
	}
	list_append(&lane->calls, &call->flight);
	lane->n_calls++;
	object_hold(call->object);
	return true;
}

void
call_land(struct call *call)
{
	struct core *core = call->core;

	list_remove(&call->link);
	if (call->waitlist)
		call->waitlist->n--;
	call->waitlist = NULL;
	if (timer_is_set(&call->timer))
		timer_clear(core, &call->timer);
	list_remove(&call->impatient);
	list_remove(&call->flight);
	call->lane->n_calls--;
	if (call->state == CALL_DEFERRED)
		job_forget_deferred(call);
	if (call->state == CALL_JOB)
		job_end(call, false);
	object_touch(call->object);
	object_let_go(call->object);
}

static bool
prepare_to_park(struct call *call)
{
	if (!(call->method->flags & METHOD_WAITS)) {
		call->core->fault = "a method parked that is not METHOD_WAITS";
		call_fail(call, MPROXY_ERR_SYSTEM, "%s.%s must not wait",
			  call->object->type->name, call->method->name);
		return false;
	}
	if (call->state == CALL_JOB) {
		call_land(call);
		call->state = CALL_RUNNING;
	}
	return call_take_off(call);
}

void
call_park(struct call *call, struct waitlist *list, int at_once, void *data,
	  void (*release)(struct call *call, void *data))
{
	struct core *core = call->core;

	if (call->state != CALL_RUNNING && call->state != CALL_JOB) {
		core->fault = "a call was parked that had ended";
		return;
	}
	call->data = data;
	call->release = release;
	if (!prepare_to_park(call)) {
		call_release_data(call);
		return;
	}
	call->state = CALL_PARKED;
	call->at_once = at_once;
	call->waitlist = list;
	list->n++;
	list_append(&list->calls, &call->link);
	if (call->deadline == INT64_MIN)
		list_append(&core->impatient, &call->impatient);
	else if (call->deadline != INT64_MAX &&
		 timer_set(core, &call->timer, call->deadline) < 0)
		call_fail_memory(call);
	object_touch(call->object);
}

void
call_on_late(struct call *call, bool (*late)(struct call *call, void *data))
{
	call->late = late;
}

void *
call_data(const struct call *call)
{
	return call->data;
}

void *
call_take_data(struct call *call)
{
	void *data = call->data;

	call->data = NULL;
	return data;
}

/* --- ending early --- */

void
call_expire(struct call *call)
{
	bool waited = call->deadline != INT64_MIN;

	if (call->late && call->late(call, call->data))
		return;
	call_fail(call, waited ? MPROXY_ERR_TIMEOUT : call->at_once,
		  waited ? "%s.%s: the time is over"
			 : "%s.%s would have to wait",
		  call->object->type->name, call->method->name);
}

void
call_expire_by_timer(struct core *core, struct timer *timer)
{
	(void)core;
	call_expire(LIST_ENTRY(timer, struct call, timer));
}

void
call_cancel(struct call *call)
{
	if (call->state == CALL_JOB)
		job_end(call, true);
	else if (call->late && call->late(call, call->data))
		return;
	call_fail(call, MPROXY_ERR_CANCELLED, "%s.%s was cancelled",
		  call->object->type->name, call->method->name);
}

void
call_drop(struct call *call)
{
	if (call->state == CALL_JOB)
		job_end(call, true);
	call_release_data(call);
	call_land(call);
	call_free(call);
}

void
core_cancel(struct core *core, struct lane *lane, uint64_t id, int64_t now)
{
	struct call *call;

	core_enter(core, now);
	call = lane_find_call(lane, id);
	if (call)
		call_cancel(call);
	core_leave(core);
}
