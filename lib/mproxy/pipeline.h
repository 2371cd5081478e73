/*
 * Pipelined mode: many calls on their way at once, their errors at the end.
 *
 *	mproxy_pipeline_begin(m, 0);
 *	for (int i = 0; i < 100000; i++)
 *		mproxy_list_append(list, MPROXY(i));	// returns at once
 *	mproxy_list_len(list, &n);	// has a result: waits; n is 100000
 *	error = mproxy_pipeline_end(m);	// the first error of all, if any
 *
 * While it is on, a call of this thread whose result nobody asks for (there is
 * none, or NULL is given for it) and that does not wait (it has no timeout_ms,
 * or 0) is put into a buffer and returns 0. What it fails with comes from
 * mproxy_pipeline_flush() or _end(), whose detail names the object, the method,
 * and which call it was. Mistakes that show at once (an argument that could not
 * be made, a handle of another manager, a value too big) are returned at once,
 * and that call is not made.
 *
 * Every other call sends what is in the buffer, waits for its own answer as
 * usual, and finds all that was called before done: one with a result, one with
 * a timeout, a lock's acquire, making an object, all of manager.h, pool.h and
 * future.h.
 *
 * Calls of one thread take effect in their order; what fails stops none of
 * those that follow. The server works while the client goes on: the buffer
 * leaves whenever it holds some KiB, answers are taken as they come, and a call
 * only waits when the window of unanswered ones is full. What the buffer holds
 * may stay there until the next call that waits, or flush: others see the
 * effect of a call then, at the latest. That is true of giving a lock back, too.
 *
 * Threads: the mode is one of this thread and this manager, others are not
 * concerned. A reference that the program gives up while a call that needs it
 * is on its way is given up when that is answered.
 * Signals do not end these calls, nor a flush: none of them waits for anybody
 * but the server itself.
 * Fork first waits, for a second at most, until all is answered. In the child the
 * mode is off; flush and end give MPROXY_ERR_FORKED there.
 * The server's death (or its silence, longer than the grace) ends all that is
 * unanswered. From then on each call of the thread returns that error, until
 * flush or end has told it, with how many calls were answered.
 * mproxy_close(), or the end of the thread, without mproxy_pipeline_end(): what is
 * in the buffer is sent as far as that takes no waiting; nobody hears of errors.
 * At the end of the process it is lost.
 * With MPROXY_DEBUG=calls each call waits for its answer, to print it; errors
 * still come at the end.
 */
#ifndef MPROXY_PIPELINE_H
#define MPROXY_PIPELINE_H

#include <stddef.h>
#include <stdint.h>

#include <mproxy/manager.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * mproxy_pipeline_begin() - begin to pipeline the calls of this thread.
 * @m:      borrowed.
 * @window: how many calls may be unanswered, 1000 at most; 0: a good number.
 *
 * Blocks: on the thread's first call of all it connects.
 * Returns: 0; MPROXY_ERR_BUSY, it is on already; any connection error.
 * Since: 0.1
 */
int mproxy_pipeline_begin(struct mproxy_manager *m, size_t window);

/**
 * mproxy_pipeline_flush() - wait until all calls made so far are answered.
 * @m: borrowed.
 *
 * Blocks: until the answers are there.
 * Returns: 0, all have succeeded; else what the first one failed with, of those
 *          since the last flush; MPROXY_ERR_INVALID, the mode is not on;
 *          MPROXY_ERR_FORKED, it is the parent's; any connection error. The
 *          detail says which call it was, and how many have failed.
 * Since: 0.1
 */
int mproxy_pipeline_flush(struct mproxy_manager *m);

/**
 * mproxy_pipeline_end() - the same, and calls are as usual again.
 * @m: borrowed.
 *
 * The mode is off also when this fails.
 *
 * Returns: as mproxy_pipeline_flush().
 * Since: 0.1
 */
int mproxy_pipeline_end(struct mproxy_manager *m);

/** Figures of a pipeline, since it began; only pipelined calls count. */
struct mproxy_pipeline_status {
	uint64_t calls;	       /**< made */
	uint64_t answered;     /**< of these */
	uint64_t failed;       /**< of the answered ones */
	uint64_t first_failed; /**< number of the first of these, from 1 */
};

/**
 * mproxy_pipeline_status() - how far a pipeline is; does not wait.
 * @m: borrowed.
 *
 * Returns: 0; MPROXY_ERR_INVALID, the mode is not on; MPROXY_ERR_FORKED.
 * Since: 0.1
 */
int mproxy_pipeline_status(struct mproxy_manager *m,
			   struct mproxy_pipeline_status *ret);

#ifdef __cplusplus
}
#endif

#endif
