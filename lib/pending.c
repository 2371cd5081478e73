/*
 * Why a lane of its own: while its call is in flight the thread makes others.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "call.h"

struct pending_call {
	struct mproxy_manager *manager; /* one reference */
	struct lane *lane;		/* NULL: broken */
	bool in_flight;
	uint64_t id;
};

int
pending_open(struct mproxy_manager *m, struct pending_call **ret)
{
	struct pending_call *pending = calloc(1, sizeof(*pending));
	int error, cancel;

	if (!pending)
		return error_set(MPROXY_ERR_NO_MEMORY,
				 "no memory for a pending call");
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	error = lane_open(m, connection_grace_ms(), &pending->lane);
	pthread_setcancelstate(cancel, NULL);
	if (error) {
		free(pending);
		return error;
	}
	pending->manager = manager_ref(m);
	*ret = pending;
	return 0;
}

struct pending_call *
pending_close(struct pending_call *pending)
{
	if (!pending)
		return NULL;
	if (pending->lane)
		lane_close(pending->lane);
	manager_unref(pending->manager);
	free(pending);
	return NULL;
}

/* What a fork left behind, or mproxy_close() closed, has none. */
static bool
is_usable(const struct pending_call *pending)
{
	return pending->lane &&
	       pending->lane->session ==
		       atomic_load(&pending->manager->session) &&
	       slot_fd(pending->lane->slot) >= 0;
}

int
pending_fd(const struct pending_call *pending)
{
	return is_usable(pending) ? slot_fd(pending->lane->slot) : -1;
}

static int
unusable(const struct pending_call *pending)
{
	int error = manager_state_error(pending->manager);

	if (error)
		return error;
	if (!pending->lane)
		return error_set(MPROXY_ERR_SERVER_GONE,
				 "this pending call has failed before");
	return error_set(MPROXY_ERR_FORKED,
			 "this pending call belongs to the parent");
}

static int
fail(struct pending_call *pending, int error, bool sent)
{
	int code = lane_error(pending->lane, error, sent);

	lane_close(pending->lane);
	pending->lane = NULL;
	pending->in_flight = false;
	return code;
}

int
pending_begin(struct pending_call *pending, uint64_t object, const char *method,
	      size_t n_args, const struct span *args, int timeout_ms)
{
	const struct call call = {
		.manager = pending->manager,
		.object = object,
		.method = method,
		.n_args = n_args,
		.args = args,
		.timeout_ms = timeout_ms,
	};
	int error;

	if (pending->in_flight)
		return error_set(MPROXY_ERR_BUSY,
				 "a pending call is in flight already");
	if (!is_usable(pending) || !slot_begin(pending->lane->slot))
		return unusable(pending);
	error = call_put(&call, pending->lane, &pending->id);
	if (error) {
		lane_leave(pending->lane);
		return error;
	}
	do
		error = channel_flush(&pending->lane->channel, 0);
	while (error == -EINTR);
	if (error)
		return fail(pending, error, false);
	pending->in_flight = true;
	return 0;
}

static int
finish(struct pending_call *pending, const struct message_reply *reply,
       struct mproxy_value **ret)
{
	struct mproxy_value *value = NULL;
	int error = reply->status;

	pending->in_flight = false;
	if (error) {
		error_set_span(error, reply->detail);
	} else {
		thread_state.current = pending->lane;
		error = call_receive(pending->manager, reply,
				     reply->n_results > 0, &value);
		if (!error && !value)
			value = mproxy_value_nil();
		if (!error && !value)
			error = error_set(MPROXY_ERR_NO_MEMORY,
					  "no memory for a result");
		if (!error)
			*ret = value;
	}
	call_done(pending->lane);
	return error;
}

int
pending_check(struct pending_call *pending, bool *ret_done,
	      struct mproxy_value **ret)
{
	struct message_reply reply;
	int r;

	if (!is_usable(pending)) {
		*ret_done = true;
		return unusable(pending);
	}
	*ret_done = false;
	if (!pending->in_flight)
		return 0;
	r = lane_await(pending->lane, pending->id, 0, &reply);
	if (r == 0)
		return 0;
	*ret_done = true;
	if (r > 0)
		return finish(pending, &reply, ret);
	lane_close(pending->lane);
	pending->lane = NULL;
	pending->in_flight = false;
	return r;
}
