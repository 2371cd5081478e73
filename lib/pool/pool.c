/*
 * Pools as their owner sees them. What a pool is and does is in the manager;
 * here are a handle of it, and the two pipes by which the owner and the
 * supervisor know of each other without the manager.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/pool/pool-private.h"

#define END_MS 2000 /* for the supervisor to end */

/* --- making --- */

void
mproxy_pool_options_init(struct mproxy_pool_options *options)
{
	*options = (struct mproxy_pool_options){ .size = sizeof(*options) };
}

/* The options of a program that was compiled with another version. */
static int
take_options(const struct mproxy_pool_options *options,
	     struct mproxy_pool_options *ret)
{
	mproxy_pool_options_init(ret);
	if (options) {
		size_t size = options->size;

		memcpy(ret, options, size < sizeof(*ret) ? size : sizeof(*ret));
	}
	if (ret->workers < 0)
		return error_set(MPROXY_ERR_INVALID,
				 "a pool cannot have %d workers", ret->workers);
	if ((unsigned)ret->method > MPROXY_START_SPAWN)
		return error_set(MPROXY_ERR_INVALID, "no start method %d",
				 (int)ret->method);
	if (ret->workers == 0)
		ret->workers = cpus_default_workers();
	return tasks_check();
}

/* The arguments of the constructor, see server/types/pool.c. */
static struct mproxy_value *
setup_value(const struct mproxy_pool_options *options)
{
	const struct mproxy_task_info *initializer = options->initializer;
	struct mproxy_value *arg = options->init_arg;
	struct mproxy_value *items[] = {
		mproxy_value_int(options->workers),
		mproxy_value_string(initializer ? initializer->name : ""),
		arg ? mproxy_value_ref(arg) : mproxy_value_nil(),
		tasks_names(),
	};

	return mproxy_value_list(4, items);
}

int
mproxy_pool_new(struct mproxy_manager *m,
		const struct mproxy_pool_options *options,
		struct mproxy_pool **ret)
{
	struct mproxy_pool_options taken;
	struct mproxy_pool *pool;
	int error;

	error = take_options(options, &taken);
	if (error)
		return error;
	pool = calloc(1, sizeof(*pool));
	if (!pool)
		return error_set(MPROXY_ERR_NO_MEMORY, "no memory for a pool");
	pool->workers = taken.workers;
	pool->owner = getpid();
	pool->leash = pool->life = -1;
	error = mproxy_object_new(m, "pool", setup_value(&taken),
				  &pool->object);
	if (!error)
		error = supervisor_start(pool, taken.method);
	if (error) {
		mproxy_object_free(pool->object);
		free(pool);
		return error;
	}
	*ret = pool;
	return 0;
}

/* --- ending --- */

/* Whether the supervisor has ended in time, and with it all workers. */
static bool
has_ended(const struct mproxy_pool *pool)
{
	int64_t deadline = clock_now() + END_MS * NS_PER_MS, left;
	struct pollfd life = { .fd = pool->life };
	int r;

	do {
		left = deadline - clock_now();
		r = left > 0 ? poll(&life, 1, (int)(left / NS_PER_MS) + 1) : 0;
	} while (r < 0 && errno == EINTR);
	return r != 0;
}

/* One that was stopped would stay for ever: nobody else knows of it. While its
 * end of the pipe is open, its number is its own. */
static void
wait_for_end(const struct mproxy_pool *pool)
{
	if (!has_ended(pool) && pool->supervisor > 0) {
		kill(pool->supervisor, SIGKILL);
		has_ended(pool);
	}
}

struct mproxy_pool *
mproxy_pool_free(struct mproxy_pool *pool)
{
	if (!pool)
		return NULL;
	if (pool->owner == getpid()) {
		mproxy_pool_terminate(pool);
		close(pool->leash);
		wait_for_end(pool);
	} else {
		close(pool->leash);
	}
	close(pool->life);
	mproxy_object_free(pool->object);
	free(pool);
	return NULL;
}

int
mproxy_pool_workers(const struct mproxy_pool *pool)
{
	return pool->workers;
}

int
pool_tell(struct mproxy_object *object, const char *method, int timeout_ms)
{
	return manager_call(object->manager, object->id, object->type, method,
			    0, NULL, timeout_ms, 0, NULL);
}

int
mproxy_pool_close(struct mproxy_pool *pool)
{
	return pool_tell(pool->object, "close", CALL_NO_WAIT);
}

int
mproxy_pool_terminate(struct mproxy_pool *pool)
{
	return pool_tell(pool->object, "terminate", CALL_NO_WAIT);
}

int
mproxy_pool_join(struct mproxy_pool *pool, int timeout_ms)
{
	return pool_tell(pool->object, "join", timeout_ms);
}

int
mproxy_pool_stats(struct mproxy_pool *pool, struct mproxy_value **ret)
{
	return object_call(pool->object, "stats", CALL_NO_WAIT, 0, NULL, ret);
}

/* --- one task --- */

int
mproxy_pool_apply_name(struct mproxy_pool *pool, const char *task,
		       struct mproxy_value *arg, int timeout_ms,
		       struct mproxy_value **ret)
{
	struct mproxy_value *name = mproxy_value_string(task);
	struct mproxy_value *text = NULL, *value = NULL;
	int error, status = 0;
	struct span args[2];

	if (name && arg) {
		args[0] = value_span(name);
		args[1] = value_span(arg);
		error = outcome_call(pool->object, "apply", 2, args, timeout_ms,
				     &status, &text, &value);
	} else {
		error = name ? value_null_error()
			     : error_set(MPROXY_ERR_INVALID,
					 "the task's name is no text");
	}
	mproxy_value_free(name);
	mproxy_value_free(arg);
	return error ? error : outcome_return(task, status, text, value, ret);
}

int
mproxy_pool_apply(struct mproxy_pool *pool, const struct mproxy_task_info *task,
		  struct mproxy_value *arg, int timeout_ms,
		  struct mproxy_value **ret)
{
	return mproxy_pool_apply_name(pool, task->name, arg, timeout_ms, ret);
}

int
mproxy_pool_apply_async(struct mproxy_pool *pool,
			const struct mproxy_task_info *task,
			struct mproxy_value *arg, struct mproxy_future **ret)
{
	return mproxy_pool_map_async(pool, task, 1, &arg, ret);
}
