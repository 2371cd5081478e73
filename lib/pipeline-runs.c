/*
 * Why runs: most programs call one method on one object many times in a row.
 * Such calls share an entry, so that a call costs no memory and no atomic
 * operation; what it was is only needed when it fails.
 *
 * Why a reference is held for each object: a release travels on the lane of the
 * thread that gives up the last one, and would overtake a call that is still in
 * the buffer of this one.
 *
 * Replies are found by id, not by order: behind a long job the server answers
 * calls that cannot be made before those that wait for it.
 */
#include <stdlib.h>

#include "pipeline-inside.h"

#define RUNS 16 /* at first */

/* --- runs --- */

static struct run *
run_at(const struct pipeline *pipeline, size_t i)
{
	return &pipeline->runs[(pipeline->first + i) &
			       (pipeline->capacity - 1)];
}

int
pipeline_reserve(struct pipeline *pipeline, size_t n)
{
	size_t capacity = pipeline->capacity ? pipeline->capacity : RUNS;
	struct run *wider;

	if (pipeline->n_runs + n <= pipeline->capacity)
		return 0;
	while (capacity < pipeline->n_runs + n)
		capacity *= 2;
	wider = malloc(capacity * sizeof(*wider));
	if (!wider)
		return error_set(MPROXY_ERR_NO_MEMORY,
				 "no memory to pipeline a call");
	for (size_t i = 0; i < pipeline->n_runs; i++)
		wider[i] = *run_at(pipeline, i);
	free(pipeline->runs);
	pipeline->runs = wider;
	pipeline->capacity = capacity;
	pipeline->first = 0;
	return 0;
}

static struct run *
push_run(struct pipeline *pipeline)
{
	struct run *run = run_at(pipeline, pipeline->n_runs++);

	*run = (struct run){ 0 };
	return run;
}

/* Gives up what was held for calls that are all answered. */
static void
pop_runs(struct pipeline *pipeline)
{
	while (pipeline->n_runs > 0) {
		struct run run = *run_at(pipeline, 0);

		if (run.left > 0)
			break;
		pipeline->first++;
		pipeline->n_runs--;
		mproxy_value_free(run.held);
		mproxy_object_free(run.object);
	}
}

void
pipeline_drop_runs(struct pipeline *pipeline)
{
	for (size_t i = 0; i < pipeline->n_runs; i++)
		run_at(pipeline, i)->left = 0;
	pipeline->in_flight = 0;
	pop_runs(pipeline);
}

/* As much of the method as a run keeps. */
static struct span
shown(const struct call *call)
{
	struct span method = call->message.method;

	if (method.size > PIPELINE_METHOD_SHOWN)
		method.size = PIPELINE_METHOD_SHOWN;
	return method;
}

static bool
continues(const struct run *run, const struct call *call)
{
	return run->object == call->unwatched &&
	       run->id + run->n == call->message.id &&
	       span_equal(span_make(run->method, run->method_size),
			  shown(call));
}

static struct run *
begin_run(struct pipeline *pipeline, const struct call *call)
{
	struct run *run = push_run(pipeline);
	struct span method = shown(call);

	run->object = mproxy_object_ref(call->unwatched);
	run->id = call->message.id;
	run->number = pipeline->status.calls;
	run->method_size = (uint8_t)method.size;
	memcpy(run->method, method.data, method.size);
	return run;
}

void
pipeline_note_call(struct pipeline *pipeline, const struct call *call)
{
	struct run *run = NULL;

	if (pipeline->n_runs > 0)
		run = run_at(pipeline, pipeline->n_runs - 1);
	pipeline->status.calls++;
	pipeline->in_flight++;
	if (!run || !continues(run, call))
		run = begin_run(pipeline, call);
	run->n++;
	run->left++;
}

/* The run that this id belongs to; nearly always the first. */
static struct run *
find_run(const struct pipeline *pipeline, uint64_t id)
{
	for (size_t i = 0; i < pipeline->n_runs; i++) {
		struct run *run = run_at(pipeline, i);

		if (id - run->id < run->n)
			return run->left > 0 ? run : NULL;
	}
	return NULL;
}

void
pipeline_hold(struct lane *lane, const struct mproxy_value *value)
{
	if (lane->pipeline->n_runs > 0)
		push_run(lane->pipeline)->held = mproxy_value_ref(value);
}

/* --- replies --- */

static void
note_failure(struct pipeline *pipeline, const struct run *run,
	     const struct message_reply *reply)
{
	uint64_t number = run->number + (reply->id - run->id);
	struct mproxy_pipeline_status *status = &pipeline->status;

	if (status->failed++ == 0 || number < status->first_failed)
		status->first_failed = number;
	if (pipeline->failed++ > 0 && number > pipeline->failed_number)
		return;
	pipeline->failed_number = number;
	pipeline->error = reply->status < 0 ? reply->status
					    : MPROXY_ERR_PROTOCOL;
	error_set_span(pipeline->error, reply->detail);
	detail_save(&pipeline->because);
	error_set(pipeline->error,
		  "call %llu of the pipeline, %s#%llu.%.*s: %s",
		  (unsigned long long)number, run->object->type,
		  (unsigned long long)run->object->id, (int)run->method_size,
		  run->method, pipeline->because.text);
	detail_save(&pipeline->detail);
}

bool
pipeline_take_reply(struct lane *lane, const struct message_reply *reply)
{
	struct pipeline *pipeline = lane->pipeline;
	struct lane *current = thread_state.current;
	struct run *run;

	if (!pipeline || !(run = find_run(pipeline, reply->id)))
		return false;
	pipeline->status.answered++;
	pipeline->in_flight--;
	run->left--;
	/* what is given up by this is told on this lane */
	thread_state.current = lane;
	if (reply->status != 0)
		note_failure(pipeline, run, reply);
	else if (reply->n_results > 0)
		call_receive(pipeline->manager, reply, 0, NULL);
	if (run->left == 0)
		pop_runs(pipeline);
	thread_state.current = current;
	return true;
}
