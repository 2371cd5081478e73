/*
 * What workers call, and what their deaths mean.
 *
 * A worker is one lane: it enlists, then calls next() again and again, which
 * reports the task it had and waits for another in one round trip. When the
 * lane ends, the task is not failed yet: the supervisor is about to say what
 * the process died of. If it does not in time, the task fails without that.
 */
#include <stdlib.h>

#include "mproxy/error.h"
#include "server/types/pool.h"

/* --- workers --- */

void
pool_worker_free(struct pool_worker *worker)
{
	struct pool *pool = worker->pool;

	if (worker->gone)
		pool->n_left--;
	list_remove(&worker->link);
	timer_clear(pool->object.core, &worker->timer);
	item_free(pool->object.core, worker->complaint);
	free(worker);
}

/* Its end is explained, or will never be: its task fails now. */
void
pool_worker_settle(struct pool_worker *worker)
{
	timer_clear(worker->pool->object.core, &worker->timer);
	task_fail_died(worker->pool, worker);
	if (worker->reaped || !worker->pool->supervisor.lane)
		pool_worker_free(worker);
}

static void
cause_overdue(struct core *core, struct timer *timer)
{
	struct pool_worker *worker = LIST_ENTRY(timer, struct pool_worker,
						timer);
	struct pool *pool = worker->pool;

	(void)core;
	pool_worker_settle(worker);
	object_touch(&pool->object);
}

/* Of those whose death nobody explains only so many are remembered. */
static void
forget_the_oldest(struct pool *pool)
{
	struct list_link *link = pool->left.next;
	size_t most = 2 * pool->n_workers + 64;

	while (pool->n_left > most && link != &pool->left) {
		struct pool_worker *worker = LIST_ENTRY(
			link, struct pool_worker, link);

		link = link->next;
		if (!worker->task)
			pool_worker_free(worker);
	}
}

static void
worker_gone(struct hold *hold, const char *cause)
{
	struct pool_worker *worker = LIST_ENTRY(hold, struct pool_worker, hold);
	struct pool *pool = worker->pool;

	worker->gone = true;
	worker->cause = cause;
	list_remove(&worker->link);
	list_append(&pool->left, &worker->link);
	pool->n_living--;
	pool->n_left++;
	if (worker->task)
		worker->task->state = TASK_GONE;
	if (worker->reaped || !pool->supervisor.lane)
		pool_worker_settle(worker);
	else if (worker->task && timer_set_in(pool->object.core, &worker->timer,
					      POOL_CAUSE_NS) < 0)
		pool_worker_settle(worker);
	forget_the_oldest(pool);
}

/* It died without having seen its task: somebody else will. */
static void
task_came_back(struct object *object, void *data)
{
	struct pool_worker *worker = data;

	if (worker->task)
		task_take_back(pool_of(object), worker->task);
}

static struct pool_worker *
worker_of_lane(const struct pool *pool, const struct lane *lane)
{
	struct list_link *link;

	for (link = pool->workers.next; link != &pool->workers;
	     link = link->next) {
		struct pool_worker *worker = LIST_ENTRY(
			link, struct pool_worker, link);

		if (worker->hold.lane == lane)
			return worker;
	}
	return NULL;
}

/* The lowest number that no living worker has. */
static int64_t
free_number(const struct pool *pool)
{
	const struct list_link *link;
	int64_t number;

	for (number = 0;; number++) {
		for (link = pool->workers.next; link != &pool->workers;
		     link = link->next)
			if (LIST_ENTRY(link, struct pool_worker, link)
				    ->number == number)
				break;
		if (link == &pool->workers)
			return number;
	}
}

/* Number, initializer or nil, its argument. */
static void
reply_enlisted(struct call *call, const struct pool *pool, int64_t number)
{
	struct buffer *out = call_scratch(call);
	struct span parts[3];
	size_t end;

	value_put_int(out, number);
	end = out->size;
	value_put_nil(out);
	if (buffer_failed(out)) {
		call_fail_memory(call);
		return;
	}
	parts[0] = span_make(out->data, end);
	parts[1] = parts[2] = span_make(out->data + end, out->size - end);
	if (pool->initializer) {
		parts[1] = item_span(pool->initializer);
		parts[2] = item_span(pool->init_arg);
	}
	call_reply_spans(call, parts, 3, pool->init_arg->has_handles);
}

void
pool_enlist(struct call *call, struct object *object, const struct value *args,
	    size_t n_args)
{
	struct pool *pool = pool_of(object);
	struct pool_worker *worker;

	(void)n_args;
	if (worker_of_lane(pool, call_lane(call))) {
		call_fail(call, MPROXY_ERR_EXISTS,
			  "this thread is a worker of the pool already");
		return;
	}
	if (pool->n_living >= 2 * POOL_MAX_WORKERS) {
		call_fail(call, MPROXY_ERR_LIMIT,
			  "the pool has %zu workers, the limit",
			  pool->n_living);
		return;
	}
	worker = calloc(1, sizeof(*worker));
	if (!worker) {
		call_fail_memory(call);
		return;
	}
	worker->pool = pool;
	worker->pid = args[0].integer;
	worker->number = free_number(pool);
	worker->timer.fire = cause_overdue;
	list_append(&pool->workers, &worker->link);
	pool->n_living++;
	hold_add(&worker->hold, call_lane(call), object, worker_gone);
	reply_enlisted(call, pool, worker->number);
}

/* The calling worker, or NULL after call_fail(). */
static struct pool_worker *
calling_worker(struct call *call, const struct pool *pool)
{
	struct pool_worker *worker = worker_of_lane(pool, call_lane(call));

	if (!worker)
		call_fail(call, MPROXY_ERR_INVALID,
			  "this thread is no worker of the pool");
	return worker;
}

void
pool_unfit(struct call *call, struct object *object, const struct value *args,
	   size_t n_args)
{
	struct pool_worker *worker = calling_worker(call, pool_of(object));
	struct item *complaint;

	(void)n_args;
	if (!worker)
		return;
	complaint = item_new(call, &args[0]);
	if (!complaint)
		return;
	item_free(object->core, worker->complaint);
	worker->complaint = complaint;
	call_reply(call);
}

/* --- tasks --- */

/* Args: ticket (0: none), status, text or nil, value. False after call_fail(). */
static bool
take_report(struct call *call, struct pool *pool, struct pool_worker *worker,
	    const struct value *args)
{
	uint64_t ticket = (uint64_t)args[0].integer;
	struct item *text = NULL, *value = NULL;
	int64_t status = args[1].integer;

	/* an old ticket: the task was cancelled, or is reported already */
	if (!worker->task || worker->ticket != ticket)
		return true;
	if (status < INT32_MIN || status > INT32_MAX)
		status = MPROXY_ERR_FAILED;
	if (args[3].bytes.size + args[2].bytes.size >
	    call_max_value(call) - POOL_VALUE_MARGIN) {
		call_fail(call, MPROXY_ERR_TOO_BIG,
			  "the result has %zu bytes, the limit is %zu",
			  args[3].bytes.size,
			  call_max_value(call) - POOL_VALUE_MARGIN);
		return false;
	}
	if (args[2].kind != MPROXY_NIL && !(text = item_new(call, &args[2])))
		return false;
	if (args[3].kind != MPROXY_NIL && !(value = item_new(call, &args[3]))) {
		item_free(pool->object.core, text);
		return false;
	}
	task_finish(pool, worker->task, (int)status, text, value);
	return true;
}

static void
stops_waiting(struct call *call, void *data)
{
	struct pool_worker *worker = data;

	(void)call;
	worker->call = NULL;
	list_remove(&worker->idle);
	worker->pool->n_idle--;
}

void
pool_next(struct call *call, struct object *object, const struct value *args,
	  size_t n_args)
{
	struct pool *pool = pool_of(object);
	struct pool_worker *worker = calling_worker(call, pool);

	(void)n_args;
	if (!worker || !take_report(call, pool, worker, args))
		return;
	if (worker->call) {
		call_fail(call, MPROXY_ERR_BUSY,
			  "this worker is waiting for a task already");
		return;
	}
	if (worker->task) {
		call_fail(call, MPROXY_ERR_INVALID,
			  "this worker has a task that it has not reported");
		return;
	}
	if (!worker->ready) {
		worker->ready = true;
		pool->failed_starts = 0;
	}
	worker->call = call;
	list_prepend(&pool->idle, &worker->idle);
	pool->n_idle++;
	call_park(call, &pool->takers, MPROXY_ERR_EMPTY, worker, stops_waiting);
}

/* An idle worker gets the first task: ticket, name, argument. */
static void
give_task(struct pool *pool, struct pool_worker *worker)
{
	struct call *call = worker->call;
	struct buffer *out = call_scratch(call);
	const struct pool_task *task;
	struct span parts[3];

	value_put_int(out, (int64_t)pool->ticket + 1);
	if (buffer_failed(out)) {
		call_fail_memory(call);
		return;
	}
	task_assign(pool, worker);
	task = worker->task;
	stops_waiting(call, call_take_data(call));
	call_on_unread(call, task_came_back, NULL, worker);
	parts[0] = buffer_span(out);
	parts[1] = item_span(pool->names[task->name]);
	parts[2] = item_span(task->arg);
	/* if it fails the task comes back at once */
	call_reply_spans(call, parts, 3, task->arg->has_handles);
}

/* --- waking --- */

void
pool_serve_workers(struct pool *pool)
{
	struct list_link *link;

	while (!list_is_empty(&pool->queued) &&
	       (link = list_first(&pool->idle)))
		give_task(pool, LIST_ENTRY(link, struct pool_worker, idle));
}

void
pool_send_home(struct pool *pool)
{
	struct value reason;
	struct call *call;

	while ((call = waitlist_first(&pool->takers))) {
		stops_waiting(call, call_take_data(call));
		if (pool->state != POOL_BROKEN || !pool->reason) {
			call_fail(call, MPROXY_ERR_CLOSED,
				  "the pool is closed");
			continue;
		}
		reason = value_decode(item_span(pool->reason));
		call_fail(call, MPROXY_ERR_BROKEN, "%.*s",
			  (int)reason.text.size,
			  (const char *)reason.text.data);
	}
}
