/*
 * Submitting many tasks. Arguments leave in pages: the first of them run while
 * the last are still being written, and a million are no single message.
 */
#include <stdlib.h>

#include "lib/pool/pool-private.h"

#define PAGE_ITEMS 1024u
#define PAGE_BYTES ((size_t)128 << 10)

/* --- pages --- */

static void
begin_page(struct submit *submit)
{
	buffer_clear(&submit->page);
	submit->mark = value_list_begin(&submit->page);
	submit->in_page = 0;
}

static void
submit_deinit(struct submit *submit)
{
	buffer_deinit(&submit->page);
	submit->name = mproxy_value_free(submit->name);
}

static int
fail(struct submit *submit, int error)
{
	if (submit->job)
		job_abandon(submit->job);
	submit->job = NULL;
	submit_deinit(submit);
	return error;
}

/* The first page makes the job. */
static int
send_first(struct submit *submit)
{
	const struct mproxy_object *pool = submit->pool->object;
	struct mproxy_value *handle;
	struct buffer total = BUFFER_INIT;
	struct span args[3];
	int error = MPROXY_ERR_NO_MEMORY;

	value_put_int(&total, (int64_t)submit->total);
	args[0] = value_span(submit->name);
	args[1] = buffer_span(&total);
	args[2] = buffer_span(&submit->page);
	if (!buffer_failed(&total))
		error = manager_call(pool->manager, pool->id, pool->type,
				     "submit", 3, args, CALL_NO_WAIT, 1,
				     &handle);
	buffer_deinit(&total);
	if (error)
		return error;
	error = mproxy_value_get_object(handle, "job", &submit->job);
	mproxy_value_free(handle);
	return error;
}

static int
send_page(struct submit *submit)
{
	struct span page;

	value_list_end(&submit->page, submit->mark);
	if (buffer_failed(&submit->page))
		return error_set(MPROXY_ERR_NO_MEMORY,
				 "no memory for the arguments of a map");
	if (!submit->job)
		return send_first(submit);
	page = buffer_span(&submit->page);
	return manager_call(submit->job->manager, submit->job->id,
			    submit->job->type, "add", 1, &page, CALL_NO_WAIT, 0,
			    NULL);
}

int
submit_begin(struct submit *submit, struct mproxy_pool *pool,
	     const struct mproxy_task_info *task, size_t total)
{
	*submit = (struct submit){ .pool = pool, .total = total };
	submit->name = mproxy_value_string(task->name);
	if (!submit->name)
		return error_set(MPROXY_ERR_NO_MEMORY, "no memory for a map");
	begin_page(submit);
	return 0;
}

int
submit_add(struct submit *submit, struct span arg)
{
	int error;

	if (submit->in_page == PAGE_ITEMS ||
	    (submit->in_page > 0 &&
	     submit->page.size + arg.size > PAGE_BYTES)) {
		error = send_page(submit);
		if (error)
			return fail(submit, error);
		begin_page(submit);
	}
	value_list_item(&submit->page, arg);
	submit->in_page++;
	return 0;
}

int
submit_end(struct submit *submit, struct mproxy_object **ret_job)
{
	int error = send_page(submit);

	if (error)
		return fail(submit, error);
	*ret_job = submit->job;
	submit_deinit(submit);
	return 0;
}

void
job_abandon(struct mproxy_object *job)
{
	pool_tell(job, "cancel", CALL_NO_WAIT);
	mproxy_object_free(job);
}

/* --- values --- */

static void
free_all(struct mproxy_value *const *values, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		mproxy_value_free(values[i]);
}

static int
submit_values(struct mproxy_pool *pool, const struct mproxy_task_info *task,
	      size_t n, struct mproxy_value *const *args,
	      struct mproxy_object **ret_job)
{
	struct submit submit;
	int error;
	size_t i;

	for (i = 0; i < n; i++)
		if (!args[i])
			return error_set(MPROXY_ERR_NO_MEMORY,
					 "argument %zu is NULL", i);
	error = submit_begin(&submit, pool, task, n);
	for (i = 0; i < n && !error; i++)
		error = submit_add(&submit, value_span(args[i]));
	return error ? error : submit_end(&submit, ret_job);
}

int
mproxy_pool_map_async(struct mproxy_pool *pool,
		      const struct mproxy_task_info *task, size_t n,
		      struct mproxy_value *const *args,
		      struct mproxy_future **ret)
{
	struct mproxy_object *job = NULL;
	int error = submit_values(pool, task, n, args, &job);

	free_all(args, n);
	return error ? error : future_new(job, task->name, n, ret);
}

int
mproxy_pool_imap_unordered(struct mproxy_pool *pool,
			   const struct mproxy_task_info *task, size_t n,
			   struct mproxy_value *const *args,
			   struct mproxy_future **ret)
{
	return mproxy_pool_map_async(pool, task, n, args, ret);
}

int
mproxy_pool_map(struct mproxy_pool *pool, const struct mproxy_task_info *task,
		size_t n, struct mproxy_value *const *args, int timeout_ms,
		struct mproxy_results **ret)
{
	struct mproxy_object *job = NULL;
	int error = submit_values(pool, task, n, args, &job);

	free_all(args, n);
	if (error)
		return error;
	error = results_fetch(job, n, timeout_ms, ret);
	if (error)
		job_abandon(job);
	else
		mproxy_object_free(job);
	return error;
}
