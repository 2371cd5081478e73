/*
 * Shared queues: first in, first out, bounded or not.
 *
 *	struct mproxy_queue *jobs;
 *	struct mproxy_value *job;
 *
 *	mproxy_queue_new(m, 0, &jobs);
 *	mproxy_queue_put(jobs, MPROXY_ARGS("resize", 7), -1);
 *	mproxy_queue_get(jobs, 1000, &job);	// waits for at most a second
 *
 * Those who wait are served in the order in which they came. An item goes to
 * exactly one getter; if that dies before it has read the answer, the item goes
 * back to its place.
 *
 * timeout_ms: -1 waits for ever, 0 does not wait. A call that waits is ended by
 * a signal as manager.h says (MPROXY_ERR_INTERRUPTED).
 *
 * Each function is one round trip, and the wait. All return 0 or a code, any
 * connection error among them; only the codes of their own are named. Any
 * thread may call them, and a child after fork. Values given are taken, values
 * received are given (release with mproxy_value_free()).
 */
#ifndef MPROXY_QUEUE_H
#define MPROXY_QUEUE_H

#include <mproxy/manager.h>
#include <mproxy/object.h>
#include <mproxy/value.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mproxy_queue;

/**
 * mproxy_queue_new() - make a queue without a name.
 * @max: the most items it holds; 0: no bound.
 * @ret: given; release with mproxy_queue_free().
 *
 * Returns: 0; MPROXY_ERR_LIMIT. Since: 0.1
 */
int mproxy_queue_new(struct mproxy_manager *m, size_t max,
		     struct mproxy_queue **ret);

/**
 * mproxy_queue_open() - find the queue of this name, or make it.
 * @name: borrowed.
 * @max:  for a new one. One that is there already keeps its bound.
 *
 * Returns: 0; MPROXY_ERR_TYPE, the name is that of an object of another type.
 * Since: 0.1
 */
int mproxy_queue_open(struct mproxy_manager *m, const char *name, size_t max,
		      struct mproxy_queue **ret);

/** mproxy_queue_ref() - one more owner. Returns @queue. Since: 0.1 */
struct mproxy_queue *mproxy_queue_ref(struct mproxy_queue *queue);

/** mproxy_queue_free() - one owner less. @queue is taken; NULL is fine.
 * Returns: NULL. Since: 0.1 */
struct mproxy_queue *mproxy_queue_free(struct mproxy_queue *queue);

/** mproxy_queue_object() - the same proxy as an object; borrowed from @queue.
 * Since: 0.1 */
struct mproxy_object *mproxy_queue_object(struct mproxy_queue *queue);

/**
 * mproxy_queue_from_value() - the queue whose handle a value is.
 * @ret: given; release with mproxy_queue_free().
 *
 * Returns: 0; MPROXY_ERR_TYPE. Since: 0.1
 */
int mproxy_queue_from_value(const struct mproxy_value *value,
			    struct mproxy_queue **ret);

/**
 * mproxy_queue_put() - put @value at the end, waiting for room.
 *
 * Returns: 0; MPROXY_ERR_FULL, @timeout_ms was 0; MPROXY_ERR_TIMEOUT, it passed;
 *          MPROXY_ERR_CLOSED. Since: 0.1
 */
int mproxy_queue_put(struct mproxy_queue *queue, struct mproxy_value *value,
		     int timeout_ms);

/**
 * mproxy_queue_get() - take the first item, waiting for one.
 * @ret: given.
 *
 * Returns: 0; MPROXY_ERR_EMPTY, @timeout_ms was 0; MPROXY_ERR_TIMEOUT, it passed;
 *          MPROXY_ERR_CLOSED, and nothing is left. Since: 0.1
 */
int mproxy_queue_get(struct mproxy_queue *queue, int timeout_ms,
		     struct mproxy_value **ret);

/**
 * mproxy_queue_put_many() - put the items of a list, waiting for room.
 * @items:   a list; see also mproxy_value_list_from_numbers().
 * @ret_put: how many of them were put: all, unless the time was over or the
 *           queue closed before; may be NULL.
 *
 * Returns: 0, at least one was put, or there was none; otherwise as
 *          mproxy_queue_put(). Since: 0.1
 */
int mproxy_queue_put_many(struct mproxy_queue *queue,
			  struct mproxy_value *items, int timeout_ms,
			  size_t *ret_put);

/**
 * mproxy_queue_get_many() - take several items, waiting for the first.
 * @max: how many at most; at least 1.
 * @ret: given: a list of 1 to @max items.
 *
 * Returns: as mproxy_queue_get(); MPROXY_ERR_INVALID, @max is 0. Since: 0.1
 */
int mproxy_queue_get_many(struct mproxy_queue *queue, size_t max,
			  int timeout_ms, struct mproxy_value **ret);

/** mproxy_queue_qsize() - how many items are in it. Since: 0.1 */
int mproxy_queue_qsize(struct mproxy_queue *queue, size_t *ret);

/** mproxy_queue_is_empty() - whether there are none. Since: 0.1 */
int mproxy_queue_is_empty(struct mproxy_queue *queue, bool *ret);

/** mproxy_queue_is_full() - whether the bound is reached. Since: 0.1 */
int mproxy_queue_is_full(struct mproxy_queue *queue, bool *ret);

/**
 * mproxy_queue_task_done() - say that items got from here are dealt with.
 * @n: how many.
 *
 * Returns: 0; MPROXY_ERR_INVALID, more than were put. Since: 0.1
 */
int mproxy_queue_task_done(struct mproxy_queue *queue, size_t n);

/**
 * mproxy_queue_join() - wait until all that was put is dealt with.
 *
 * Returns: 0; MPROXY_ERR_WOULD_BLOCK, @timeout_ms was 0; MPROXY_ERR_TIMEOUT, it
 *          passed. Since: 0.1
 */
int mproxy_queue_join(struct mproxy_queue *queue, int timeout_ms);

/**
 * mproxy_queue_close() - let nothing in any more. Closing twice is fine.
 * @drain: what is still inside can be got, then getters have
 *         MPROXY_ERR_CLOSED; false: it is dropped, and counts as dealt with.
 *
 * This is the shared queue's end, not the proxy's: that is mproxy_queue_free().
 * Since: 0.1
 */
int mproxy_queue_close(struct mproxy_queue *queue, bool drain);

/** mproxy_queue_is_closed() - whether that was done. Since: 0.1 */
int mproxy_queue_is_closed(struct mproxy_queue *queue, bool *ret);

#ifdef __cplusplus
}
#endif

#endif
