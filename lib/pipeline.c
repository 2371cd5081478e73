/*
 * Why a window and not all at once: the server stops reading a client whose
 * replies pile up, and a client that only writes would wait for it for ever.
 * So writing and reading go together here, and nothing blocks in a write.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "clock.h"
#include "pipeline-inside.h"

#define SEND_AT ((size_t)16 << 10)
#define UNSENT_MAX ((size_t)256 << 10)

/* --- sending and receiving at once --- */

/* The server does not read any more: what it answered before it went. */
static void
take_the_last(struct lane *lane)
{
	struct message_reply reply;

	while (lane_next_reply(lane, 0, &reply) == 0 &&
	       channel_fill(&lane->channel, MSG_DONTWAIT) > 0)
		;
}

/* Sends what goes and takes what is there: 1, 0, or a negative errno. */
static int
pump_once(struct pump *pump)
{
	struct lane *lane = pump->lane;
	struct message_reply reply;
	int r;

	do
		r = channel_flush(&lane->channel, MSG_DONTWAIT);
	while (r == -EINTR);
	if (r < 0 && r != -EAGAIN) {
		take_the_last(lane);
		return r;
	}
	return lane_next_reply(lane, pump->id, pump->ret ? pump->ret : &reply);
}

static bool
is_done(const struct pump *pump)
{
	const struct lane *lane = pump->lane;

	return lane->pipeline->in_flight <= pump->unanswered &&
	       channel_pending(&lane->channel) <= pump->unsent;
}

/* 0 when there may be something to do; else a negative errno. */
static int
pump_wait(const struct pump *pump)
{
	struct lane *lane = pump->lane;
	int64_t deadline = pump->deadline;
	short events = POLLIN;
	ssize_t n;
	int r;

	if (deadline == 0)
		deadline = clock_now() + connection_grace_ms() * NS_PER_MS;
	if (channel_pending(&lane->channel) > 0)
		events |= POLLOUT;
	do
		r = lane_poll(lane, events, deadline);
	while (r == -EINTR);
	if (r < 0)
		return r == -EAGAIN ? -ETIMEDOUT : r;
	n = channel_fill(&lane->channel, MSG_DONTWAIT);
	if (n == 0)
		return -EPIPE;
	return n > 0 || n == -EAGAIN || n == -EINTR ? 0 : (int)n;
}

int
pump_run(struct pump *pump)
{
	int r;

	while ((r = pump_once(pump)) == 0 && !is_done(pump)) {
		r = pump_wait(pump);
		if (r < 0)
			break;
	}
	return r;
}

int
pipeline_give_up(struct lane *lane, int error)
{
	error = lane_error(lane, error, true);
	pipeline_detach(lane, error);
	lane_drop(lane);
	return error;
}

int
pipeline_send(struct lane *lane, uint64_t id, struct message_reply *ret)
{
	struct pump pump = {
		.lane = lane,
		.unanswered = SIZE_MAX,
		.id = id,
		.ret = ret,
	};

	return pump_run(&pump);
}

int
pipeline_put(struct call *call, struct lane *lane)
{
	/* a run; and each argument, or the list of them, may be one to be
	 * held */
	int error = pipeline_reserve(lane->pipeline, 2 + call->message.n_args);

	if (!error)
		error = call_put(call, lane);
	if (!error)
		pipeline_note_call(lane->pipeline, call);
	return error;
}

int
pipeline_go_on(struct lane *lane)
{
	struct pipeline *pipeline = lane->pipeline;
	size_t unsent = channel_pending(&lane->channel);
	struct pump pump = { .lane = lane };
	ssize_t n;
	int r;

	if (unsent < SEND_AT && pipeline->in_flight < pipeline->window)
		return 0;
	n = channel_fill(&lane->channel, MSG_DONTWAIT);
	if (n == 0)
		r = -EPIPE;
	else
		r = n > 0 || n == -EAGAIN || n == -EINTR ? pump_once(&pump)
							 : (int)n;
	if (r == 0 && (pipeline->in_flight >= pipeline->window ||
		       channel_pending(&lane->channel) > UNSENT_MAX)) {
		pump.unanswered = pipeline->window / 2;
		pump.unsent = UNSENT_MAX / 2;
		r = pump_run(&pump);
	}
	return r < 0 ? pipeline_give_up(lane, r) : 0;
}

/* --- lanes come and go --- */

struct pipeline *
pipeline_of(const struct mproxy_manager *m)
{
	struct pipeline *pipeline = thread_state.pipelines;

	while (pipeline && pipeline->manager != m)
		pipeline = pipeline->next;
	return pipeline;
}

void
pipeline_attach(struct lane *lane)
{
	struct pipeline *pipeline = pipeline_of(lane->manager);

	if (!pipeline || pipeline->forked)
		return;
	pipeline->lane = lane;
	lane->pipeline = pipeline;
	lane->gathers = true;
}

void
pipeline_detach(struct lane *lane, int reason)
{
	struct pipeline *pipeline = lane->pipeline;

	if (!pipeline)
		return;
	lane->pipeline = NULL;
	lane->gathers = false;
	pipeline->lane = NULL;
	pipeline->broken = !pipeline->forked;
	pipeline->reason = reason;
	detail_save(&pipeline->because);
}

int
pipeline_why(const struct pipeline *pipeline)
{
	int reason = pipeline->reason;

	if (reason) {
		detail_restore(&pipeline->because);
		return reason;
	}
	reason = manager_state_error(pipeline->manager);
	return reason ? reason
		      : error_set(MPROXY_ERR_SERVER_GONE,
				  "the connection of this thread has ended");
}

int
pipeline_obstacle(struct mproxy_manager *m)
{
	const struct pipeline *pipeline = pipeline_of(m);

	return pipeline && pipeline->broken ? pipeline_why(pipeline) : 0;
}

void
pipeline_push(struct mproxy_manager *m)
{
	struct pipeline *pipeline = pipeline_of(m);
	struct lane *lane = pipeline ? pipeline->lane : NULL;

	if (!lane || !slot_begin(lane->slot))
		return;
	channel_flush(&lane->channel, MSG_DONTWAIT);
	lane_leave(lane);
}

void
pipeline_free(struct pipeline *pipeline)
{
	struct pipeline **link = &thread_state.pipelines;

	while (*link != pipeline)
		link = &(*link)->next;
	*link = pipeline->next;
	if (pipeline->lane) {
		pipeline->lane->pipeline = NULL;
		pipeline->lane->gathers = false;
	}
	pipeline_drop_runs(pipeline);
	free(pipeline->runs);
	manager_unref(pipeline->manager);
	free(pipeline);
}

void
pipeline_forget(void)
{
	while (thread_state.pipelines) {
		pipeline_push(thread_state.pipelines->manager);
		pipeline_free(thread_state.pipelines);
	}
}

bool
pipeline_settle(struct lane **lane, int64_t deadline)
{
	struct pump pump = { .lane = *lane, .deadline = deadline };
	int r = pump_run(&pump);

	if (r == 0 || r == -ETIMEDOUT)
		return r == 0;
	pipeline_give_up(*lane, r);
	*lane = NULL;
	return false;
}

void
pipeline_disown(void)
{
	struct pipeline *pipeline;

	for (pipeline = thread_state.pipelines; pipeline;
	     pipeline = pipeline->next) {
		pipeline->lane = NULL;
		pipeline->forked = true;
		pipeline->broken = false;
	}
}
