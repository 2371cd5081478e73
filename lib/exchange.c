/*
 * Why a read with a timeout and no poll: a call costs one send and one read,
 * one that waits as well. The socket's own timeout is the grace that a silent
 * server is given; only when a wait lasts longer than that, or was disturbed,
 * is the clock looked at and poll() used.
 *
 * A wait for ever is read without a timeout: then the kernel itself goes on
 * after a handler with SA_RESTART, and says EINTR after any other. With a
 * timeout it always says EINTR, and interrupt.c must guess.
 *
 * Why the reply is awaited even after a cancel: only the server knows whether
 * the cancel came in time. If not, the result is there, and is delivered.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>

#include "clock.h"
#include "interrupt.h"
#include "lane.h"
#include "pipeline.h"

struct wait {
	struct lane *lane;
	uint64_t id;
	int timeout_ms;
	int64_t give_up; /* when the server counts as silent; 0: one grace
			    after the last read began */
	bool may_end;	 /* early, by an interrupt */
	bool cancelled;
};

static int64_t
grace_ns(void)
{
	return connection_grace_ms() * NS_PER_MS;
}

static int
flush(struct lane *lane, int flags)
{
	int r;

	do
		r = channel_flush(&lane->channel, flags);
	while (r == -EINTR);
	return r;
}

int
lane_read_reply(struct lane *lane, struct message_reply *ret)
{
	struct frame frame;
	int r = channel_next(&lane->channel, &frame, NULL);

	if (r <= 0)
		return r < 0 ? -EPROTO : 0;
	if (frame.kind != FRAME_REPLY)
		return -EPROTO;
	arena_reset(&lane->arena, message_budget(frame.payload.size));
	r = message_unpack_reply(&lane->arena, frame.payload, ret);
	if (r != 0)
		return r == MPROXY_ERR_PROTOCOL ? -EPROTO : -ENOMEM;
	return 1;
}

int
lane_next_reply(struct lane *lane, uint64_t id, struct message_reply *ret)
{
	for (;;) {
		int r = lane_read_reply(lane, ret);

		if (r <= 0 || (ret->id == id && id != 0))
			return r;
		if (pipeline_take_reply(lane, ret))
			continue;
		if (ret->id != lane->orphan_id || lane->orphan_id == 0)
			return -EPROTO;
		lane->orphan_id = 0;
	}
}

/* Ends the wait early, if the server agrees. */
static void
cancel(struct wait *wait)
{
	struct lane *lane = wait->lane;

	slot_settle(lane->slot);
	wait->may_end = false;
	wait->cancelled = true;
	wait->give_up = clock_now() + grace_ns();
	if (atomic_load(&lane->slot->cancelled))
		return;
	/* if it cannot be sent, reading will tell why */
	if (message_send_cancel(&lane->channel, wait->id) == 0)
		flush(lane, 0);
}

static void
begin_wait(struct wait *wait)
{
	wait->may_end = true;
	slot_wait(wait->lane->slot, wait->id);
	if (interrupt_count() != thread_state.interrupts)
		cancel(wait);
}

static void
end_wait(struct wait *wait)
{
	slot_settle(wait->lane->slot);
	if (atomic_load(&wait->lane->slot->cancelled))
		wait->cancelled = true;
	thread_state.interrupts = interrupt_count();
}

static void
on_signal(struct wait *wait)
{
	if (wait->may_end && (interrupt_count() != thread_state.interrupts ||
			      wait->lane->timeless || interrupt_by_handler()))
		cancel(wait);
	/* the socket's timeout begins anew with each read */
	if (wait->give_up == 0 && wait->timeout_ms >= 0)
		wait->give_up = clock_now() + grace_ns() +
				wait->timeout_ms * NS_PER_MS;
}

/* A grace has passed without a byte. 0 to wait on, or -ETIMEDOUT. */
static int
on_silence(struct wait *wait)
{
	if (wait->give_up != 0)
		return clock_now() < wait->give_up ? 0 : -ETIMEDOUT;
	if (wait->may_end && interrupt_count() != thread_state.interrupts) {
		cancel(wait);
		return 0;
	}
	if (wait->timeout_ms < 0)
		return 0;
	wait->give_up = clock_now() + wait->timeout_ms * NS_PER_MS;
	return wait->timeout_ms > 0 ? 0 : -ETIMEDOUT;
}

int
lane_poll(const struct lane *lane, short events, int64_t deadline)
{
	struct pollfd fd = { .fd = lane->channel.fd, .events = events };
	int64_t left = deadline - clock_now();
	int r;

	/* in the child of a fork; poll() would wait for it in vain */
	if (fd.fd < 0)
		return -EPIPE;
	if (left < 0)
		left = 0;
	left = (left + NS_PER_MS - 1) / NS_PER_MS;
	r = poll(&fd, 1, left < INT_MAX ? (int)left : INT_MAX);
	if (r < 0)
		return -errno;
	return r > 0 ? 0 : -EAGAIN;
}

/* Something came, or it is time to look again: 0. Else a negative errno. */
static int
read_more(struct wait *wait)
{
	struct lane *lane = wait->lane;
	ssize_t n = 0;

	if (wait->give_up != 0)
		n = lane_poll(lane, POLLIN, wait->give_up);
	if (n == 0) {
		n = channel_fill(&lane->channel, 0);
		if (n == 0)
			return -EPIPE;
	}
	if (n == -EINTR) {
		on_signal(wait);
		return 0;
	}
	if (n == -EAGAIN)
		return on_silence(wait);
	return n < 0 ? (int)n : 0;
}

/* Whether there is anything to look at: not when the call was just sent. */
static bool
has_read(const struct lane *lane)
{
	return lane->channel.in_start != lane->channel.in_end;
}

int
lane_exchange(struct lane *lane, uint64_t id, int timeout_ms,
	      struct message_reply *ret)
{
	struct wait wait = {
		.lane = lane,
		.id = id,
		.timeout_ms = timeout_ms,
	};
	bool sent;
	int r;

	if (lane->timeless != (timeout_ms < 0))
		lane_set_timeless(lane, timeout_ms < 0);
	r = lane->pipeline ? pipeline_send(lane, id, ret) : flush(lane, 0);
	sent = r >= 0;
	if (r == 0) {
		if (timeout_ms != 0)
			begin_wait(&wait);
		while ((r = has_read(lane) ? lane_next_reply(lane, id, ret)
					   : 0) == 0)
			if ((r = read_more(&wait)) < 0)
				break;
		if (timeout_ms != 0)
			end_wait(&wait);
	}
	if (r < 0) {
		r = lane_error(lane, r, sent);
		pipeline_detach(lane, r);
		lane_drop(lane);
		return r;
	}
	if (ret->status == MPROXY_ERR_CANCELLED && wait.cancelled) {
		ret->status = MPROXY_ERR_INTERRUPTED;
		ret->detail = span_text("client: the wait was interrupted");
	}
	return 0;
}

int
lane_await(struct lane *lane, uint64_t id, int64_t deadline,
	   struct message_reply *ret)
{
	for (;;) {
		ssize_t n = lane_next_reply(lane, id, ret);

		if (n == 0)
			n = lane_poll(lane, POLLIN, deadline);
		else
			return n < 0 ? lane_error(lane, (int)n, true) : 1;
		if (n == 0) {
			n = channel_fill(&lane->channel, MSG_DONTWAIT);
			if (n == 0)
				n = -EPIPE;
		} else if (n == -EAGAIN) {
			return 0;
		}
		if (n < 0 && n != -EINTR && n != -EAGAIN)
			return lane_error(lane, (int)n, true);
	}
}

static int
broken(struct lane *lane, bool sent)
{
	struct mproxy_manager *m = lane->manager;
	int expected = MANAGER_OPEN;

	if (atomic_load(&m->state) == MANAGER_OPEN &&
	    session_is_gone(lane->session))
		atomic_compare_exchange_strong(&m->state, &expected,
					       MANAGER_GONE);
	if (atomic_load(&m->state) == MANAGER_CLOSED)
		return manager_state_error(m);
	return error_set(MPROXY_ERR_SERVER_GONE,
			 sent ? "the manager at %s closed the connection "
				"during the call: whether it took effect is "
				"not known"
			      : "the manager at %s has closed the connection; "
				"the call was not sent",
			 m->address.path);
}

int
lane_error(struct lane *lane, int error, bool sent)
{
	struct mproxy_manager *m = lane->manager;

	if (lane->session != atomic_load(&m->session))
		return error_set(MPROXY_ERR_FORKED,
				 "this process was forked during the call; the "
				 "answer goes to its parent");
	switch (error) {
	case -ENOMEM:
		return error_set(MPROXY_ERR_NO_MEMORY,
				 "no memory for the answer of the manager");
	case -EPROTO:
		return error_set(MPROXY_ERR_PROTOCOL,
				 "the manager at %s sent something that is no "
				 "answer to this call",
				 m->address.path);
	case -ETIMEDOUT:
	case -EAGAIN:
		return error_set(MPROXY_ERR_SERVER_SILENT,
				 "the manager at %s has been silent for %d ms "
				 "too long: whether the call took effect is "
				 "not known",
				 m->address.path, connection_grace_ms());
	default:
		return broken(lane, sent);
	}
}
