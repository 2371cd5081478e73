/*
 * The life of a task: queued, running, perhaps gone with its worker until the
 * cause is known, then finished, once. Every change of state is in here, so
 * that the counts cannot drift.
 */
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "mproxy/error.h"
#include "server/types/pool.h"

/* --- texts --- */

struct item *
text_item(struct core *core, const char *format, ...)
{
	struct buffer value = BUFFER_INIT;
	struct item *item = NULL;
	char text[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	while (text[0] && !value_is_utf8(span_text(text)))
		text[strlen(text) - 1] = '\0';
	value_put_text(&value, span_text(text));
	if (!buffer_failed(&value))
		item = item_make(core, buffer_span(&value), false);
	buffer_deinit(&value);
	return item;
}

/* As {"pid": 4711, "signal": 9} or {"pid": 4711, "status": 3}. */
static struct item *
death_item(struct core *core, const struct pool_worker *worker)
{
	struct buffer parts = BUFFER_INIT, map = BUFFER_INIT;
	bool killed = WIFSIGNALED(worker->wait_status);
	struct item *item = NULL;
	struct span entries[4];
	size_t ends[4];
	size_t n, i;

	value_put_text(&parts, span_text("pid"));
	ends[0] = parts.size;
	value_put_int(&parts, worker->pid);
	ends[1] = parts.size;
	value_put_text(&parts, span_text(killed ? "signal" : "status"));
	ends[2] = parts.size;
	value_put_int(&parts, killed ? WTERMSIG(worker->wait_status)
				     : WEXITSTATUS(worker->wait_status));
	ends[3] = parts.size;
	n = worker->reaped ? 4 : 2;
	for (i = 0; i < n && !buffer_failed(&parts); i++) {
		size_t start = i ? ends[i - 1] : 0;

		entries[i] = span_make(parts.data + start, ends[i] - start);
	}
	if (!buffer_failed(&parts))
		value_put_map(&map, entries, n / 2);
	if (!buffer_failed(&parts) && !buffer_failed(&map))
		item = item_make(core, buffer_span(&map), false);
	buffer_deinit(&parts);
	buffer_deinit(&map);
	return item;
}

/* --- queued, running --- */

void
task_queue(struct pool *pool, struct pool_task *task)
{
	task->state = TASK_QUEUED;
	list_append(&pool->queued, &task->link);
	pool->n_queued++;
	pool->pending++;
	object_touch(&pool->object);
}

void
task_assign(struct pool *pool, struct pool_worker *worker)
{
	struct list_link *link = list_first(&pool->queued);
	struct pool_task *task = LIST_ENTRY(link, struct pool_task, link);

	list_remove(link);
	pool->n_queued--;
	task->state = TASK_RUNNING;
	task->worker = worker;
	worker->task = task;
	worker->ticket = ++pool->ticket;
}

void
task_take_back(struct pool *pool, struct pool_task *task)
{
	task->worker->task = NULL;
	task->worker = NULL;
	task->state = TASK_QUEUED;
	list_prepend(&pool->queued, &task->link);
	pool->n_queued++;
	object_touch(&pool->object);
}

/* --- finished --- */

static void
count_end(struct pool *pool, int status)
{
	if (status == 0)
		pool->n_done++;
	else if (status == MPROXY_ERR_CANCELLED)
		pool->n_cancelled++;
	else
		pool->n_failed++;
	if (status == MPROXY_ERR_WORKER_DIED)
		pool->n_died++;
}

/* From wherever it was. */
static void
leave_state(struct pool *pool, struct pool_task *task)
{
	if (task->state == TASK_QUEUED) {
		list_remove(&task->link);
		pool->n_queued--;
	}
	if (task->worker) {
		task->worker->task = NULL;
		task->worker = NULL;
	}
	pool->pending--;
}

void
task_finish(struct pool *pool, struct pool_task *task, int status,
	    struct item *text, struct item *value)
{
	leave_state(pool, task);
	count_end(pool, status);
	task->state = TASK_FINISHED;
	task->status = status;
	task->text = text;
	task->value = value;
	object_touch(&pool->object);
	if (task->job) {
		job_finished(task->job, task);
	} else if (task->caller) {
		list_append(&pool->answers, &task->link);
	} else {
		task_free(pool->object.core, task);
	}
}

void
task_fail_died(struct pool *pool, struct pool_worker *worker)
{
	struct core *core = pool->object.core;
	int status = worker->wait_status;
	struct item *text;

	if (!worker->task)
		return;
	if (!worker->reaped)
		text = text_item(core, "worker %lld is gone (%s)",
				 (long long)worker->pid, worker->cause);
	else if (WIFSIGNALED(status))
		text = text_item(core,
				 "worker %lld was killed by signal %d (%s)",
				 (long long)worker->pid, WTERMSIG(status),
				 strsignal(WTERMSIG(status)));
	else
		text = text_item(core,
				 "worker %lld exited with status %d in the "
				 "middle of the task",
				 (long long)worker->pid, WEXITSTATUS(status));
	task_finish(pool, worker->task, MPROXY_ERR_WORKER_DIED, text,
		    death_item(core, worker));
}

static void
fail_queued_call(struct pool *pool, int status, const char *reason)
{
	struct list_link *link = pool->queued.next;

	while (link != &pool->queued) {
		struct pool_task *task = LIST_ENTRY(link, struct pool_task,
						    link);

		link = link->next;
		task_finish(pool, task, status,
			    text_item(pool->object.core, "%s", reason), NULL);
	}
}

static void
fail_running(struct pool *pool, struct list_link *workers, int status,
	     const char *reason)
{
	struct list_link *link;

	for (link = workers->next; link != workers; link = link->next) {
		struct pool_worker *worker = LIST_ENTRY(
			link, struct pool_worker, link);

		if (!worker->task)
			continue;
		task_finish(pool, worker->task, status,
			    text_item(pool->object.core, "%s", reason), NULL);
	}
}

void
tasks_fail_all(struct pool *pool, int status, const char *reason,
	       bool running_too)
{
	struct list_link *link;

	/* the last job may go while it is cut off: look ahead */
	for (link = pool->jobs.next; link != &pool->jobs;) {
		struct pool_job *job = LIST_ENTRY(link, struct pool_job, link);

		link = link->next;
		job_cancel(job, status, reason);
	}
	fail_queued_call(pool, status, reason);
	if (running_too) {
		fail_running(pool, &pool->workers, status, reason);
		fail_running(pool, &pool->left, status, reason);
	}
}

void
task_free(struct core *core, struct pool_task *task)
{
	item_free(core, task->arg);
	item_free(core, task->text);
	item_free(core, task->value);
	free(task);
}

/* --- telling --- */

static void
put_item(struct buffer *out, const struct item *item)
{
	if (item)
		buffer_append_span(out, item_span(item));
	else
		value_put_nil(out);
}

static const struct item *
text_of(const struct pool_task *task)
{
	if (!task->text && task->status != 0 && task->job)
		return task->job->reason;
	return task->text;
}

bool
task_has_handles(const struct pool_task *task)
{
	return task->value && task->value->has_handles;
}

void
task_reply(struct call *call, const struct pool_task *task)
{
	struct buffer *out = call_scratch(call);
	struct span parts[3];
	size_t ends[3];

	value_put_int(out, task->status);
	ends[0] = out->size;
	put_item(out, text_of(task));
	ends[1] = out->size;
	put_item(out, task->value);
	ends[2] = out->size;
	if (buffer_failed(out)) {
		call_fail_memory(call);
		return;
	}
	parts[0] = span_make(out->data, ends[0]);
	parts[1] = span_make(out->data + ends[0], ends[1] - ends[0]);
	parts[2] = span_make(out->data + ends[1], ends[2] - ends[1]);
	call_reply_spans(call, parts, 3, task_has_handles(task));
}

void
task_put(struct buffer *list, struct buffer *small,
	 const struct pool_task *task)
{
	size_t ends[2];

	buffer_clear(small);
	value_put_int(small, task->status);
	ends[0] = small->size;
	put_item(small, text_of(task));
	ends[1] = small->size;
	if (!task->value)
		value_put_nil(small);
	if (buffer_failed(small)) {
		list->failed = true;
		return;
	}
	value_list_item(list, span_make(small->data, ends[0]));
	value_list_item(list,
			span_make(small->data + ends[0], ends[1] - ends[0]));
	if (task->value)
		value_list_item(list, item_span(task->value));
	else
		value_list_item(list, span_make(small->data + ends[1],
						small->size - ends[1]));
}
