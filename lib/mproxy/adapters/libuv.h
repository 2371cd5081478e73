/*
 * Asynchronous calls in a loop of libuv.
 *
 *	mproxy_libuv_attach(async, uv_default_loop());
 *	…
 *	uv_run(uv_default_loop(), UV_RUN_DEFAULT);
 *
 * From then on callbacks run in the loop. mproxy_async_free() takes it out
 * again, which is complete when the loop has run once more; until then the
 * loop does not end by itself.
 */
#ifndef MPROXY_ADAPTERS_LIBUV_H
#define MPROXY_ADAPTERS_LIBUV_H

#include <stdlib.h>

#include <uv.h>

#include <mproxy/async.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mproxy_libuv_ {
	struct mproxy_async *async;
	uv_poll_t poll;
	uv_timer_t timer;
	int handles; /* of the two, not closed yet */
};

static inline void
mproxy_libuv_closed_(uv_handle_t *handle)
{
	struct mproxy_libuv_ *adapter = (struct mproxy_libuv_ *)handle->data;

	if (--adapter->handles == 0)
		free(adapter);
}

static inline void mproxy_libuv_update_(struct mproxy_libuv_ *adapter);

/* On an error the handles may be closing: nothing more is done then. */
static inline void
mproxy_libuv_ready_(uv_poll_t *poll, int status, int events)
{
	struct mproxy_libuv_ *adapter = (struct mproxy_libuv_ *)poll->data;
	unsigned ready = (events & UV_READABLE ? MPROXY_ASYNC_READ : 0) |
			 (events & UV_WRITABLE ? MPROXY_ASYNC_WRITE : 0);

	if (status < 0)
		ready = MPROXY_ASYNC_READ;
	mproxy_async_dispatch(adapter->async, ready);
}

static inline void
mproxy_libuv_timeout_(uv_timer_t *timer)
{
	struct mproxy_libuv_ *adapter = (struct mproxy_libuv_ *)timer->data;

	if (mproxy_async_dispatch(adapter->async, 0) == 0)
		mproxy_libuv_update_(adapter);
}

static inline void
mproxy_libuv_update_(struct mproxy_libuv_ *adapter)
{
	unsigned events = mproxy_async_events(adapter->async);
	int ms = mproxy_async_timeout(adapter->async);

	if (events == 0)
		uv_poll_stop(&adapter->poll);
	else
		uv_poll_start(&adapter->poll,
			      events & MPROXY_ASYNC_WRITE
				      ? UV_READABLE | UV_WRITABLE
				      : UV_READABLE,
			      mproxy_libuv_ready_);
	if (ms < 0)
		uv_timer_stop(&adapter->timer);
	else
		uv_timer_start(&adapter->timer, mproxy_libuv_timeout_,
			       (uint64_t)ms, 0);
}

static inline void
mproxy_libuv_changed_(void *context, struct mproxy_async *async)
{
	struct mproxy_libuv_ *adapter = (struct mproxy_libuv_ *)context;

	if (async) {
		mproxy_libuv_update_(adapter);
		return;
	}
	uv_close((uv_handle_t *)&adapter->poll, mproxy_libuv_closed_);
	uv_close((uv_handle_t *)&adapter->timer, mproxy_libuv_closed_);
}

/**
 * mproxy_libuv_attach() - have @loop run the calls of @async.
 * @async: borrowed.
 * @loop:  borrowed, for as long as @async lives.
 *
 * Returns: 0; MPROXY_ERR_NO_MEMORY; MPROXY_ERR_SYSTEM, libuv said no. Since: 0.1
 */
static inline int
mproxy_libuv_attach(struct mproxy_async *async, uv_loop_t *loop)
{
	struct mproxy_libuv_ *adapter = (struct mproxy_libuv_ *)calloc(
		1, sizeof(struct mproxy_libuv_));

	if (!adapter)
		return MPROXY_ERR_NO_MEMORY;
	if (uv_poll_init(loop, &adapter->poll, mproxy_async_fd(async)) != 0) {
		free(adapter);
		return MPROXY_ERR_SYSTEM;
	}
	uv_timer_init(loop, &adapter->timer);
	adapter->async = async;
	adapter->poll.data = adapter;
	adapter->timer.data = adapter;
	adapter->handles = 2;
	mproxy_async_watch(async, mproxy_libuv_changed_, adapter);
	return 0;
}

#ifdef __cplusplus
}
#endif

#endif
