/*
 * What the files of the pool know of each other.
 *
 *	owner:		pool.c start.c map.c flat.c future.c results.c
 *	supervisor:	supervisor.c crew.c
 *	worker:		worker.c task.c
 *	any of them:	registry.c init.c spawn.c handover.c cpus.c
 *			descriptors.c
 *
 * The supervisor and the workers never return to the program that they are a
 * copy of.
 */
#ifndef MPROXY_LIB_POOL_PRIVATE_H
#define MPROXY_LIB_POOL_PRIVATE_H

#include <mproxy/async.h>
#include <mproxy/future.h>
#include <mproxy/pool.h>
#include <sys/types.h>

#include "lib/lib-private.h"
#include "lib/value-inside.h"

struct mproxy_pool {
	struct mproxy_object *object; /* one reference */
	int workers;
	pid_t owner; /* only there does free() end the pool */
	int leash;   /* the supervisor ends when this closes; … */
	int life;    /* … this closes when it has ended; -1: none */
	pid_t supervisor;
};

/* --- registry.c --- */

const struct mproxy_task_info *task_find(struct span name);
/* 0, or EXISTS when two tasks have one name. */
int tasks_check(void);
/* A list of all names, given; NULL without memory. */
struct mproxy_value *tasks_names(void);

/* --- task.c --- */

struct mproxy_task {
	struct mproxy_manager *manager;
	int worker;
	const struct mproxy_task_info *info;
	int code;
	char text[512]; /* of mproxy_task_fail() */
};

/* Runs it. 0 with *ret, which may be NULL; or a code with task->text. */
int task_run(struct mproxy_task *task, const struct mproxy_value *arg,
	     struct mproxy_value **ret);

/* What the submitter's function returns for the status of a task, with the
 * detail set. text may be NULL or no string. */
int task_error(const char *name, int status, const struct mproxy_value *text);

/* --- cpus.c --- */

/* How many CPUs this process may use, at least 1. */
int cpus_usable(void);
/* That, or $MPROXY_MAX_WORKERS when it is less. */
int cpus_default_workers(void);

/* --- descriptors.c --- */

/* As pipe2() with O_CLOEXEC, and never one of 0, 1, 2. 0 or an errno. */
int descriptors_pipe(int ret_ends[2]);
/* Standard input becomes /dev/null. */
void descriptors_quiet_input(void);
/*
 * All others than 0, 1, 2, the library's own and these lose what they refer
 * to. Their numbers stay taken, by something that fails any use: a stream of
 * the program that is still around must not write into a new socket.
 */
void descriptors_cut_off(const int *keep, size_t n);

/* --- what a supervisor or a worker is told; handover.c carries it over exec --- */

enum crew_role {
	ROLE_SUPERVISOR = 1,
	ROLE_WORKER = 2,
};

struct crew_setup {
	enum crew_role role;
	enum mproxy_start_method method; /* ZYGOTE or SPAWN */
	uint64_t pool;
	int workers;
	pid_t owner; /* whose end ends all */
	int leash;   /* descriptor: see struct mproxy_pool */
	int life;
	struct mproxy_manager *manager;
};

/* The first words of the supervisor to its owner, through life. */
struct crew_report {
	int32_t code;
	int32_t pid;
	char text[500];
};

/* Says it and ends. Async-signal-safe. */
_Noreturn void crew_give_up(const struct crew_setup *setup, int code,
			    const char *text);

/* --- start.c --- */

/* Starts the supervisor and waits for its report. */
int supervisor_start(struct mproxy_pool *pool, enum mproxy_start_method method);
/* True when mproxy_init() was called in this process. */
bool init_was_called(void);

/* --- supervisor.c, crew.c --- */

_Noreturn void supervisor_run(const struct crew_setup *setup);

struct crew {
	const struct crew_setup *setup;
	pid_t *pids; /* of the workers; room for all that are wanted */
	size_t n;
	int children; /* signalfd: one of them may have ended */
	int owner;    /* pidfd, only to be closed in workers; or -1 */
};

/* From now on children is readable when a child ends. 0 or an errno. */
int crew_watch_children(struct crew *crew);
void crew_drain_signals(const struct crew *crew);
/* One more: 0, or an error of the library. */
int crew_hire(struct crew *crew);
/* One that has ended, with all of its process group: its pid and status; 0:
 * there is none now. */
pid_t crew_bury(struct crew *crew, int *ret_status);
/* Kills all and waits for them, for at most so many ms. */
void crew_disband(struct crew *crew, int timeout_ms);
/* Signals as a program in the background expects to find them. */
void crew_fresh_signals(void);

/* --- worker.c --- */

_Noreturn void worker_run(const struct crew_setup *setup);

/* --- spawn.c --- */

/*
 * Runs this program again, which will find setup in mproxy_init(). Twice
 * removed: the new process is no child of this one. 0, or an error of the
 * library.
 */
int spawn_supervisor(const struct crew_setup *setup);
/* The same as a child in a process group of its own. Its pid, or an error. */
pid_t spawn_worker(const struct crew_setup *setup);

/* --- handover.c --- */

#define HANDOVER_VARIABLE "MPROXY_WORKER"

/* How the new process comes forward to the manager. */
struct handover_claim {
	uint8_t nonce[MESSAGE_KEY_SIZE];
	int pipe; /* held until the nonce is used */
};

/* A descriptor to be kept open over exec, or a negative errno. */
int handover_write(const struct crew_setup *setup,
		   const struct handover_claim *claim);
/* What this process was started as, connected; false: an ordinary program.
 * Does not return when that fails. */
bool handover_take(struct crew_setup *ret);
/* True when nobody has called handover_take() in what was started so. */
bool handover_is_due(void);

/* --- map.c: submitting many --- */

/* Arguments leave in pages, while the first of them already run. */
struct submit {
	struct mproxy_pool *pool;
	struct mproxy_value *name;
	struct mproxy_object *job; /* NULL: nothing was sent yet */
	size_t total;
	size_t in_page;
	size_t mark;
	struct buffer page;
};

int submit_begin(struct submit *submit, struct mproxy_pool *pool,
		 const struct mproxy_task_info *task, size_t total);
int submit_add(struct submit *submit, struct span arg);
/* Sends the rest; the job is given. After any failure, and after this, the
 * struct holds nothing. */
int submit_end(struct submit *submit, struct mproxy_object **ret_job);

/* A call whose success is all that is wanted: now, even in a pipeline. */
int pool_tell(struct mproxy_object *object, const char *method, int timeout_ms);

/* Cancels what is queued; the caller's reference is taken. */
void job_abandon(struct mproxy_object *job);

/* The three results status, text, value of a call on a pool or a job. Takes
 * nothing; gives text and value. */
int outcome_call(struct mproxy_object *object, const char *method,
		 size_t n_args, const struct span *args, int timeout_ms,
		 int *ret_status, struct mproxy_value **ret_text,
		 struct mproxy_value **ret_value);

/* The outcome as a function returns it: the value, or the task's error. Takes
 * text and value. */
int outcome_return(const char *task, int status, struct mproxy_value *text,
		   struct mproxy_value *value, struct mproxy_value **ret);

/* --- future.c --- */

/* Takes job. ret NULL: nobody wants to know. */
int future_new(struct mproxy_object *job, const char *task, size_t n,
	       struct mproxy_future **ret);

/* --- results.c --- */

/* One result, as it lies in a page. */
struct outcome {
	const struct mproxy_value *page;
	struct value_part text;
	struct value_part value;
	int status;
};

/*
 * Waits until all tasks of the job have ended, then calls visit for each in
 * order; stops at its first error. n is how many there must be.
 */
int results_each(struct mproxy_object *job, size_t n, int timeout_ms,
		 int (*visit)(void *context, size_t index,
			      const struct outcome *outcome),
		 void *context);
/* The same into memory. */
int results_fetch(struct mproxy_object *job, size_t n, int timeout_ms,
		  struct mproxy_results **ret);
/* Takes the next three items of a page apart; false at its end. */
bool outcome_next(struct value_walk *walk, struct outcome *ret);

#endif
