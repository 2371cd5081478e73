/*
 * What the files of the pool know of each other.
 *
 *	pool.c		what its owner calls, and the type
 *	pool-worker.c	what workers call, and their deaths
 *	pool-staff.c	what the supervisor calls
 *	pool-task.c	the life of a task: the one state machine
 *	job.c		what a future refers to: the tasks of one submit
 *	job-results.c	and what came out of them
 *
 * A pool refers to a job while tasks of it are pending, so that a future may
 * be dropped and its tasks still run. A job knows its pool without referring
 * to it: the pool, when it goes, cuts its jobs off.
 */
#ifndef MPROXY_SERVER_TYPES_POOL_H
#define MPROXY_SERVER_TYPES_POOL_H

#include "server/core/call.h"
#include "server/core/item.h"
#include "server/core/object.h"
#include "server/core/timer.h"

/* So many workers in a row that leave before they are ready break the pool. */
#define POOL_MAX_FAILED_STARTS 5
/* How long the supervisor may take to say what a worker died of. */
#define POOL_CAUSE_NS (200 * INT64_C(1000000))
#define POOL_MAX_WORKERS 4096
/* Left of the largest value for what goes with it: names, texts, status. */
#define POOL_VALUE_MARGIN 2048u

enum task_state {
	TASK_NEW,
	TASK_QUEUED,   /* in pool->queued */
	TASK_RUNNING,  /* a worker has it */
	TASK_GONE,     /* its worker is gone, why is not known yet */
	TASK_FINISHED, /* status says how; in job->fresh, or pool->answers */
	TASK_TAKEN,    /* job.next gave it away */
};

struct pool_task {
	struct list_link link;
	struct pool_job *job;	    /* NULL: of an apply call */
	struct pool_worker *worker; /* who runs it */
	struct call *caller;	    /* of apply; NULL: gave up */
	struct item *arg;
	struct item *value;
	struct item *text; /* why it failed */
	size_t index;	   /* in its job */
	uint32_t name;	   /* in pool->names */
	int32_t status;
	enum task_state state;
};

enum pool_state {
	POOL_OPEN,
	POOL_CLOSED,	 /* takes no more tasks, runs those it has */
	POOL_TERMINATED, /* kills its workers */
	POOL_BROKEN,	 /* the same, and says why */
};

/* A worker, from its enlisting until its end is explained. */
struct pool_worker {
	struct list_link link; /* in pool->workers, or pool->left */
	struct list_link idle; /* in pool->idle */
	struct pool *pool;
	struct hold hold;   /* on its lane, until it is gone */
	struct timer timer; /* for the cause */
	struct call *call;  /* its next, parked */
	struct pool_task *task;
	struct item *complaint; /* why its initializer failed */
	uint64_t ticket;	/* of its task */
	int64_t number;
	int64_t pid;
	const char *cause; /* of its lane's end */
	int wait_status;
	bool ready;  /* asked for a task once */
	bool gone;   /* its lane has ended */
	bool reaped; /* wait_status is known */
};

struct pool {
	struct object object;
	enum pool_state state;
	struct item *reason; /* why it is broken: text */
	size_t n_workers;    /* wanted */
	struct item *initializer;
	struct item *init_arg;
	struct item **names; /* of the tasks it can run */
	size_t n_names;

	struct list_link queued;
	struct list_link answers; /* finished tasks of apply */
	struct list_link jobs;	  /* with tasks pending or to come */
	size_t n_queued;
	size_t pending; /* tasks not finished */

	struct list_link workers; /* living */
	struct list_link left;	  /* gone, not explained; the oldest first */
	struct list_link idle;	  /* the one that was busy last is first */
	size_t n_living, n_left, n_idle;
	size_t failed_starts; /* in a row */
	uint64_t ticket;

	struct hold supervisor;
	struct call *command; /* its supervise, parked */
	int told;	      /* the command it knows */

	struct waitlist callers;  /* apply */
	struct waitlist takers;	  /* next */
	struct waitlist commands; /* supervise */
	struct waitlist joiners;

	uint64_t n_done, n_failed, n_cancelled, n_died;
};

#define JOB_BLOCK 1024 /* tasks */

struct pool_job {
	struct object object;
	struct pool *pool;     /* NULL: nothing pending, nothing to come */
	struct list_link link; /* in pool->jobs */
	bool held;	       /* the pool refers to it */
	uint32_t name;
	size_t total, added, finished, failed, taken;
	struct pool_task **blocks;
	size_t n_blocks;
	size_t n_freed;		/* tasks, by destroy() */
	struct list_link fresh; /* finished, in that order, not taken */
	struct item *reason;	/* of tasks that failed without a text */
	struct waitlist waiters;
	struct waitlist getters;
	struct waitlist takers;
};

extern const struct object_type pool_type;
extern const struct object_type job_type;

static inline struct pool *
pool_of(struct object *object)
{
	return (struct pool *)(void *)object;
}

static inline struct pool_job *
job_of(struct object *object)
{
	return (struct pool_job *)(void *)object;
}

/* --- pool-task.c --- */

/* An item of this text; NULL without memory, which is fine for a text. */
struct item *text_item(struct core *core, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

void task_queue(struct pool *pool, struct pool_task *task);
/* The first of the queue is given to this idle worker. */
void task_assign(struct pool *pool, struct pool_worker *worker);
/* Back to the head of the queue: it never reached its worker. */
void task_take_back(struct pool *pool, struct pool_task *task);
/* Its one end. Takes text and value. */
void task_finish(struct pool *pool, struct pool_task *task, int status,
		 struct item *text, struct item *value);
/* What it died of is known as far as it will ever be. */
void task_fail_died(struct pool *pool, struct pool_worker *worker);
/* Fails what is queued, and what runs if asked for; no more tasks come. */
void tasks_fail_all(struct pool *pool, int status, const char *reason,
		    bool running_too);
void task_free(struct core *core, struct pool_task *task);
/* Replies status, text, value. */
void task_reply(struct call *call, const struct pool_task *task);
/* The same as three items of a list that is being written; small is scratch. */
void task_put(struct buffer *list, struct buffer *small,
	      const struct pool_task *task);
bool task_has_handles(const struct pool_task *task);

/* --- pool-worker.c, pool-staff.c --- */

void pool_enlist(struct call *call, struct object *object,
		 const struct value *args, size_t n_args);
void pool_unfit(struct call *call, struct object *object,
		const struct value *args, size_t n_args);
void pool_next(struct call *call, struct object *object,
	       const struct value *args, size_t n_args);
void pool_supervise(struct call *call, struct object *object,
		    const struct value *args, size_t n_args);
void pool_reaped(struct call *call, struct object *object,
		 const struct value *args, size_t n_args);
void pool_unable(struct call *call, struct object *object,
		 const struct value *args, size_t n_args);
/* Gives idle workers tasks, and tells them and the supervisor what changed. */
void pool_serve_staff(struct pool *pool);
/* The first half of that. */
void pool_serve_workers(struct pool *pool);
/* No more tasks for those who wait. */
void pool_send_home(struct pool *pool);
/* Its end is explained, or will never be: its task fails now. */
void pool_worker_settle(struct pool_worker *worker);
/* Frees one record of a worker; for destroy(). */
void pool_worker_free(struct pool_worker *worker);
void pool_break(struct pool *pool, bool running_too, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* --- job.c --- */

/* A job of total tasks by this name; NULL after call_fail(). The caller owns
 * one reference. */
struct pool_job *job_make(struct call *call, struct pool *pool, uint32_t name,
			  size_t total);
/* Appends a task for each item of the list and queues them all, or none: then
 * call_fail() was called. */
bool job_add(struct call *call, struct pool_job *job, const struct value *list);
struct pool_task *job_task(const struct pool_job *job, size_t index);
/* All tasks that there will be have finished. */
static inline bool
job_is_complete(const struct pool_job *job)
{
	return job->finished == job->total;
}

/* One of its tasks has finished. */
void job_finished(struct pool_job *job, struct pool_task *task);
/* No more tasks come; status is that of those that are still queued. */
void job_cancel(struct pool_job *job, int status, const char *reason);

/* --- job-results.c --- */

void job_wait(struct call *call, struct object *object,
	      const struct value *args, size_t n_args);
void job_get(struct call *call, struct object *object, const struct value *args,
	     size_t n_args);
void job_results(struct call *call, struct object *object,
		 const struct value *args, size_t n_args);
void job_next(struct call *call, struct object *object,
	      const struct value *args, size_t n_args);
void job_done(struct call *call, struct object *object,
	      const struct value *args, size_t n_args);
void job_wake(struct object *object);

#endif
