/*
 * What is asked of a job: how far it is, and its results, one, all in pages,
 * or as they come.
 */
#include "mproxy/error.h"
#include "server/types/pool.h"

/* A page of results ends after so much. */
#define PAGE_TASKS 4096u
#define PAGE_BYTES ((size_t)1 << 20)

/* --- asking --- */

/* A number to wait with. */
static void *
number_data(size_t number)
{
	return (void *)(uintptr_t)(number + 1);
}

static size_t
data_number(const struct call *call)
{
	return (size_t)(uintptr_t)call_data(call) - 1;
}

void
job_wait(struct call *call, struct object *object, const struct value *args,
	 size_t n_args)
{
	(void)args;
	(void)n_args;
	call_park(call, &job_of(object)->waiters, MPROXY_ERR_WOULD_BLOCK, NULL,
		  NULL);
}

/* False after call_fail(). */
static bool
check_index(struct call *call, const struct pool_job *job, int64_t index)
{
	if (index >= 0 && (uint64_t)index < job->total)
		return true;
	call_fail(call, MPROXY_ERR_RANGE, "no task %lld among %zu",
		  (long long)index, job->total);
	return false;
}

static void
answer_get(struct call *call, const struct pool_task *task)
{
	if (task->state == TASK_TAKEN)
		call_fail(call, MPROXY_ERR_NOT_FOUND,
			  "result %zu was taken by next", task->index);
	else
		task_reply(call, task);
}

void
job_get(struct call *call, struct object *object, const struct value *args,
	size_t n_args)
{
	struct pool_job *job = job_of(object);
	size_t index = (size_t)args[0].integer;

	(void)n_args;
	if (!check_index(call, job, args[0].integer))
		return;
	if (index < job->added && job_task(job, index)->state >= TASK_FINISHED)
		answer_get(call, job_task(job, index));
	else
		call_park(call, &job->getters, MPROXY_ERR_WOULD_BLOCK,
			  number_data(index), NULL);
}

/* From this task on, as many as are good for one reply. */
static void
reply_page(struct call *call, const struct pool_job *job, size_t from)
{
	struct buffer *out = call_scratch(call);
	struct buffer small = BUFFER_INIT;
	bool has_handles = false;
	size_t mark, i;

	mark = value_list_begin(out);
	for (i = from; i < job->added && i - from < PAGE_TASKS; i++) {
		const struct pool_task *task = job_task(job, i);
		size_t size = task->value ? task->value->size : 0;

		if (i > from && out->size + size > PAGE_BYTES)
			break;
		task_put(out, &small, task);
		has_handles |= task_has_handles(task);
	}
	value_list_end(out, mark);
	buffer_deinit(&small);
	call_reply_scratch(call, has_handles);
}

void
job_results(struct call *call, struct object *object, const struct value *args,
	    size_t n_args)
{
	struct pool_job *job = job_of(object);
	int64_t from = args[0].integer;

	(void)n_args;
	if (from < 0 || (uint64_t)from > job->total)
		check_index(call, job, from);
	else if (job_is_complete(job))
		reply_page(call, job, (size_t)from);
	else
		call_park(call, &job->waiters, MPROXY_ERR_WOULD_BLOCK,
			  number_data((size_t)from), NULL);
}

static void
give_away(struct pool_job *job, struct pool_task *task)
{
	struct core *core = job->object.core;

	list_remove(&task->link);
	task->state = TASK_TAKEN;
	item_free(core, task->text);
	item_free(core, task->value);
	task->text = task->value = NULL;
	job->taken++;
}

/* Up to n of those that finished first: index, status, text, value in turn. */
static void
reply_fresh(struct call *call, struct pool_job *job, size_t n)
{
	struct buffer *out = call_scratch(call);
	struct buffer small = BUFFER_INIT;
	struct list_link *link = job->fresh.next;
	size_t mark = value_list_begin(out), i;
	bool has_handles = false;

	for (i = 0; i < n && link != &job->fresh; i++, link = link->next) {
		const struct pool_task *task = LIST_ENTRY(
			link, struct pool_task, link);
		size_t size = task->value ? task->value->size : 0;

		if (i > 0 && out->size + size > PAGE_BYTES)
			break;
		buffer_clear(&small);
		value_put_int(&small, (int64_t)task->index);
		value_list_item(out, buffer_span(&small));
		task_put(out, &small, task);
		has_handles |= task_has_handles(task);
	}
	value_list_end(out, mark);
	buffer_deinit(&small);
	if (buffer_failed(out)) {
		call_fail_memory(call);
		return;
	}
	call_reply_scratch(call, has_handles);
	for (; i > 0; i--)
		give_away(job, LIST_ENTRY(list_first(&job->fresh),
					  struct pool_task, link));
}

void
job_next(struct call *call, struct object *object, const struct value *args,
	 size_t n_args)
{
	struct pool_job *job = job_of(object);
	int64_t n = args[0].integer;

	(void)n_args;
	if (n < 1)
		call_fail(call, MPROXY_ERR_INVALID,
			  "at least one is asked for");
	else
		call_park(call, &job->takers, MPROXY_ERR_WOULD_BLOCK,
			  number_data((size_t)n < PAGE_TASKS ? (size_t)n
							     : PAGE_TASKS),
			  NULL);
}

void
job_done(struct call *call, struct object *object, const struct value *args,
	 size_t n_args)
{
	const struct pool_job *job = job_of(object);
	int64_t n[] = { (int64_t)job->total, (int64_t)job->finished,
			(int64_t)job->failed };

	(void)args;
	(void)n_args;
	value_put_numbers(call_scratch(call), MPROXY_I64, n, 3);
	call_reply_scratch(call, false);
}

/* --- waking --- */

static void
serve_getters(struct pool_job *job)
{
	struct call *call = waitlist_first(&job->getters), *next;

	for (; call; call = next) {
		size_t index = data_number(call);

		next = waitlist_next(&job->getters, call);
		if (index < job->added &&
		    job_task(job, index)->state >= TASK_FINISHED)
			answer_get(call, job_task(job, index));
		else if (index >= job->total)
			call_fail(call, MPROXY_ERR_CANCELLED,
				  "task %zu was never submitted", index);
	}
}

void
job_wake(struct object *object)
{
	struct pool_job *job = job_of(object);
	struct call *call;

	serve_getters(job);
	while (!list_is_empty(&job->fresh) &&
	       (call = waitlist_first(&job->takers)))
		reply_fresh(call, job, data_number(call));
	if (!job_is_complete(job))
		return;
	while ((call = waitlist_first(&job->waiters))) {
		if (call_data(call))
			reply_page(call, job, data_number(call));
		else
			call_reply(call);
	}
	if (list_is_empty(&job->fresh))
		waitlist_fail_all(&job->takers, MPROXY_ERR_CLOSED,
				  "all results were given");
}
