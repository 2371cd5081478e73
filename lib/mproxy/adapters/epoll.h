/*
 * Asynchronous calls in a loop of one's own, around epoll_wait().
 *
 *	struct mproxy_epoll adapter;
 *
 *	mproxy_epoll_attach(&adapter, epoll, async);
 *	for (;;) {
 *		int n = epoll_wait(epoll, events, SIZE,
 *				   mproxy_epoll_timeout(&adapter));
 *		for (int i = 0; i < n; i++)
 *			if (events[i].data.ptr == &adapter)
 *				mproxy_epoll_ready(&adapter, events[i].events);
 *			else
 *				…
 *		mproxy_epoll_ready(&adapter, 0);	// the time
 *	}
 *
 * The adapter is the program's memory. It is to stay where it is until
 * mproxy_async_free(), which takes the descriptor out of the epoll.
 */
#ifndef MPROXY_ADAPTERS_EPOLL_H
#define MPROXY_ADAPTERS_EPOLL_H

#include <sys/epoll.h>

#include <mproxy/async.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mproxy_epoll {
	struct mproxy_async *async; /* NULL: freed */
	int epoll;
	int fd; /* that is in it; -1: none */
};

static inline void
mproxy_epoll_changed_(void *context, struct mproxy_async *async)
{
	struct mproxy_epoll *adapter = (struct mproxy_epoll *)context;
	int fd = async ? mproxy_async_fd(async) : -1;
	struct epoll_event event = { EPOLLIN, { adapter } };

	adapter->async = async;
	if (fd < 0) {
		if (adapter->fd >= 0)
			epoll_ctl(adapter->epoll, EPOLL_CTL_DEL, adapter->fd,
				  &event);
		adapter->fd = -1;
		return;
	}
	if (mproxy_async_events(async) & MPROXY_ASYNC_WRITE)
		event.events |= EPOLLOUT;
	epoll_ctl(adapter->epoll,
		  adapter->fd < 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event);
	adapter->fd = fd;
}

/**
 * mproxy_epoll_attach() - have @epoll watch what @async needs.
 *
 * Its events have @adapter in data.ptr.
 * Returns: 0; MPROXY_ERR_SYSTEM, epoll_ctl() said no; errno is set. Since: 0.1
 */
static inline int
mproxy_epoll_attach(struct mproxy_epoll *adapter, int epoll,
		    struct mproxy_async *async)
{
	struct epoll_event event = { EPOLLIN, { adapter } };

	adapter->async = async;
	adapter->epoll = epoll;
	adapter->fd = mproxy_async_fd(async);
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, adapter->fd, &event) < 0)
		return MPROXY_ERR_SYSTEM;
	mproxy_async_watch(async, mproxy_epoll_changed_, adapter);
	return 0;
}

/** mproxy_epoll_timeout() - for epoll_wait(), if nothing else is due before.
 * Since: 0.1 */
static inline int
mproxy_epoll_timeout(struct mproxy_epoll *adapter)
{
	return adapter->async ? mproxy_async_timeout(adapter->async) : -1;
}

/**
 * mproxy_epoll_ready() - dispatch.
 * @events: of the struct epoll_event; 0: time has passed.
 *
 * Returns: as mproxy_async_dispatch(). Since: 0.1
 */
static inline int
mproxy_epoll_ready(struct mproxy_epoll *adapter, uint32_t events)
{
	unsigned ready = 0;

	if (!adapter->async)
		return MPROXY_ERR_CLOSED;
	if (events & EPOLLOUT)
		ready |= MPROXY_ASYNC_WRITE;
	if (events & ~(uint32_t)EPOLLOUT)
		ready |= MPROXY_ASYNC_READ;
	return mproxy_async_dispatch(adapter->async, ready);
}

#ifdef __cplusplus
}
#endif

#endif
