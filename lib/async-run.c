/*
 * Why one read a turn: a loop comes back while there is more, and its other
 * descriptors have their turn meanwhile.
 *
 * Why callbacks run while nothing is held: they may submit, which moves the
 * slots, and free the whole, which then waits until they have returned.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

#include "async.h"
#include "clock.h"
#include "interrupt.h"

#define KEEP_SIZE ((size_t)64 << 10) /* of the read buffer, between turns */

int
async_obstacle(const struct mproxy_async *async)
{
	if (async->lane)
		return error_set(MPROXY_ERR_FORKED,
				 "these asynchronous calls belong to the "
				 "parent");
	detail_restore(&async->because);
	return async->failure;
}

/* --- what the loop is to watch --- */

int
mproxy_async_fd(const struct mproxy_async *async)
{
	return async_own_lane(async) ? async->lane->channel.fd : -1;
}

unsigned
mproxy_async_events(const struct mproxy_async *async)
{
	if (!async_own_lane(async))
		return 0;
	return channel_pending(&async->lane->channel) > 0
		       ? MPROXY_ASYNC_READ | MPROXY_ASYNC_WRITE
		       : MPROXY_ASYNC_READ;
}

/* When the server counts as silent. */
static int64_t
silent_at(const struct mproxy_async *async)
{
	if (!async->lane || async->n_finite == 0)
		return INT64_MAX;
	return async->heard +
	       (connection_grace_ms() + async->longest_ms) * NS_PER_MS;
}

static int
ms_until(int64_t deadline)
{
	int64_t left;

	if (deadline == INT64_MAX)
		return -1;
	left = (deadline - clock_now() + NS_PER_MS - 1) / NS_PER_MS;
	return left < 0 ? 0 : left < INT_MAX ? (int)left : INT_MAX;
}

int
mproxy_async_timeout(struct mproxy_async *async)
{
	/* a child of fork is to dispatch at once, and so end its calls */
	if (async->lane && !async_is_ours(async))
		return async->in_flight > 0 ? 0 : -1;
	async->told_deadline = silent_at(async);
	return ms_until(async->told_deadline);
}

void
async_tell(struct mproxy_async *async)
{
	unsigned events;
	int fd;

	if (!async->changed || async->dispatching)
		return;
	fd = mproxy_async_fd(async);
	events = mproxy_async_events(async);
	if (fd == async->told_fd && events == async->told_events &&
	    silent_at(async) >= async->told_deadline)
		return;
	async->told_fd = fd;
	async->told_events = events;
	async->changed(async->context, async);
}

void
mproxy_async_watch(struct mproxy_async *async,
		   void (*changed)(void *context, struct mproxy_async *async),
		   void *context)
{
	if (async->changed)
		async->changed(async->context, NULL);
	async->changed = changed;
	async->context = context;
	async->told_fd = -1;
	async->told_events = 0;
	async->told_deadline = INT64_MAX;
	async_tell(async);
}

/* --- the end --- */

static void
fail_all(struct mproxy_async *async, int error)
{
	const struct detail because = async->because;
	uint64_t next = async->in_flight > 0 ? async->last_id + 1 : 0;

	/* a slot a turn, from the oldest that is likely there: nearly always
	 * the order in which they were submitted */
	for (size_t i = 0; async->in_flight > 0 && i <= async->mask; i++) {
		struct async_call
			*call = &async->slots[(next + i) & async->mask];
		const struct message_reply failure = {
			.status = error,
			.detail = span_text(because.text),
		};

		if (call->id == 0)
			continue;
		if (call->trace)
			async_trace_reply(call, &failure);
		detail_restore(&because);
		async_complete(async, call, error, NULL);
	}
	detail_restore(&because);
}

void
async_end(struct mproxy_async *async, int error)
{
	struct lane *lane = async->lane;
	bool dispatching = async->dispatching;

	detail_save(&async->because);
	async->failure = error;
	async->last_id = lane->last_id;
	async->lane = NULL;
	/* while the descriptor is still what it was */
	async->dispatching = false;
	async_tell(async);
	lane_close(lane);
	async->dispatching = true;
	fail_all(async, error);
	async->dispatching = dispatching;
}

struct mproxy_async *
mproxy_async_free(struct mproxy_async *async)
{
	if (!async)
		return NULL;
	if (async->dispatching) {
		async->freed = true;
		return NULL;
	}
	if (async->lane) {
		int error = async_is_ours(async)
				    ? error_set(MPROXY_ERR_CLOSED,
						"mproxy_async_free() ended "
						"this call")
				    : async_obstacle(async);

		async_end(async, error);
	}
	if (async->changed)
		async->changed(async->context, NULL);
	async_destroy(async);
	return NULL;
}

/* --- a turn --- */

/* Not after a callback that has freed it, nor in the child of one that forks:
 * there the descriptor is closed, and its number may be another's. */
static bool
goes_on(const struct mproxy_async *async)
{
	return !async->freed && async_is_ours(async);
}

static int
receive(struct mproxy_async *async, const struct message_reply *reply,
	bool wanted, struct mproxy_value **ret)
{
	int error = reply->status;

	if (error) {
		error = error < 0 ? error : MPROXY_ERR_PROTOCOL;
		error_set_span(error, reply->detail);
	} else if (reply->n_results > 0) {
		error = wanted ? object_results(async->manager, reply, ret)
			       : call_receive(async->manager, reply, 0, NULL);
	}
	return error;
}

static int
handle_reply(struct mproxy_async *async, const struct message_reply *reply)
{
	struct async_call *call = async_find(async, reply->id);
	struct mproxy_value *value = NULL;
	int error;

	if (!call)
		return -EPROTO;
	if (call->trace)
		async_trace_reply(call, reply);
	/* what is given up by this is told on this lane */
	thread_state.current = async->lane;
	error = receive(async, reply, call->callback, &value);
	thread_state.current = NULL;
	async_complete(async, call, error,
		       error   ? NULL
		       : value ? value
			       : async->nil);
	if (value) {
		thread_state.current = async_own_lane(async);
		mproxy_value_free(value);
		thread_state.current = NULL;
	}
	return 0;
}

/* All that was read already. */
static int
handle_replies(struct mproxy_async *async)
{
	struct lane *lane = async->lane;
	struct message_reply reply;
	int r = 0;

	while (goes_on(async) && (r = lane_read_reply(lane, &reply)) == 1) {
		r = handle_reply(async, &reply);
		if (r < 0)
			break;
	}
	return r < 0 ? r : 0;
}

/* One read. 1: there may be more. */
static int
read_once(struct mproxy_async *async)
{
	struct channel *channel = &async->lane->channel;
	ssize_t n = channel_fill(channel, MSG_DONTWAIT);
	int r;

	if (n == -EAGAIN || n == -EINTR)
		return 0;
	if (n <= 0)
		return n < 0 ? (int)n : -EPIPE;
	async->heard = clock_now();
	r = handle_replies(async);
	if (channel->in_capacity > KEEP_SIZE)
		channel_trim(channel);
	return r < 0 ? r : 1;
}

static int
send_all(struct mproxy_async *async)
{
	int r;

	/* until now the server had nothing to answer */
	if (async->unsent)
		async->heard = clock_now();
	async->unsent = false;
	do
		r = channel_flush(&async->lane->channel, MSG_DONTWAIT);
	while (r == -EINTR);
	async->push_at = channel_pending(&async->lane->channel) + ASYNC_PUSH_AT;
	return r == -EAGAIN ? 0 : r;
}

void
async_push(struct mproxy_async *async)
{
	send_all(async);
}

static int
turn(struct mproxy_async *async, unsigned events)
{
	/* perhaps the program was busy, and the answers are there */
	bool late = clock_is_past(silent_at(async));
	int r = 0;

	if (late || events & MPROXY_ASYNC_READ)
		r = read_once(async);
	if (r >= 0 && goes_on(async)) {
		r = send_all(async);
		/* what it answered before it went */
		if (r < 0)
			while (read_once(async) > 0 && goes_on(async))
				;
	}
	if (r >= 0 && late && clock_is_past(silent_at(async)))
		r = -ETIMEDOUT;
	return r < 0 ? r : 0;
}

int
mproxy_async_dispatch(struct mproxy_async *async, unsigned events)
{
	int r = 0;

	if (async->dispatching)
		return error_set(MPROXY_ERR_BUSY,
				 "a callback is running already");
	if (!async->lane)
		return async_obstacle(async);
	async->dispatching = true;
	if (async_is_ours(async))
		r = turn(async, events);
	/* also after a turn in which a callback has forked */
	if (!async_is_ours(async))
		async_end(async, async_obstacle(async));
	else if (r < 0)
		async_end(async, lane_error(async->lane, r, true));
	async->dispatching = false;
	if (async->freed) {
		mproxy_async_free(async);
		return error_set(MPROXY_ERR_CLOSED,
				 "a callback has freed the asynchronous calls");
	}
	async_tell(async);
	return async->lane ? 0 : async_obstacle(async);
}

/* --- waiting --- */

/* Ready for something, or it is deadline: 0 or INTERRUPTED. Signals are let in
 * only while it waits, so that none comes too early to be seen. */
static int
wait_for_events(const struct mproxy_async *async, int64_t deadline,
		unsigned *ret_events)
{
	struct pollfd fd = { .fd = mproxy_async_fd(async), .events = POLLIN };
	int ms = ms_until(deadline);
	struct timespec left = { .tv_sec = ms / 1000,
				 .tv_nsec = ms % 1000 * NS_PER_MS };
	sigset_t all, before;
	bool ended = true;
	int r = 0;

	if (mproxy_async_events(async) & MPROXY_ASYNC_WRITE)
		fd.events |= POLLOUT;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (interrupt_count() == thread_state.interrupts) {
		r = ppoll(&fd, 1, ms < 0 ? NULL : &left, &before);
		ended = r < 0 &&
			(interrupt_count() != thread_state.interrupts ||
			 interrupt_by_handler());
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (ended) {
		thread_state.interrupts = interrupt_count();
		return error_set(MPROXY_ERR_INTERRUPTED,
				 "client: the wait was interrupted");
	}
	if (r > 0 && fd.revents & ~POLLOUT)
		*ret_events |= MPROXY_ASYNC_READ;
	return 0;
}

int
mproxy_async_wait(struct mproxy_async *async, int timeout_ms)
{
	int64_t deadline = INT64_MAX;
	unsigned events = MPROXY_ASYNC_READ; /* what has come already */
	int error = 0;

	if (timeout_ms >= 0)
		deadline = clock_now() + timeout_ms * NS_PER_MS;
	for (;;) {
		int64_t silent;

		error = mproxy_async_dispatch(async, events);
		if (error || async->in_flight == 0)
			return error;
		if (clock_is_past(deadline))
			return error_set(MPROXY_ERR_TIMEOUT,
					 "%zu calls are still in flight",
					 async->in_flight);
		silent = silent_at(async);
		events = 0;
		error = wait_for_events(
			async, deadline < silent ? deadline : silent, &events);
		if (error)
			return error;
	}
}
