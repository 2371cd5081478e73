/*
 * What the supervisor calls. It decides nothing: it is told whether to keep the
 * workers alive, and tells what they died of. Here is decided what that means:
 * a task fails, or, when workers never get ready, the pool is broken.
 */
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>

#include "mproxy/error.h"
#include "server/types/pool.h"

/* What the supervisor is told to do; the numbers are on the wire. */
enum command {
	COMMAND_RUN = 0,   /* keep the workers alive */
	COMMAND_DRAIN = 1, /* they end by themselves: replace none */
	COMMAND_KILL = 2,
};

static enum command
command_now(const struct pool *pool)
{
	if (pool->state >= POOL_TERMINATED)
		return COMMAND_KILL;
	if (pool->state == POOL_CLOSED && pool->pending == 0)
		return COMMAND_DRAIN;
	return COMMAND_RUN;
}

void
pool_break(struct pool *pool, bool running_too, const char *format, ...)
{
	char text[512];
	va_list ap;

	if (pool->state >= POOL_TERMINATED)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	pool->state = POOL_BROKEN;
	pool->reason = text_item(pool->object.core, "%s", text);
	tasks_fail_all(pool, MPROXY_ERR_BROKEN, text, running_too);
	object_touch(&pool->object);
}

static void
supervisor_gone(struct hold *hold, const char *cause)
{
	struct pool *pool = pool_of(hold->object);
	struct list_link *link = pool->left.next;

	/* nobody will explain these any more */
	while (link != &pool->left) {
		struct pool_worker *worker = LIST_ENTRY(
			link, struct pool_worker, link);

		link = link->next;
		pool_worker_settle(worker);
	}
	if (command_now(pool) == COMMAND_RUN)
		pool_break(pool, false,
			   "the supervisor of the pool is gone (%s)", cause);
}

static void
forget_command(struct call *call, void *data)
{
	struct pool *pool = data;

	(void)call;
	pool->command = NULL;
}

/* Arg: the command it knows, or -1. Waits for another one. */
void
pool_supervise(struct call *call, struct object *object,
	       const struct value *args, size_t n_args)
{
	struct pool *pool = pool_of(object);

	(void)n_args;
	if (!pool->supervisor.lane) {
		hold_add(&pool->supervisor, call_lane(call), object,
			 supervisor_gone);
	} else if (pool->supervisor.lane != call_lane(call) || pool->command) {
		call_fail(call, MPROXY_ERR_BUSY,
			  "the pool has a supervisor already");
		return;
	}
	if (args[0].integer != (int64_t)command_now(pool)) {
		call_reply_int(call, command_now(pool));
		return;
	}
	pool->told = (int)command_now(pool);
	pool->command = call;
	call_park(call, &pool->commands, MPROXY_ERR_WOULD_BLOCK, pool,
		  forget_command);
}

/* A worker ended before it was ready. */
static void
count_failed_start(struct pool *pool, const char *why, int why_size)
{
	if (command_now(pool) != COMMAND_RUN ||
	    ++pool->failed_starts < POOL_MAX_FAILED_STARTS)
		return;
	pool_break(pool, true,
		   "%zu workers in a row ended before they were ready; the "
		   "last one: %.*s",
		   pool->failed_starts, why_size, why);
}

static void
count_death_of_unready(struct pool *pool, const struct pool_worker *worker,
		       int64_t pid, int status)
{
	struct value complaint;
	char text[64];

	if (worker && worker->complaint) {
		complaint = value_decode(item_span(worker->complaint));
		count_failed_start(pool, (const char *)complaint.text.data,
				   (int)complaint.text.size);
		return;
	}
	snprintf(text, sizeof(text), "worker %lld %s %d", (long long)pid,
		 WIFSIGNALED(status) ? "was killed by signal"
				     : "exited with status",
		 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	count_failed_start(pool, text, (int)strlen(text));
}

static struct pool_worker *
unexplained(struct list_link *list, int64_t pid)
{
	struct list_link *link;

	for (link = list->previous; link != list; link = link->previous) {
		struct pool_worker *worker = LIST_ENTRY(
			link, struct pool_worker, link);

		if (worker->pid == pid && !worker->reaped)
			return worker;
	}
	return NULL;
}

/* Args: pid, status as of wait(). */
void
pool_reaped(struct call *call, struct object *object, const struct value *args,
	    size_t n_args)
{
	struct pool *pool = pool_of(object);
	int64_t pid = args[0].integer;
	int status = (int)args[1].integer;
	struct pool_worker *worker = unexplained(&pool->left, pid);

	(void)n_args;
	if (!worker)
		worker = unexplained(&pool->workers, pid);
	if (!worker || !worker->ready)
		count_death_of_unready(pool, worker, pid, status);
	if (worker) {
		worker->reaped = true;
		worker->wait_status = status;
		if (worker->gone)
			pool_worker_settle(worker);
	}
	call_reply(call);
}

/* Arg: why a worker could not even be started. */
void
pool_unable(struct call *call, struct object *object, const struct value *args,
	    size_t n_args)
{
	(void)n_args;
	count_failed_start(pool_of(object), (const char *)args[0].text.data,
			   (int)args[0].text.size);
	call_reply(call);
}

/* --- waking --- */

void
pool_serve_staff(struct pool *pool)
{
	struct call *call = pool->command;

	pool_serve_workers(pool);
	if (command_now(pool) == COMMAND_RUN)
		return;
	pool_send_home(pool);
	if (call && pool->told != (int)command_now(pool)) {
		pool->command = NULL;
		call_take_data(call);
		call_reply_int(call, command_now(pool));
	}
}
