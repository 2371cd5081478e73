/*
 * Tasks: functions that run in workers.
 *
 *	static int
 *	square(struct mproxy_task *task, const struct mproxy_value *arg,
 *	       struct mproxy_value **ret)
 *	{
 *		int64_t n;
 *		int error = mproxy_unpack(arg, "i", &n);
 *
 *		if (error)
 *			return mproxy_task_fail(task, error, "want a number");
 *		*ret = mproxy_value_int(n * n);
 *		return 0;
 *	}
 *	MPROXY_TASK(square);
 *
 * MPROXY_TASK makes it known, under its name, and defines mproxy_task_square,
 * by which it is submitted (pool.h). MPROXY_TASK_DECLARE(square) in a header
 * makes that known elsewhere; referring to it pulls the task out of a static
 * library.
 *
 * Not to be used as names, for they are taken: fail, info, manager, register,
 * worker.
 *
 * A task that returns has either a result or an error. One that crashes, is
 * killed or calls exit() takes its worker with it, nothing else: it fails as
 * MPROXY_ERR_WORKER_DIED, the worker is replaced.
 *
 * Handles in the argument arrive as working proxies (mproxy_unpack() with L,
 * D, Q, K or h). Standard input of a worker is /dev/null; what it prints is
 * written line by line, and at the end of each task.
 */
#ifndef MPROXY_TASK_H
#define MPROXY_TASK_H

#include <mproxy/object.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mproxy_task; /* the one being run */

/** A task: @arg is borrowed; *ret is taken from it, nothing means nil. Returns
 * 0, or what mproxy_task_fail() returned, or the code of a function that
 * failed (its detail is passed on). */
typedef int mproxy_task_function(struct mproxy_task *task,
				 const struct mproxy_value *arg,
				 struct mproxy_value **ret);

/** A task on C structs: @in to be read, @out to be filled in, zeroed before. */
typedef int mproxy_task_flat_function(struct mproxy_task *task, const void *in,
				      void *out);

/** What is known of a task; made by the macros. */
struct mproxy_task_info {
	size_t size;			 /**< sizeof this struct */
	const char *name;		 /**< UTF-8, at most 255 bytes */
	mproxy_task_function *run;	 /**< this one, or … */
	mproxy_task_flat_function *flat; /**< … this one */
	size_t in_size;			 /**< of the structs of flat */
	size_t out_size;
};

/**
 * mproxy_task_register() - make a task known; MPROXY_TASK does it.
 * @info: borrowed for ever: a constant.
 *
 * To be called before the pool is made that shall run it. A name used twice
 * makes mproxy_init() and mproxy_pool_new() fail.
 *
 * Threads: any.
 * Since: 0.1
 */
void mproxy_task_register(const struct mproxy_task_info *info);

/** MPROXY_TASK_DECLARE() - for headers: mproxy_task_NAME is somewhere. */
#ifdef __cplusplus
#define MPROXY_TASK_DECLARE(name)                                              \
	extern "C" const struct mproxy_task_info mproxy_task_##name
#else
#define MPROXY_TASK_DECLARE(name)                                              \
	extern const struct mproxy_task_info mproxy_task_##name
#endif

#define MPROXY_TASK_DEFINE_(function, run_, flat_, in_size_, out_size_)        \
	MPROXY_TASK_DECLARE(function);                                         \
	const struct mproxy_task_info mproxy_task_##function = {               \
		sizeof(struct mproxy_task_info),                               \
		#function,                                                     \
		run_,                                                          \
		flat_,                                                         \
		in_size_,                                                      \
		out_size_                                                      \
	};                                                                     \
	__attribute__((constructor)) static void                               \
		mproxy_task_register_##function(void)                          \
	{                                                                      \
		mproxy_task_register(&mproxy_task_##function);                 \
	}                                                                      \
	struct mproxy_task /* so that a semicolon follows */

/** MPROXY_TASK() - makes a task of a mproxy_task_function, under its name. */
#define MPROXY_TASK(function) MPROXY_TASK_DEFINE_(function, function, 0, 0, 0)

/**
 * MPROXY_TASK_FLAT() - makes a task of a function on C structs.
 *
 *	static int simulate(struct mproxy_task *, const struct params *in,
 *			    struct result *out);
 *	MPROXY_TASK_FLAT(simulate, struct params, struct result);
 *
 * The structs travel as they lie in memory: no pointers in them. For
 * mproxy_pool_map_flat().
 */
#define MPROXY_TASK_FLAT(function, in_type, out_type)                          \
	static int mproxy_task_flat_##function(                                \
		struct mproxy_task *mproxy_task_, const void *mproxy_in_,      \
		void *mproxy_out_)                                             \
	{                                                                      \
		return function(mproxy_task_, (const in_type *)mproxy_in_,     \
				(out_type *)mproxy_out_);                      \
	}                                                                      \
	MPROXY_TASK_DEFINE_(function, 0, mproxy_task_flat_##function,          \
			    sizeof(in_type), sizeof(out_type))

/**
 * mproxy_task_fail() - say why this task fails.
 * @code:   what the submitter will read; any number but 0. The negative ones
 *          of error.h keep their meaning.
 * @format: as of printf(); the text, at most 511 bytes, reaches the submitter.
 *
 * Returns: @code, for the task to return at once.
 * Since: 0.1
 */
int mproxy_task_fail(struct mproxy_task *task, int code, const char *format,
		     ...) __attribute__((format(printf, 3, 4)));

/**
 * mproxy_task_manager() - the connection of this worker to the manager.
 *
 * Returns: borrowed; lives as long as the worker.
 * Since: 0.1
 */
struct mproxy_manager *mproxy_task_manager(struct mproxy_task *task);

/**
 * mproxy_task_worker() - which worker this is.
 *
 * Returns: 0, 1, … below the number of workers; one that replaces another
 *          gets the number that is free.
 * Since: 0.1
 */
int mproxy_task_worker(const struct mproxy_task *task);

#ifdef __cplusplus
}
#endif

#endif
