/*
 * Asynchronous calls, for programs that have a loop of their own.
 *
 *	static void
 *	on_item(void *context, int error, const struct mproxy_value *item)
 *	{
 *		…			// runs inside mproxy_async_dispatch()
 *	}
 *
 *	mproxy_async_new(m, &async);
 *	mproxy_async_call(async, mproxy_queue_object(jobs), "get", -1, NULL,
 *			  on_item, context, NULL);
 *	while (mproxy_async_in_flight(async) > 0) {
 *		struct pollfd fd = { .fd = mproxy_async_fd(async) };
 *		unsigned events = mproxy_async_events(async);
 *
 *		fd.events = (events & MPROXY_ASYNC_READ ? POLLIN : 0) |
 *			    (events & MPROXY_ASYNC_WRITE ? POLLOUT : 0);
 *		poll(&fd, 1, mproxy_async_timeout(async));
 *		mproxy_async_dispatch(async, MPROXY_ASYNC_READ |
 *						     MPROXY_ASYNC_WRITE);
 *	}
 *	mproxy_async_free(async);
 *
 * For epoll, libevent, libuv and GLib that is done by mproxy/adapters/…: one
 * call to attach, nothing more.
 *
 * A struct mproxy_async has a connection of its own, as a thread has. Its calls
 * take effect in the order in which they are submitted, and those that do not
 * wait are answered in that order: a call that has completed says that all
 * submitted before it have taken effect (but for those that wait for something,
 * as a get on an empty queue, or cannot be made at all). Locks acquired through
 * it are its own. At most 1024 of its calls wait in the server; others get
 * MPROXY_ERR_LIMIT from it.
 *
 * An item that a get takes out of a queue goes back when the program dies before
 * it has read the answer, as ever; of several gets that were answered at the
 * same time, the last one's does.
 *
 * Every call that was submitted ends in exactly one call of its callback: with
 * its result, with what it failed with, with the error of the connection when
 * that ends, with MPROXY_ERR_CLOSED when the struct is freed. Callbacks run
 * inside mproxy_async_dispatch(), _wait() and _free(), nowhere else. They may
 * submit, cancel, free the struct, and make any other call of this library;
 * not dispatch or wait.
 *
 * A connection that has ended stays so: make a new struct. Threads: one at a
 * time uses it. Fork: it stays with the parent; in the child its calls end with
 * MPROXY_ERR_FORKED, when it is dispatched or freed, or when the callback that
 * forked returns. Signals: only mproxy_async_wait() is ended by one.
 * MPROXY_DEBUG=calls prints each call when it is answered.
 */
#ifndef MPROXY_ASYNC_H
#define MPROXY_ASYNC_H

#include <stddef.h>
#include <stdint.h>

#include <mproxy/manager.h>
#include <mproxy/object.h>
#include <mproxy/value.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mproxy_async;

#define MPROXY_ASYNC_READ 1u
#define MPROXY_ASYNC_WRITE 2u

/**
 * mproxy_async_new() - a connection for asynchronous calls.
 * @m:   borrowed.
 * @ret: given; release with mproxy_async_free().
 *
 * Blocks: until it is connected, one round trip.
 * Returns: 0; any connection error.
 * Since: 0.1
 */
int mproxy_async_new(struct mproxy_manager *m, struct mproxy_async **ret);

/**
 * mproxy_async_free() - end the connection.
 * @async: taken; NULL is fine.
 *
 * Calls in flight end with MPROXY_ERR_CLOSED: their callbacks run before this
 * returns. Whether they take effect is not known; those that wait do not. From
 * inside a callback: when that has returned.
 *
 * Returns: NULL.
 * Since: 0.1
 */
struct mproxy_async *mproxy_async_free(struct mproxy_async *async);

/**
 * mproxy_async_call() - submit a call of any method.
 * @async:      borrowed.
 * @object:     borrowed: what it is called on. A reference is held until the end
 *              of the call.
 * @method:     its name; borrowed.
 * @timeout_ms: for methods that may wait: -1 for ever, 0 not at all.
 * @args:       taken: a list value; NULL: no arguments.
 * @callback:   is told how it ended; NULL: nobody is.
 *              @error: 0, or what mproxy_object_call() would have returned;
 *              mproxy_error_detail() goes with it.
 *              @value: borrowed, until the callback returns (to keep it:
 *              mproxy_value_ref()): the result; a list when there are several,
 *              nil when there is none. NULL when @error is not 0.
 * @context:    is handed to it.
 * @ret_call:   what mproxy_async_cancel() needs; may be NULL.
 *
 * Blocks: never. The call is put into a buffer, which leaves when the loop
 * dispatches.
 *
 * Returns: 0; MPROXY_ERR_FULL, too much is in the buffer (4 MiB) or in flight
 *          (1,000,000 calls): dispatch first; MPROXY_ERR_TYPE, @args is no list;
 *          MPROXY_ERR_INVALID, a timeout below -1, or an object or a handle of
 *          another manager; MPROXY_ERR_TOO_BIG; MPROXY_ERR_NO_MEMORY; the
 *          connection's error when it has ended; MPROXY_ERR_FORKED. Then the
 *          callback does not run.
 * Since: 0.1
 */
int mproxy_async_call(struct mproxy_async *async, struct mproxy_object *object,
		      const char *method, int timeout_ms,
		      struct mproxy_value *args,
		      void (*callback)(void *context, int error,
				       const struct mproxy_value *value),
		      void *context, uint64_t *ret_call);

/**
 * mproxy_async_cancel() - ask that a call that waits should not.
 * @call: from mproxy_async_call().
 *
 * Its callback comes as ever: with MPROXY_ERR_CANCELLED, or with the result that
 * was quicker. A call that does not wait is not touched.
 *
 * Returns: 0; MPROXY_ERR_NOT_FOUND, its callback has run; MPROXY_ERR_NO_MEMORY;
 *          the connection's error when it has ended.
 * Since: 0.1
 */
int mproxy_async_cancel(struct mproxy_async *async, uint64_t call);

/** mproxy_async_in_flight() - how many calls have not ended yet. Since: 0.1 */
size_t mproxy_async_in_flight(const struct mproxy_async *async);

/** mproxy_async_fd() - the descriptor to watch; -1: the connection has ended.
 * Borrowed. Since: 0.1 */
int mproxy_async_fd(const struct mproxy_async *async);

/** mproxy_async_events() - what to watch it for now: MPROXY_ASYNC_READ, and
 * MPROXY_ASYNC_WRITE while something is in the buffer. Since: 0.1 */
unsigned mproxy_async_events(const struct mproxy_async *async);

/** mproxy_async_timeout() - when to dispatch at the latest, even without events:
 * in so many ms; -1: no need. Then a server that stays silent is noticed. The
 * time only moves on, when calls leave and answers come, so that a timer may be
 * left running and set anew when it has fired. A program that was busy beyond
 * that time does not take answers that wait for it for silence. Since: 0.1 */
int mproxy_async_timeout(struct mproxy_async *async);

/**
 * mproxy_async_dispatch() - send, receive, and run the callbacks that are due.
 * @events: what the descriptor is ready for; 0: the time has come, perhaps.
 *          More than is true does no harm.
 *
 * Blocks: never.
 * Returns: 0; how the connection ended: all callbacks have run then;
 *          MPROXY_ERR_CLOSED, too, when a callback has freed @async, which is
 *          gone; MPROXY_ERR_BUSY inside a callback.
 * Since: 0.1
 */
int mproxy_async_dispatch(struct mproxy_async *async, unsigned events);

/**
 * mproxy_async_wait() - dispatch until no call is in flight.
 * @timeout_ms: -1: as long as it takes; 0: sends and takes what has come, once.
 *
 * mproxy_interrupt() in another thread does not end it: send it the signal.
 *
 * Returns: 0; MPROXY_ERR_TIMEOUT; MPROXY_ERR_INTERRUPTED, a signal handler
 *          without SA_RESTART ran, or one that called mproxy_interrupt(), as
 *          manager.h says of waits with a timeout; else as
 *          mproxy_async_dispatch(). The calls are in flight still, then.
 * Since: 0.1
 */
int mproxy_async_wait(struct mproxy_async *async, int timeout_ms);

/**
 * mproxy_async_watch() - be told when something else is to be watched.
 * @changed: called whenever what mproxy_async_fd() or _events() says has
 *           changed, or mproxy_async_timeout() has become less than it last
 *           said; and a last time with @async NULL, when it is freed. It may call
 *           those three, nothing else. NULL: nobody.
 * @context: is handed to it.
 *
 * For adapters; a loop that asks before it waits does not need it. Is called
 * inside mproxy_async_call(), _cancel(), _dispatch(), _wait() and _free(), and
 * here, at once. A watcher that was set before is told that @async is gone.
 *
 * Since: 0.1
 */
void mproxy_async_watch(struct mproxy_async *async,
			void (*changed)(void *context,
					struct mproxy_async *async),
			void *context);

#ifdef __cplusplus
}
#endif

#endif
