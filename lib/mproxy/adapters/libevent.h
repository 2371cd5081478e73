/*
 * Asynchronous calls in a loop of libevent (2.0 or newer).
 *
 *	mproxy_libevent_attach(async, base);
 *	…
 *	event_base_dispatch(base);
 *
 * From then on callbacks run in the loop. mproxy_async_free() takes it out
 * again; until then the loop does not end by itself.
 */
#ifndef MPROXY_ADAPTERS_LIBEVENT_H
#define MPROXY_ADAPTERS_LIBEVENT_H

#include <stdlib.h>

#include <event2/event.h>

#include <mproxy/async.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mproxy_libevent_ {
	struct mproxy_async *async;
	struct event *read, *write, *timer;
};

static inline void
mproxy_libevent_free_(struct mproxy_libevent_ *adapter)
{
	if (adapter->read)
		event_free(adapter->read);
	if (adapter->write)
		event_free(adapter->write);
	if (adapter->timer)
		event_free(adapter->timer);
	free(adapter);
}

static inline void
mproxy_libevent_update_(struct mproxy_libevent_ *adapter)
{
	unsigned events = mproxy_async_events(adapter->async);
	int ms = mproxy_async_timeout(adapter->async);
	struct timeval left = { ms / 1000, ms % 1000 * 1000 };

	if (events & MPROXY_ASYNC_READ)
		event_add(adapter->read, NULL);
	else
		event_del(adapter->read);
	if (events & MPROXY_ASYNC_WRITE)
		event_add(adapter->write, NULL);
	else
		event_del(adapter->write);
	if (ms >= 0)
		event_add(adapter->timer, &left);
	else
		event_del(adapter->timer);
}

static inline void
mproxy_libevent_changed_(void *context, struct mproxy_async *async)
{
	struct mproxy_libevent_ *adapter = (struct mproxy_libevent_ *)context;

	if (async)
		mproxy_libevent_update_(adapter);
	else
		mproxy_libevent_free_(adapter);
}

static inline void
mproxy_libevent_ready_(evutil_socket_t fd, short what, void *context)
{
	struct mproxy_libevent_ *adapter = (struct mproxy_libevent_ *)context;
	unsigned ready = (what & EV_READ ? MPROXY_ASYNC_READ : 0) |
			 (what & EV_WRITE ? MPROXY_ASYNC_WRITE : 0);

	(void)fd;
	/* on an error the adapter may be gone */
	if (mproxy_async_dispatch(adapter->async, ready) == 0 && ready == 0)
		mproxy_libevent_update_(adapter);
}

/**
 * mproxy_libevent_attach() - have @base run the calls of @async.
 * @async: borrowed.
 * @base:  borrowed, for as long as @async lives.
 *
 * Returns: 0; MPROXY_ERR_NO_MEMORY. Since: 0.1
 */
static inline int
mproxy_libevent_attach(struct mproxy_async *async, struct event_base *base)
{
	struct mproxy_libevent_ *adapter = (struct mproxy_libevent_ *)calloc(
		1, sizeof(struct mproxy_libevent_));
	int fd = mproxy_async_fd(async);

	if (!adapter)
		return MPROXY_ERR_NO_MEMORY;
	adapter->async = async;
	adapter->read = event_new(base, fd, EV_READ | EV_PERSIST,
				  mproxy_libevent_ready_, adapter);
	adapter->write = event_new(base, fd, EV_WRITE | EV_PERSIST,
				   mproxy_libevent_ready_, adapter);
	adapter->timer = event_new(base, -1, 0, mproxy_libevent_ready_,
				   adapter);
	if (!adapter->read || !adapter->write || !adapter->timer) {
		mproxy_libevent_free_(adapter);
		return MPROXY_ERR_NO_MEMORY;
	}
	mproxy_async_watch(async, mproxy_libevent_changed_, adapter);
	return 0;
}

#ifdef __cplusplus
}
#endif

#endif
