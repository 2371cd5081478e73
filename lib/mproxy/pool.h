/*
 * Pools: worker processes that run tasks (task.h).
 *
 *	mproxy_init();
 *	mproxy_start(NULL, &m);
 *	mproxy_pool_new(m, MPROXY_POOL_OPTIONS(.workers = 4), &pool);
 *	mproxy_pool_apply(pool, &mproxy_task_square, MPROXY(7), -1, &v);
 *	mproxy_pool_free(pool);
 *
 * Tasks and results are kept in the manager. A worker that dies fails the task
 * it was at (MPROXY_ERR_WORKER_DIED) and is replaced; nothing else is lost, and
 * nothing is run twice. Handles in arguments arrive as working proxies.
 *
 * The errors of a task: a negative code of error.h is returned as it is, any
 * other one as MPROXY_ERR_FAILED; mproxy_error_detail() then says "task square:
 * code 7: …". The code itself is the status of its result (future.h).
 *
 * The workers end with the pool, and within a second when this process ends.
 * They are no children of it: wait() never sees them, nor they the Ctrl-C.
 *
 * Threads: a pool may be used by any thread. After fork the child may submit to
 * it as well; only the process that made it ends it.
 */
#ifndef MPROXY_POOL_H
#define MPROXY_POOL_H

#include <mproxy/future.h>
#include <mproxy/task.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mproxy_pool;

/**
 * mproxy_init() - the first line of main().
 *
 * A copy of this program that was started as a worker stays in here and never
 * returns. Needed for the start method spawn; good practice always.
 *
 * Returns: 0; MPROXY_ERR_EXISTS, two tasks have one name (the detail names it).
 * Since: 0.1
 */
int mproxy_init(void);

/** How workers come into being. */
enum mproxy_start_method {
	/** zygote while the process has one thread, else spawn */
	MPROXY_START_AUTO = 0,
	/** forked from a copy of this process made when the pool is made: they
	 * find its memory as it was then, but no descriptors (any use of one
	 * fails) but standard output and error */
	MPROXY_START_ZYGOTE = 1,
	/** the program run again, up to mproxy_init(): nothing is inherited */
	MPROXY_START_SPAWN = 2,
};

/** How a pool is made. NULL means all defaults. */
struct mproxy_pool_options {
	size_t size; /**< sizeof this struct; the macro sets it */
	int workers; /**< 0: one for each CPU that affinity and control group
			 leave us, but at most $MPROXY_MAX_WORKERS */
	enum mproxy_start_method method;
	const struct mproxy_task_info *initializer; /**< NULL: none; run first
						       in each worker */
	struct mproxy_value *init_arg; /**< borrowed; its argument, NULL: nil */
};

#ifndef __cplusplus /* there, mproxy_pool_options_init() */
#define MPROXY_POOL_OPTIONS(...)                                               \
	(&(struct mproxy_pool_options){                                        \
		.size = sizeof(struct mproxy_pool_options), __VA_ARGS__ })
#endif

/** mproxy_pool_options_init() - all defaults, for languages without the macro. */
void mproxy_pool_options_init(struct mproxy_pool_options *options);

/**
 * mproxy_pool_new() - make a pool and begin to start its workers.
 * @options: borrowed; NULL: defaults.
 * @ret:     given; release with mproxy_pool_free().
 *
 * An initializer that fails, or workers that end before they are ready, five
 * times in a row, break the pool: its tasks fail as MPROXY_ERR_BROKEN, with the
 * reason.
 *
 * Blocks: until the supervisor of the workers runs; not for the workers.
 * Returns: 0; MPROXY_ERR_NO_INIT, workers must be spawned, but mproxy_init() was
 *          not called; MPROXY_ERR_INVALID, a negative number of workers, or
 *          zygote in a process with threads; MPROXY_ERR_EXISTS, two tasks have
 *          one name; MPROXY_ERR_START, MPROXY_ERR_NO_DESCRIPTORS,
 *          MPROXY_ERR_NO_MEMORY; any connection error.
 * Since: 0.1
 */
int mproxy_pool_new(struct mproxy_manager *m,
		    const struct mproxy_pool_options *options,
		    struct mproxy_pool **ret);

/**
 * mproxy_pool_free() - terminate the pool, if it runs, and drop it.
 * @pool: taken; NULL is fine.
 *
 * In another process than the one that made the pool only the handle goes.
 *
 * Blocks: until the workers have ended, at most 2 s.
 * Returns: NULL.
 * Since: 0.1
 */
struct mproxy_pool *mproxy_pool_free(struct mproxy_pool *pool);

/** mproxy_pool_workers() - how many workers it has. */
int mproxy_pool_workers(const struct mproxy_pool *pool);

/**
 * mproxy_pool_apply() - run one task and wait for its result.
 * @task: borrowed; &mproxy_task_NAME.
 * @arg:  taken; mproxy_value_nil() when there is none to give.
 * @ret:  given: the result; may be NULL.
 *
 * Blocks: until the task has ended, at most @timeout_ms (-1: for ever). When
 *         the wait ends early, a task that has not begun never will; one that
 *         runs goes on, and its result is dropped.
 * Returns: 0; what the task failed with, see above; MPROXY_ERR_WORKER_DIED, the
 *          detail says of what; MPROXY_ERR_TIMEOUT; MPROXY_ERR_INTERRUPTED;
 *          MPROXY_ERR_NO_TASK, the pool was made before the task was known;
 *          MPROXY_ERR_CLOSED; MPROXY_ERR_BROKEN, with the reason;
 *          MPROXY_ERR_CANCELLED, the pool was terminated; MPROXY_ERR_TOO_BIG; any
 *          connection error.
 * Since: 0.1
 */
int mproxy_pool_apply(struct mproxy_pool *pool,
		      const struct mproxy_task_info *task,
		      struct mproxy_value *arg, int timeout_ms,
		      struct mproxy_value **ret);

/** mproxy_pool_apply_name() - the same by the name of the task; borrowed. */
int mproxy_pool_apply_name(struct mproxy_pool *pool, const char *task,
			   struct mproxy_value *arg, int timeout_ms,
			   struct mproxy_value **ret);

/**
 * mproxy_pool_apply_async() - submit one task; its result comes later.
 * @arg: taken.
 * @ret: given: for mproxy_future_get(); release with mproxy_future_free().
 *       NULL: nobody wants to know; the task runs all the same.
 *
 * Blocks: one round trip.
 * Returns: 0; as mproxy_pool_apply() when the task is not accepted.
 * Since: 0.1
 */
int mproxy_pool_apply_async(struct mproxy_pool *pool,
			    const struct mproxy_task_info *task,
			    struct mproxy_value *arg,
			    struct mproxy_future **ret);

/**
 * mproxy_pool_map() - run a task for each of n arguments and wait for all.
 * @args: n values, each taken; the array is borrowed. n may be 0.
 * @ret:  given: the results in the order of @args, each with a status of its
 *        own; release with mproxy_results_free().
 *
 * Blocks: until all have ended, at most @timeout_ms. When the wait ends early
 *         the tasks that have not begun never will.
 * Returns: 0 also when tasks failed: see mproxy_results_failed(); else as
 *          mproxy_pool_apply().
 * Since: 0.1
 */
int mproxy_pool_map(struct mproxy_pool *pool,
		    const struct mproxy_task_info *task, size_t n,
		    struct mproxy_value *const *args, int timeout_ms,
		    struct mproxy_results **ret);

/**
 * mproxy_pool_map_async() - the same, and the results come later.
 * @ret: given: for mproxy_future_results() or mproxy_future_next(). NULL: nobody
 *       wants to know.
 *
 * Blocks: until all arguments are sent.
 * Returns: as mproxy_pool_apply_async().
 * Since: 0.1
 */
int mproxy_pool_map_async(struct mproxy_pool *pool,
			  const struct mproxy_task_info *task, size_t n,
			  struct mproxy_value *const *args,
			  struct mproxy_future **ret);

/**
 * mproxy_pool_imap_unordered() - the same, for results in the order in which
 * they come: mproxy_future_next(). What it has given is kept nowhere else.
 * Since: 0.1
 */
int mproxy_pool_imap_unordered(struct mproxy_pool *pool,
			       const struct mproxy_task_info *task, size_t n,
			       struct mproxy_value *const *args,
			       struct mproxy_future **ret);

/**
 * mproxy_pool_map_flat() - C structs in, C structs out, a task for each.
 * @task:     made by MPROXY_TASK_FLAT.
 * @in:       n structs of @in_size bytes; borrowed.
 * @out:      room for n structs of @out_size bytes; those of tasks that failed
 *            are left alone.
 * @statuses: n ints: 0, or what each failed with; NULL: the first failure is
 *            returned.
 *
 * MPROXY_POOL_MAP_FLAT() gives the sizes by itself. Blocks as mproxy_pool_map().
 *
 * Returns: 0; MPROXY_ERR_TYPE, the sizes are not those of the task, or it takes
 *          no structs; else as mproxy_pool_map().
 * Since: 0.1
 */
int mproxy_pool_map_flat(struct mproxy_pool *pool,
			 const struct mproxy_task_info *task, size_t n,
			 const void *in, size_t in_size, void *out,
			 size_t out_size, int *statuses, int timeout_ms);
#define MPROXY_POOL_MAP_FLAT(pool, task, n, in, out, statuses, timeout_ms)     \
	mproxy_pool_map_flat(pool, task, n, in, sizeof(*(in)), out,            \
			     sizeof(*(out)), statuses, timeout_ms)

/** mproxy_pool_close() - no more tasks; those there are still run, then the
 * workers end. Since: 0.1 */
int mproxy_pool_close(struct mproxy_pool *pool);

/** mproxy_pool_terminate() - kill the workers; all tasks that have not ended
 * fail with MPROXY_ERR_CANCELLED. Does not wait. Since: 0.1 */
int mproxy_pool_terminate(struct mproxy_pool *pool);

/**
 * mproxy_pool_join() - wait until all workers have ended.
 *
 * Returns: 0; MPROXY_ERR_INVALID, neither close nor terminate came before;
 *          MPROXY_ERR_TIMEOUT; MPROXY_ERR_INTERRUPTED; any connection error.
 * Since: 0.1
 */
int mproxy_pool_join(struct mproxy_pool *pool, int timeout_ms);

/**
 * mproxy_pool_stats() - figures about the pool.
 * @ret: given: a map: "state", "wanted", "workers", "idle" (workers); "queued",
 *       "running", "done", "failed", "cancelled", "died" (tasks).
 * Since: 0.1
 */
int mproxy_pool_stats(struct mproxy_pool *pool, struct mproxy_value **ret);

#ifdef __cplusplus
}
#endif

#endif
