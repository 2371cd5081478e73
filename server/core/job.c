/*
 * Long jobs, and the calls that have to wait for them.
 *
 * While an object is busy, calls on it wait in the order of their arrival;
 * and so that the calls of one lane take effect in order, whatever that lane
 * asks meanwhile waits behind in its backlog. A deferred call keeps a copy of
 * its message, and one booked reference for each handle in it, so that a
 * release that comes after it cannot overtake it.
 */
#include <stdlib.h>

#include "mproxy/error.h"
#include "server/core/machine.h"

struct deferred {
	struct message_call message;
	size_t charged;
	struct span args[];
};

/* --- deferred calls --- */

static struct deferred *
copy_message(struct core *core, const struct message_call *message)
{
	size_t size = sizeof(struct deferred) +
		      message->n_args * sizeof(struct span) +
		      message->method.size;
	struct deferred *copy;
	uint8_t *next;
	size_t i;

	for (i = 0; i < message->n_args; i++)
		size += message->args[i].size;
	if (!core_charge(core, size))
		return NULL;
	copy = malloc(size);
	if (!copy) {
		core_discharge(core, size);
		return NULL;
	}
	copy->charged = size;
	copy->message = *message;
	copy->message.args = copy->args;
	next = (uint8_t *)&copy->args[message->n_args];
	memcpy(next, message->method.data, message->method.size);
	copy->message.method = span_make(next, message->method.size);
	next += message->method.size;
	for (i = 0; i < message->n_args; i++) {
		copy->args[i] = span_make(next, message->args[i].size);
		if (message->args[i].size)
			memcpy(next, message->args[i].data,
			       message->args[i].size);
		next += message->args[i].size;
	}
	return copy;
}

/* One reference more, or one less, for each handle in the arguments. */
static void
book_argument(void *context, struct value_handle handle)
{
	struct session *session = context;
	struct object *object = session_find(session, handle.object);

	if (object)
		session_book(session, object);
}

static void
drop_argument(void *context, struct value_handle handle)
{
	session_drop(context, handle.object, 1);
}

/* Only valid arguments: what is wrong with the others is found when the call
 * runs. */
static size_t
each_argument(const struct message_call *message,
	      void (*visit)(void *context, struct value_handle handle),
	      void *context)
{
	struct value value;
	const char *why;
	size_t n = 0, i;

	for (i = 0; i < message->n_args; i++) {
		if (value_validate(message->args[i], &value, &why) < 0 ||
		    !value.has_handles)
			continue;
		n += count_handles(value.bytes);
		if (visit)
			value_each_handle(value.bytes, visit, context);
	}
	return n;
}

void
job_defer(struct call *call, const struct message_call *message)
{
	struct session *session = call->lane->session;
	struct lane *lane = call->lane;
	size_t handles = each_argument(message, NULL, NULL);

	if (!session_reserve(session, handles)) {
		call_fail_memory(call);
		return;
	}
	call->deferred = copy_message(call->core, message);
	if (!call->deferred) {
		call_fail_memory(call);
		return;
	}
	if (!call_take_off(call)) {
		core_discharge(call->core, call->deferred->charged);
		free(call->deferred);
		call->deferred = NULL;
		return;
	}
	call->state = CALL_DEFERRED;
	each_argument(message, book_argument, session);
	if (lane->stalled || !list_is_empty(&lane->backlog)) {
		list_append(&lane->backlog, &call->link);
	} else {
		lane->stalled = call;
		list_append(&call->object->job->waiting, &call->link);
	}
	if (call->deadline != INT64_MAX && call->deadline != INT64_MIN &&
	    timer_set(call->core, &call->timer, call->deadline) < 0)
		call_fail_memory(call);
}

void
job_forget_deferred(struct call *call)
{
	struct deferred *copy = call->deferred;
	struct session *session = call->lane->session;

	call->deferred = NULL;
	lane_resume(call->lane, call);
	each_argument(&copy->message, drop_argument, session);
	core_discharge(call->core, copy->charged);
	free(copy);
}

static void
run_deferred(struct call *call)
{
	struct session *session = call->lane->session;
	struct deferred *copy = call->deferred;
	struct object *object = call->object;
	struct lane *lane = call->lane;

	/* it does not count as waiting while it runs; the copy, its references
	 * and the object stay until it has */
	call->deferred = NULL;
	call->state = CALL_RUNNING;
	object_hold(object);
	call_land(call);
	if (lane->stalled == call)
		lane->stalled = NULL;
	dispatch_run(call, &copy->message);
	call_retire(call);
	if (!lane->stalled)
		lane_resume(lane, NULL);
	each_argument(&copy->message, drop_argument, session);
	object_let_go(object);
	core_discharge(lane->core, copy->charged);
	free(copy);
}

void
lane_resume(struct lane *lane, const struct call *call)
{
	if (lane->stalled == call)
		lane->stalled = NULL;
	if (!lane->stalled && !list_is_empty(&lane->backlog) &&
	    !list_is_linked(&lane->ready))
		list_append(&lane->core->ready, &lane->ready);
}

/* --- jobs --- */

void
call_again(struct call *call, void (*step)(struct call *call, void *data),
	   void *data, void (*release)(struct call *call, void *data))
{
	struct core *core = call->core;
	struct job *job = call->object->job;

	if (call->state != CALL_RUNNING) {
		core->fault = "a call became a job that had ended";
		return;
	}
	step(call, data);
	if (call->state != CALL_RUNNING)
		return;
	if (!job) {
		job = calloc(1, sizeof(*job));
		if (!job) {
			if (release)
				release(call, data);
			call_fail_memory(call);
			return;
		}
		job->object = call->object;
		list_init(&job->waiting);
		list_append(&core->jobs, &job->link);
		call->object->job = job;
		object_hold(call->object);
	}
	job->call = call;
	job->step = step;
	job->data = data;
	job->release = release;
	list_append(&call->lane->calls, &call->flight);
	call->lane->n_calls++;
	object_hold(call->object);
	call->lane->stalled = call;
	call->state = CALL_JOB;
}

size_t
call_share(const struct call *call, size_t n)
{
	return call->state == CALL_JOB ? core_share(call->core, n) : n;
}

void
job_end(struct call *call, bool release)
{
	struct job *job = call->object->job;

	if (!job || job->call != call)
		return;
	job->call = NULL;
	lane_resume(call->lane, call);
	if (release && job->release)
		job->release(call, job->data);
}

/* --- slices --- */

static void
serve_waiting(struct job *job)
{
	struct list_link *link;
	size_t n = core_share(job->object->core, CALLS_PER_SLICE);

	for (; n > 0 && !job->call; n--) {
		link = list_first(&job->waiting);
		if (!link)
			break;
		run_deferred(LIST_ENTRY(link, struct call, link));
	}
	if (!job->call && list_is_empty(&job->waiting)) {
		job->object->job = NULL;
		list_remove(&job->link);
		object_let_go(job->object);
		free(job);
	}
}

static void
work_on_job(struct core *core, struct job *job)
{
	list_remove(&job->link);
	list_append(&core->jobs, &job->link); /* the next one's turn */
	if (job->call)
		job->step(job->call, job->data);
	else
		serve_waiting(job);
}

/* The first of the backlog runs, or waits for its object. */
static void
work_on_lane(struct lane *lane)
{
	struct list_link *link = list_first(&lane->backlog);
	struct call *call;

	list_remove(&lane->ready);
	if (!link || lane->stalled)
		return;
	call = LIST_ENTRY(link, struct call, link);
	if (!call->object->job) {
		run_deferred(call);
		return;
	}
	list_remove(link);
	list_append(&call->object->job->waiting, link);
	lane->stalled = call;
}

void
jobs_work(struct core *core)
{
	struct list_link *link;
	size_t n = core_share(core, CALLS_PER_SLICE);

	for (; n > 0; n--) {
		link = list_first(&core->ready);
		if (!link)
			break;
		work_on_lane(LIST_ENTRY(link, struct lane, ready));
	}
	link = list_first(&core->jobs);
	if (link)
		work_on_job(core, LIST_ENTRY(link, struct job, link));
}
