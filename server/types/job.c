/*
 * Job: the tasks of one submit, and their results. A future refers to one.
 *
 * Tasks come in pages, so that a million of them is no single message, and
 * run as soon as they are there. Results stay until the last reference to the
 * job goes, but for those that next() gave away.
 */
#include <stdlib.h>

#include "mproxy/error.h"
#include "server/types/pool.h"

/* --- state --- */

static int
job_create(struct call *call, struct object *object, const struct value *args,
	   size_t n_args)
{
	struct pool_job *job = job_of(object);

	(void)call;
	(void)args;
	(void)n_args;
	list_init(&job->fresh);
	waitlist_init(&job->waiters);
	waitlist_init(&job->getters);
	waitlist_init(&job->takers);
	return 0;
}

struct pool_job *
job_make(struct call *call, struct pool *pool, uint32_t name, size_t total)
{
	struct object *object = object_new(call, &job_type, NULL, 0);
	struct pool_job *job;

	if (!object)
		return NULL;
	job = job_of(object);
	job->name = name;
	job->total = total;
	if (total > 0) {
		job->pool = pool;
		list_append(&pool->jobs, &job->link);
	}
	return job;
}

struct pool_task *
job_task(const struct pool_job *job, size_t index)
{
	return job->blocks[index / JOB_BLOCK] + index % JOB_BLOCK;
}

/* Nothing is pending: the pool lets it go. May free the job. */
static void
leave_pool(struct pool_job *job)
{
	bool held = job->held;

	if (job->finished < job->added)
		return;
	job->held = false;
	if (job_is_complete(job) && job->pool) {
		list_remove(&job->link);
		job->pool = NULL;
	}
	if (held)
		object_unref(&job->object);
}

static bool
job_destroy(struct object *object, size_t budget)
{
	struct pool_job *job = job_of(object);
	struct core *core = object->core;
	size_t i;

	list_remove(&job->link);
	/* only when the core ends are there tasks that have not finished */
	for (; job->n_freed < job->added && budget > 0; budget--) {
		struct pool_task *task = job_task(job, job->n_freed++);

		list_remove(&task->link);
		if (task->worker)
			task->worker->task = NULL;
		item_free(core, task->arg);
		item_free(core, task->text);
		item_free(core, task->value);
	}
	if (job->n_freed < job->added)
		return false;
	for (i = 0; i < job->n_blocks; i++)
		free(job->blocks[i]);
	free(job->blocks);
	item_free(core, job->reason);
	return true;
}

/* --- adding tasks --- */

/* Room for one more; NULL without memory. */
static struct pool_task *
new_task(struct pool_job *job, size_t index)
{
	size_t block = index / JOB_BLOCK, n = job->total - block * JOB_BLOCK;
	struct pool_task **blocks;

	if (block == job->n_blocks) {
		/* grows by doubling when its size is a power of two */
		if ((block & (block - 1)) == 0) {
			blocks = realloc(job->blocks,
					 (block ? 2 * block : 1) *
						 sizeof(struct pool_task *));
			if (!blocks)
				return NULL;
			job->blocks = blocks;
		}
		job->blocks[block] = calloc(n < JOB_BLOCK ? n : JOB_BLOCK,
					    sizeof(struct pool_task));
		if (!job->blocks[block])
			return NULL;
		job->n_blocks++;
	}
	return job_task(job, index);
}

static void
note_handle(void *context, struct value_handle handle)
{
	(void)handle;
	*(bool *)context = true;
}

/* NULL after call_fail(). */
static struct item *
argument(struct call *call, struct span bytes, bool list_has_handles)
{
	struct value value = value_decode(bytes);

	if (bytes.size > call_max_value(call) - POOL_VALUE_MARGIN) {
		call_fail(call, MPROXY_ERR_TOO_BIG,
			  "the argument has %zu bytes, the limit is %zu",
			  bytes.size, call_max_value(call) - POOL_VALUE_MARGIN);
		return NULL;
	}
	value.has_handles = false;
	if (list_has_handles)
		value_each_handle(bytes, note_handle, &value.has_handles);
	return item_new(call, &value);
}

/* How many tasks were made of the list; all of them, or call_fail() was
 * called. */
static size_t
make_tasks(struct call *call, struct pool_job *job, const struct value *list)
{
	struct value_cursor cursor = value_items(list);
	struct span bytes;
	size_t n = 0;

	while (value_next(&cursor, &bytes)) {
		struct pool_task *task = new_task(job, job->added + n);

		if (!task) {
			call_fail_memory(call);
			return n;
		}
		*task = (struct pool_task){ .job = job,
					    .index = job->added + n,
					    .name = job->name };
		task->arg = argument(call, bytes, list->has_handles);
		if (!task->arg)
			return n;
		n++;
	}
	return n;
}

bool
job_add(struct call *call, struct pool_job *job, const struct value *list)
{
	size_t wanted = value_count(list), n, i;

	if (wanted > job->total - job->added) {
		call_fail(call, MPROXY_ERR_INVALID,
			  "%zu more tasks, but of %zu there are %zu already",
			  wanted, job->total, job->added);
		return false;
	}
	n = make_tasks(call, job, list);
	if (n < wanted) {
		while (n > 0)
			item_free(call_core(call),
				  job_task(job, job->added + --n)->arg);
		return false;
	}
	for (i = 0; i < n; i++)
		task_queue(job->pool, job_task(job, job->added + i));
	job->added += n;
	if (n > 0 && !job->held) {
		job->held = true;
		object_ref(&job->object);
	}
	return true;
}

static void
job_more(struct call *call, struct object *object, const struct value *args,
	 size_t n_args)
{
	struct pool_job *job = job_of(object);

	(void)n_args;
	if (!job->pool || job->pool->state != POOL_OPEN)
		call_fail(call, MPROXY_ERR_CLOSED,
			  job->pool ? "the pool is closed"
				    : "the job takes no more tasks");
	else if (job_add(call, job, &args[0]))
		call_reply(call);
}

/* --- ending --- */

void
job_finished(struct pool_job *job, struct pool_task *task)
{
	job->finished++;
	if (task->status != 0)
		job->failed++;
	list_append(&job->fresh, &task->link);
	/* a plain one of many cancelled ones can wait for destroy() */
	if (task->status != MPROXY_ERR_CANCELLED || task->arg->has_handles) {
		item_free(job->object.core, task->arg);
		task->arg = NULL;
	}
	object_touch(&job->object);
	leave_pool(job);
}

void
job_cancel(struct pool_job *job, int status, const char *reason)
{
	struct pool *pool = job->pool;
	size_t i, end = job->added;

	if (!pool)
		return;
	job->total = end;
	if (!job->reason)
		job->reason = text_item(job->object.core, "%s", reason);
	object_ref(&job->object);
	for (i = 0; i < end; i++) {
		struct pool_task *task = job_task(job, i);

		if (task->state == TASK_QUEUED)
			task_finish(pool, task, status, NULL, NULL);
	}
	leave_pool(job);
	object_touch(&job->object);
	object_unref(&job->object);
}

static void
job_cancel_call(struct call *call, struct object *object,
		const struct value *args, size_t n_args)
{
	struct pool_job *job = job_of(object);
	size_t finished = job->finished;

	(void)args;
	(void)n_args;
	job_cancel(job, MPROXY_ERR_CANCELLED, "the job was cancelled");
	call_reply_int(call, (int64_t)(job->finished - finished));
}

/* --- looking --- */

static void
job_format(const struct object *object, struct buffer *out, size_t max)
{
	const struct pool_job *job = job_of((struct object *)(uintptr_t)object);

	(void)max;
	buffer_printf(out, "<%zu of %zu tasks done, %zu failed>", job->finished,
		      job->total, job->failed);
}

static const char *
job_check(const struct object *object)
{
	const struct pool_job *job = job_of((struct object *)(uintptr_t)object);
	size_t finished = 0, failed = 0, taken = 0, i;

	for (i = 0; i < job->added; i++) {
		const struct pool_task *task = job_task(job, i);

		if (task->state < TASK_FINISHED)
			continue;
		finished++;
		failed += task->status != 0;
		taken += task->state == TASK_TAKEN;
		if (task->worker)
			return "a finished task still has a worker";
	}
	if (finished != job->finished || failed != job->failed ||
	    taken != job->taken)
		return "a job miscounts its tasks";
	if (job->held != (job->added > finished))
		return "a pool holds a job without need, or not with need";
	if (job->pool ? job_is_complete(job) : !job_is_complete(job))
		return "a job is in its pool without need, or not with need";
	return NULL;
}

static void
job_each_item(const struct object *object,
	      void (*visit)(void *context, const struct item *item),
	      void *context)
{
	const struct pool_job *job = job_of((struct object *)(uintptr_t)object);
	size_t i;

	for (i = job->n_freed; i < job->added; i++) {
		const struct pool_task *task = job_task(job, i);

		if (task->arg)
			visit(context, task->arg);
		if (task->value)
			visit(context, task->value);
	}
}

/* --- the type --- */

static const struct method job_methods[] = {
	{ "add", "l", "", job_more, 0, "a task for each item" },
	{ "cancel", "", "i", job_cancel_call, 0,
	  "cancel what is queued: how many; no more tasks come" },
	{ "wait", "", "", job_wait, METHOD_WAITS,
	  "wait until all have finished" },
	{ "get", "i", "ivv", job_get, METHOD_WAITS,
	  "wait for one: status, text, value" },
	{ "results", "i", "l", job_results, METHOD_WAITS,
	  "wait for all; a page from this one on: status, text, value in "
	  "turn" },
	{ "next", "i", "l", job_next, METHOD_WAITS,
	  "wait for at least one, at most so many, in the order in which they "
	  "finish, each given once: index, status, text, value in turn; CLOSED "
	  "at the end" },
	{ "done", "", "v", job_done, METHOD_READONLY,
	  "numbers: all, finished, failed" },
	METHOD_END,
};

const struct object_type job_type = {
	.name = "job",
	.about = "the tasks of one submit to a pool, and their results",
	.size = sizeof(struct pool_job),
	.create = job_create,
	.destroy = job_destroy,
	.wake = job_wake,
	.format = job_format,
	.check = job_check,
	.each_item = job_each_item,
	.methods = job_methods,
};
