/*
 * Futures and results: what tasks of a pool gave, or will give.
 *
 *	mproxy_pool_apply_async(pool, &mproxy_task_square, MPROXY(7), &future);
 *	…
 *	error = mproxy_future_get(future, 1000, &value);
 *	mproxy_future_free(future);
 *
 * A future refers to results that are kept in the manager until it is freed. A
 * wait that ends with MPROXY_ERR_TIMEOUT or MPROXY_ERR_INTERRUPTED may be tried
 * again. Any thread may use a future; a child of fork may not
 * (MPROXY_ERR_FORKED).
 */
#ifndef MPROXY_FUTURE_H
#define MPROXY_FUTURE_H

#include <mproxy/value.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mproxy_future;
struct mproxy_results; /* of a map, all there; never changes */

/**
 * mproxy_future_get() - the result of mproxy_pool_apply_async().
 * @timeout_ms: -1 for ever, 0 not at all.
 * @ret:        given; may be NULL. May be asked for again.
 *
 * Blocks: until the task has ended.
 * Returns: 0; what the task failed with, as mproxy_pool_apply();
 *          MPROXY_ERR_TIMEOUT; MPROXY_ERR_WOULD_BLOCK; MPROXY_ERR_INTERRUPTED;
 *          MPROXY_ERR_INVALID, it is one of several tasks; MPROXY_ERR_NOT_FOUND,
 *          mproxy_future_next() gave it already; MPROXY_ERR_FORKED; any
 *          connection error.
 * Since: 0.1
 */
int mproxy_future_get(struct mproxy_future *future, int timeout_ms,
		      struct mproxy_value **ret);

/**
 * mproxy_future_results() - all results of mproxy_pool_map_async(), in order.
 * @ret: given; release with mproxy_results_free().
 *
 * Blocks: until all tasks have ended.
 * Returns: 0, also when tasks failed; else as mproxy_future_get().
 * Since: 0.1
 */
int mproxy_future_results(struct mproxy_future *future, int timeout_ms,
			  struct mproxy_results **ret);

/**
 * mproxy_future_next() - one result, in the order in which they come.
 * @ret_index:  which task's; may be NULL.
 * @ret_status: 0, or what it failed with; then the detail has its text. May be
 *              NULL.
 * @ret:        given: the value; after MPROXY_ERR_WORKER_DIED a map with "pid"
 *              and "signal" or "status"; else nil when it failed. May be NULL.
 *
 * Each result is given once, to one of the threads that ask; then
 * mproxy_future_results() does not have it any more.
 *
 * Blocks: until there is one.
 * Returns: 0; MPROXY_ERR_CLOSED, all were given; else as mproxy_future_get().
 * Since: 0.1
 */
int mproxy_future_next(struct mproxy_future *future, int timeout_ms,
		       size_t *ret_index, int *ret_status,
		       struct mproxy_value **ret);

/** mproxy_future_wait() - wait until all tasks have ended; fetch nothing.
 * Returns: as mproxy_future_get(), but tasks that failed are no error.
 * Since: 0.1 */
int mproxy_future_wait(struct mproxy_future *future, int timeout_ms);

/** mproxy_future_ready() - whether all tasks have ended. One round trip.
 * Since: 0.1 */
int mproxy_future_ready(struct mproxy_future *future, bool *ret);

/** mproxy_future_successful() - whether all have ended well.
 * Returns: 0; MPROXY_ERR_BUSY, not all have ended; any connection error.
 * Since: 0.1 */
int mproxy_future_successful(struct mproxy_future *future, bool *ret);

/** mproxy_future_done() - how many tasks have ended, of how many. Either may be
 * NULL. One round trip. Since: 0.1 */
int mproxy_future_done(struct mproxy_future *future, size_t *ret_done,
		       size_t *ret_n);

/** mproxy_future_cancel() - tasks that have not begun fail at once, with
 * MPROXY_ERR_CANCELLED; those that run go on. Since: 0.1 */
int mproxy_future_cancel(struct mproxy_future *future);

/** mproxy_future_free() - drop it and its results; its tasks run all the same.
 * @future: taken; NULL is fine. Returns: NULL. Since: 0.1 */
struct mproxy_future *mproxy_future_free(struct mproxy_future *future);

/** mproxy_results_count() - how many there are. Since: 0.1 */
size_t mproxy_results_count(const struct mproxy_results *results);

/** mproxy_results_failed() - how many of them are failures. Since: 0.1 */
size_t mproxy_results_failed(const struct mproxy_results *results);

/**
 * mproxy_results_status() - 0, or the code that task @i failed with.
 *
 * Any number that mproxy_task_fail() was given; MPROXY_ERR_WORKER_DIED;
 * MPROXY_ERR_CANCELLED; MPROXY_ERR_BROKEN; MPROXY_ERR_TOO_BIG, its result is.
 * Since: 0.1
 */
int mproxy_results_status(const struct mproxy_results *results, size_t i);

/** mproxy_results_error() - the text that goes with it; "" when it is 0. Lives
 * as long as @results. Since: 0.1 */
const char *mproxy_results_error(const struct mproxy_results *results,
				 size_t i);

/** mproxy_results_value() - the value, as mproxy_future_next() would give it;
 * borrowed: lives as long as @results. Since: 0.1 */
const struct mproxy_value *mproxy_results_value(
	const struct mproxy_results *results, size_t i);

/** mproxy_results_free() - @results: taken; NULL is fine. Returns: NULL.
 * Since: 0.1 */
struct mproxy_results *mproxy_results_free(struct mproxy_results *results);

#ifdef __cplusplus
}
#endif

#endif
