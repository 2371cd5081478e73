/*
 * Pool: tasks, and the workers that run them.
 *
 * Everything about a task is decided here, in one place: what waits, who runs
 * what, how it ended. Workers are lanes that ask for tasks; the supervisor is a
 * lane that keeps them alive and tells what they died of.
 */
#include "server/types/pool.h"

#include <stdlib.h>

#include "mproxy/error.h"
#include "server/core/record.h"

/* --- state --- */

static void
free_setup(struct pool *pool)
{
	struct core *core = pool->object.core;

	while (pool->n_names > 0)
		item_free(core, pool->names[--pool->n_names]);
	free(pool->names);
	pool->names = NULL;
	item_free(core, pool->initializer);
	item_free(core, pool->init_arg);
	item_free(core, pool->reason);
	pool->initializer = pool->init_arg = pool->reason = NULL;
}

static int
take_names(struct call *call, struct pool *pool, const struct value *list)
{
	struct value_cursor cursor = value_items(list);
	size_t n = value_count(list);
	struct span bytes;

	pool->names = calloc(n ? n : 1, sizeof(struct item *));
	if (!pool->names) {
		call_fail_memory(call);
		return MPROXY_ERR_NO_MEMORY;
	}
	while (value_next(&cursor, &bytes)) {
		struct value name = value_decode(bytes);

		if (name.kind != MPROXY_STRING || name.text.size > 255) {
			call_fail(
				call, MPROXY_ERR_INVALID,
				"a task is named by at most 255 bytes of text");
			return MPROXY_ERR_INVALID;
		}
		pool->names[pool->n_names] = item_new(call, &name);
		if (!pool->names[pool->n_names])
			return MPROXY_ERR_NO_MEMORY;
		pool->n_names++;
	}
	return 0;
}

static int
take_setup(struct call *call, struct pool *pool, const struct value *args)
{
	if (args[0].integer < 1 || args[0].integer > POOL_MAX_WORKERS) {
		call_fail(call, MPROXY_ERR_INVALID,
			  "a pool has 1 to %d workers, not %lld",
			  POOL_MAX_WORKERS, (long long)args[0].integer);
		return MPROXY_ERR_INVALID;
	}
	pool->n_workers = (size_t)args[0].integer;
	if (args[1].text.size > 0 &&
	    !(pool->initializer = item_new(call, &args[1])))
		return MPROXY_ERR_NO_MEMORY;
	pool->init_arg = item_new(call, &args[2]);
	if (!pool->init_arg)
		return MPROXY_ERR_NO_MEMORY;
	return take_names(call, pool, &args[3]);
}

static int
pool_create(struct call *call, struct object *object, const struct value *args,
	    size_t n_args)
{
	struct pool *pool = pool_of(object);
	int error;

	(void)n_args;
	list_init(&pool->queued);
	list_init(&pool->answers);
	list_init(&pool->jobs);
	list_init(&pool->workers);
	list_init(&pool->left);
	list_init(&pool->idle);
	waitlist_init(&pool->callers);
	waitlist_init(&pool->takers);
	waitlist_init(&pool->commands);
	waitlist_init(&pool->joiners);
	error = take_setup(call, pool, args);
	if (error)
		free_setup(pool);
	return error;
}

static bool
pool_destroy(struct object *object, size_t budget)
{
	struct pool *pool = pool_of(object);
	struct list_link *link;

	(void)budget;
	tasks_fail_all(pool, MPROXY_ERR_CANCELLED, "the pool is gone", true);
	while ((link = list_first(&pool->jobs))) {
		LIST_ENTRY(link, struct pool_job, link)->pool = NULL;
		list_remove(link);
	}
	while ((link = list_first(&pool->left)))
		pool_worker_free(LIST_ENTRY(link, struct pool_worker, link));
	free_setup(pool);
	return true;
}

/* --- submitting --- */

/* False after call_fail(). */
static bool
takes_tasks(struct call *call, const struct pool *pool)
{
	struct value reason;

	if (pool->state == POOL_BROKEN && pool->reason) {
		reason = value_decode(item_span(pool->reason));
		call_fail(call, MPROXY_ERR_BROKEN, "the pool is broken: %.*s",
			  (int)reason.text.size,
			  (const char *)reason.text.data);
	} else if (pool->state != POOL_OPEN) {
		call_fail(call, MPROXY_ERR_CLOSED, "the pool is closed");
	}
	return pool->state == POOL_OPEN;
}

/* False after call_fail(). */
static bool
find_name(struct call *call, const struct pool *pool, const struct value *name,
	  uint32_t *ret)
{
	size_t i;

	for (i = 0; i < pool->n_names; i++) {
		if (!span_equal(item_span(pool->names[i]), name->bytes))
			continue;
		*ret = (uint32_t)i;
		return true;
	}
	call_fail(call, MPROXY_ERR_NO_TASK,
		  "no task \"%.*s\" among the %zu of this pool",
		  (int)(name->text.size < 255 ? name->text.size : 255),
		  (const char *)name->text.data, pool->n_names);
	return false;
}

static void
pool_submit(struct call *call, struct object *object, const struct value *args,
	    size_t n_args)
{
	struct pool *pool = pool_of(object);
	struct pool_job *job;
	uint32_t name;

	(void)n_args;
	if (!takes_tasks(call, pool) || !find_name(call, pool, &args[0], &name))
		return;
	if (args[1].integer < 0) {
		call_fail(call, MPROXY_ERR_INVALID,
			  "a negative number of tasks");
		return;
	}
	job = job_make(call, pool, name, (size_t)args[1].integer);
	if (!job)
		return;
	if (job_add(call, job, &args[2])) {
		object_put_handle(&job->object, call_scratch(call));
		call_reply_scratch(call, true);
	}
	object_unref(&job->object);
}

/* The call that waits for the task ended without its answer. */
static void
caller_gone(struct call *call, void *data)
{
	struct pool_task *task = data;
	struct pool *pool = pool_of(call_object(call));

	task->caller = NULL;
	if (task->state == TASK_QUEUED) {
		task_finish(pool, task, MPROXY_ERR_CANCELLED, NULL, NULL);
	} else if (task->state == TASK_FINISHED) {
		list_remove(&task->link);
		task_free(pool->object.core, task);
	}
}

static void
pool_apply(struct call *call, struct object *object, const struct value *args,
	   size_t n_args)
{
	struct pool *pool = pool_of(object);
	struct pool_task *task;
	uint32_t name;

	(void)n_args;
	if (!takes_tasks(call, pool) || !find_name(call, pool, &args[0], &name))
		return;
	if (args[1].bytes.size > call_max_value(call) - POOL_VALUE_MARGIN) {
		call_fail(call, MPROXY_ERR_TOO_BIG,
			  "the argument has %zu bytes, the limit is %zu",
			  args[1].bytes.size,
			  call_max_value(call) - POOL_VALUE_MARGIN);
		return;
	}
	task = calloc(1, sizeof(*task));
	if (!task) {
		call_fail_memory(call);
		return;
	}
	task->name = name;
	task->arg = item_new(call, &args[1]);
	if (!task->arg) {
		free(task);
		return;
	}
	task->caller = call;
	task_queue(pool, task);
	call_park(call, &pool->callers, MPROXY_ERR_WOULD_BLOCK, task,
		  caller_gone);
}

/* --- ending --- */

static void
pool_close(struct call *call, struct object *object, const struct value *args,
	   size_t n_args)
{
	struct pool *pool = pool_of(object);

	(void)args;
	(void)n_args;
	if (pool->state == POOL_OPEN)
		pool->state = POOL_CLOSED;
	call_reply(call);
}

static void
pool_terminate(struct call *call, struct object *object,
	       const struct value *args, size_t n_args)
{
	struct pool *pool = pool_of(object);

	(void)args;
	(void)n_args;
	if (pool->state < POOL_TERMINATED) {
		pool->state = POOL_TERMINATED;
		tasks_fail_all(pool, MPROXY_ERR_CANCELLED,
			       "the pool was terminated", true);
	}
	call_reply(call);
}

static void
pool_join(struct call *call, struct object *object, const struct value *args,
	  size_t n_args)
{
	struct pool *pool = pool_of(object);

	(void)args;
	(void)n_args;
	if (pool->state == POOL_OPEN)
		call_fail(call, MPROXY_ERR_INVALID,
			  "join before close or terminate would never end");
	else
		call_park(call, &pool->joiners, MPROXY_ERR_WOULD_BLOCK, NULL,
			  NULL);
}

static const char *
state_text(const struct pool *pool)
{
	static const char *const texts[] = {
		[POOL_OPEN] = "open",
		[POOL_CLOSED] = "closed",
		[POOL_TERMINATED] = "terminated",
		[POOL_BROKEN] = "broken",
	};

	return texts[pool->state];
}

static void
pool_stats(struct call *call, struct object *object, const struct value *args,
	   size_t n_args)
{
	const struct pool *pool = pool_of(object);
	struct record record = RECORD_INIT;

	(void)args;
	(void)n_args;
	record_text(&record, "state", state_text(pool));
	record_uint(&record, "wanted", pool->n_workers);
	record_uint(&record, "workers", pool->n_living);
	record_uint(&record, "idle", pool->n_idle);
	record_uint(&record, "queued", pool->n_queued);
	record_uint(&record, "running", pool->pending - pool->n_queued);
	record_uint(&record, "done", pool->n_done);
	record_uint(&record, "failed", pool->n_failed);
	record_uint(&record, "cancelled", pool->n_cancelled);
	record_uint(&record, "died", pool->n_died);
	record_reply(&record, call);
}

/* --- waking --- */

static void
pool_wake(struct object *object)
{
	struct pool *pool = pool_of(object);
	struct list_link *link;
	struct call *call;

	while ((link = list_first(&pool->answers))) {
		struct pool_task *task = LIST_ENTRY(link, struct pool_task,
						    link);

		list_remove(link);
		call_take_data(task->caller);
		task_reply(task->caller, task);
		task_free(object->core, task);
	}
	pool_serve_staff(pool);
	if (pool->state == POOL_OPEN || pool->pending > 0 ||
	    pool->n_living > 0 || pool->supervisor.lane)
		return;
	while ((call = waitlist_first(&pool->joiners)))
		call_reply(call);
}

/* --- looking --- */

static void
pool_format(const struct object *object, struct buffer *out, size_t max)
{
	const struct pool *pool = pool_of((struct object *)(uintptr_t)object);

	(void)max;
	buffer_printf(out, "<%s, %zu workers, %zu queued, %zu running>",
		      state_text(pool), pool->n_living, pool->n_queued,
		      pool->pending - pool->n_queued);
}

static size_t
busy_in(const struct list_link *workers, size_t *ret_n)
{
	const struct list_link *link;
	size_t busy = 0;

	*ret_n = 0;
	for (link = workers->next; link != workers; link = link->next) {
		const struct pool_worker *worker = LIST_ENTRY(
			link, struct pool_worker, link);

		++*ret_n;
		if (worker->task && worker->task->worker == worker)
			busy++;
	}
	return busy;
}

static const char *
pool_check(const struct object *object)
{
	const struct pool *pool = pool_of((struct object *)(uintptr_t)object);
	size_t queued = 0, living, left, idle = 0, busy;
	const struct list_link *link;

	for (link = pool->queued.next; link != &pool->queued; link = link->next)
		queued++;
	for (link = pool->idle.next; link != &pool->idle; link = link->next)
		idle++;
	busy = busy_in(&pool->workers, &living) + busy_in(&pool->left, &left);
	if (queued != pool->n_queued)
		return "a pool miscounts its queued tasks";
	if (queued + busy != pool->pending)
		return "a pool miscounts its pending tasks";
	if (living != pool->n_living || left != pool->n_left ||
	    idle != pool->n_idle)
		return "a pool miscounts its workers";
	if (queued > 0 && idle > 0)
		return "a pool lets workers idle while tasks wait";
	if (!list_is_empty(&pool->answers))
		return "a pool keeps an answer back";
	return NULL;
}

static void
visit_some(const struct item *item,
	   void (*visit)(void *context, const struct item *item), void *context)
{
	if (item)
		visit(context, item);
}

/* What belongs to a job is the job's. */
static void
visit_task(const struct pool_task *task,
	   void (*visit)(void *context, const struct item *item), void *context)
{
	if (task && !task->job)
		visit_some(task->arg, visit, context);
}

static void
pool_each_item(const struct object *object,
	       void (*visit)(void *context, const struct item *item),
	       void *context)
{
	const struct pool *pool = pool_of((struct object *)(uintptr_t)object);
	const struct list_link *link;

	visit_some(pool->init_arg, visit, context);
	for (link = pool->queued.next; link != &pool->queued; link = link->next)
		visit_task(LIST_ENTRY(link, struct pool_task, link), visit,
			   context);
	for (link = pool->workers.next; link != &pool->workers;
	     link = link->next)
		visit_task(LIST_ENTRY(link, struct pool_worker, link)->task,
			   visit, context);
	for (link = pool->left.next; link != &pool->left; link = link->next)
		visit_task(LIST_ENTRY(link, struct pool_worker, link)->task,
			   visit, context);
}

/* --- the type --- */

static const struct method pool_methods[] = {
	{ "submit", "sil", "h", pool_submit, 0,
	  "a job: a task of this name for each item, of so many in all" },
	{ "apply", "sv", "ivv", pool_apply, METHOD_WAITS,
	  "run one task and wait: status, text, value" },
	{ "close", "", "", pool_close, 0, "take no more tasks" },
	{ "terminate", "", "", pool_terminate, 0,
	  "cancel all tasks and kill the workers" },
	{ "join", "", "", pool_join, METHOD_WAITS,
	  "wait until all workers and the supervisor are gone" },
	{ "stats", "", "m", pool_stats, METHOD_READONLY, "figures" },
	{ "enlist", "i", "ivv", pool_enlist, 0,
	  "be a worker, pid: number, initializer, its argument" },
	{ "unfit", "s", "", pool_unfit, 0, "why the initializer failed" },
	{ "next", "iivv", "isv", pool_next, METHOD_WAITS,
	  "report ticket, status, text, value; wait for ticket, task, "
	  "argument" },
	{ "supervise", "i", "i", pool_supervise, METHOD_WAITS,
	  "be the supervisor; wait for another command than this" },
	{ "reaped", "ii", "", pool_reaped, 0, "what this pid died of" },
	{ "unable", "s", "", pool_unable, 0, "why no worker could be started" },
	METHOD_END,
};

const struct object_type pool_type = {
	.name = "pool",
	.about = "tasks, and the worker processes that run them",
	.takes = "isvl",
	.size = sizeof(struct pool),
	.create = pool_create,
	.destroy = pool_destroy,
	.wake = pool_wake,
	.format = pool_format,
	.check = pool_check,
	.each_item = pool_each_item,
	.methods = pool_methods,
};
