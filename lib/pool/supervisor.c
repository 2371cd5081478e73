/*
 * The supervisor: keeps the workers of a pool alive, and says what they died
 * of. It decides nothing: the pool, in the manager, tells it what to do.
 *
 * It waits for four things at once: the manager's word, the end of a worker,
 * the end of its owner, and its owner's wish (the leash closes). So nothing it
 * does may block: its calls are asynchronous.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/pool/pool-private.h"

#define DISBAND_MS 800

/* What the pool may say; the same numbers as in server/types/pool-staff.c. */
enum command {
	COMMAND_NONE = -1,
	COMMAND_RUN = 0,
	COMMAND_DRAIN = 1,
	COMMAND_KILL = 2,
};

/* Something to be told the pool. */
struct news {
	pid_t pid; /* 0: a worker could not be started */
	int status;
	char text[200];
};

struct supervisor {
	const struct crew_setup *setup;
	struct crew crew;
	struct mproxy_async *calls;
	struct mproxy_object *pool;
	enum command command;
	int owner; /* pidfd, or -1 */
	bool telling;
	bool over;
	struct news *news; /* the oldest first */
	size_t n_news, news_capacity;
	bool pause; /* no worker can be started now */
};

static _Noreturn void
end(struct supervisor *supervisor, int status)
{
	crew_disband(&supervisor->crew, DISBAND_MS);
	_exit(status);
}

/* --- telling --- */

static struct news *
add_news(struct supervisor *supervisor)
{
	size_t wanted = 2 * supervisor->news_capacity + 8;
	struct news *wider;

	if (supervisor->n_news == supervisor->news_capacity) {
		wider = realloc(supervisor->news, wanted * sizeof(*wider));
		if (!wider)
			end(supervisor, 1);
		supervisor->news = wider;
		supervisor->news_capacity = wanted;
	}
	return &supervisor->news[supervisor->n_news++];
}

static void
on_told(void *context, int error, const struct mproxy_value *value)
{
	struct supervisor *supervisor = context;

	(void)value;
	supervisor->telling = false;
	if (error == MPROXY_ERR_SERVER_GONE)
		supervisor->over = true;
}

static int
send_news(struct supervisor *supervisor, const struct news *news)
{
	struct mproxy_value *args = news->pid
					    ? MPROXY_ARGS(news->pid,
							  news->status)
					    : MPROXY_ARGS(
						      (const char *)news->text);

	if (!args)
		return MPROXY_ERR_NO_MEMORY;
	return mproxy_async_call(supervisor->calls, supervisor->pool,
				 news->pid ? "reaped" : "unable", 0, args,
				 on_told, supervisor, NULL);
}

static void
tell(struct supervisor *supervisor)
{
	if (supervisor->telling || supervisor->n_news == 0 || supervisor->over)
		return;
	if (send_news(supervisor, &supervisor->news[0]) != 0) {
		supervisor->over = true;
		return;
	}
	supervisor->telling = true;
	/* now: it may be the last that this process does */
	mproxy_async_dispatch(supervisor->calls, MPROXY_ASYNC_WRITE);
	supervisor->n_news--;
	memmove(&supervisor->news[0], &supervisor->news[1],
		supervisor->n_news * sizeof(*supervisor->news));
}

/* --- being told --- */

static int ask(struct supervisor *supervisor);

static void
on_command(void *context, int error, const struct mproxy_value *value)
{
	struct supervisor *supervisor = context;
	int64_t command;

	if (!error)
		error = mproxy_value_get_int(value, &command);
	if (!error) {
		supervisor->command = (enum command)command;
		error = ask(supervisor);
	}
	if (error || supervisor->command == COMMAND_KILL)
		supervisor->over = true;
}

static int
ask(struct supervisor *supervisor)
{
	struct mproxy_value *args = MPROXY_ARGS((int)supervisor->command);

	if (!args)
		return MPROXY_ERR_NO_MEMORY;
	return mproxy_async_call(supervisor->calls, supervisor->pool,
				 "supervise", -1, args, on_command, supervisor,
				 NULL);
}

/* --- workers --- */

static void
hire(struct supervisor *supervisor)
{
	struct crew *crew = &supervisor->crew;

	supervisor->pause = false;
	if (supervisor->command != COMMAND_RUN)
		return;
	while ((int)crew->n < supervisor->setup->workers) {
		struct news *news;

		if (crew_hire(crew) == 0)
			continue;
		news = add_news(supervisor);
		*news = (struct news){ .pid = 0 };
		strncpy(news->text, mproxy_error_detail(),
			sizeof(news->text) - 1);
		while (!value_is_utf8(span_text(news->text)))
			news->text[strlen(news->text) - 1] = '\0';
		supervisor->pause = true;
		return;
	}
}

static void
bury(struct supervisor *supervisor)
{
	int status;
	pid_t pid;

	crew_drain_signals(&supervisor->crew);
	while ((pid = crew_bury(&supervisor->crew, &status)) > 0)
		*add_news(supervisor) = (struct news){ .pid = pid,
						       .status = status };
}

/* --- waiting --- */

static void
wait_for_something(struct supervisor *supervisor)
{
	struct mproxy_async *calls = supervisor->calls;
	bool writes = mproxy_async_events(calls) & MPROXY_ASYNC_WRITE;
	struct pollfd fds[] = {
		{ .fd = mproxy_async_fd(calls),
		  .events = writes ? POLLIN | POLLOUT : POLLIN },
		{ .fd = supervisor->crew.children, .events = POLLIN },
		{ .fd = supervisor->setup->leash, .events = POLLIN },
		{ .fd = supervisor->owner, .events = POLLIN },
	};
	int timeout_ms = mproxy_async_timeout(calls);

	if (supervisor->pause)
		timeout_ms = 100;
	if (poll(fds, 4, timeout_ms) < 0)
		return;
	if (fds[2].revents || fds[3].revents)
		supervisor->over = true;
	if (fds[1].revents)
		bury(supervisor);
	if (mproxy_async_dispatch(calls,
				  fds[0].revents ? MPROXY_ASYNC_READ : 0) != 0)
		supervisor->over = true;
}

/* --- the whole --- */

static void
report(const struct crew_setup *setup, int code, const char *text)
{
	struct crew_report words = { .code = code, .pid = getpid() };
	ssize_t r;

	strncpy(words.text, text, sizeof(words.text) - 1);
	r = write(setup->life, &words, sizeof(words));
	(void)r; /* an owner that is gone is noticed otherwise */
}

_Noreturn void
crew_give_up(const struct crew_setup *setup, int code, const char *text)
{
	report(setup, code, text);
	_exit(1);
}

static void
detach(const struct crew_setup *setup)
{
	const int keep[] = { setup->leash, setup->life };

	setpgid(0, 0); /* no session of its own: see server/daemon.c */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_NAME, "mproxy-pool");
	descriptors_quiet_input();
	descriptors_cut_off(keep, 2);
	crew_fresh_signals();
}

/* Returns when the owner is known to be there. */
static int
watch_owner(const struct crew_setup *setup)
{
	int fd = (int)syscall(SYS_pidfd_open, setup->owner, 0);

	if (fd < 0 && errno == ESRCH)
		_exit(1);
	return fd; /* without it the leash must do */
}

static void
prepare(struct supervisor *supervisor)
{
	const struct crew_setup *setup = supervisor->setup;
	struct crew *crew = &supervisor->crew;
	int error;

	crew->setup = setup;
	crew->pids = calloc((size_t)setup->workers, sizeof(pid_t));
	if (!crew->pids)
		crew_give_up(setup, MPROXY_ERR_NO_MEMORY,
			     "no memory for the supervisor");
	error = crew_watch_children(crew);
	if (error)
		crew_give_up(setup, MPROXY_ERR_START, strerror(error));
	supervisor->owner = watch_owner(setup);
	crew->owner = supervisor->owner;
	/* it lives as long as this process, and refers to what the owner does */
	supervisor->pool = object_new_proxy(setup->manager, setup->pool,
					    span_text("pool"));
	error = supervisor->pool
			? mproxy_async_new(setup->manager, &supervisor->calls)
			: MPROXY_ERR_NO_MEMORY;
	if (!error)
		error = ask(supervisor);
	if (error)
		crew_give_up(setup, error, mproxy_error_detail());
}

_Noreturn void
supervisor_run(const struct crew_setup *setup)
{
	struct supervisor supervisor = {
		.setup = setup,
		.command = COMMAND_NONE,
	};

	detach(setup);
	prepare(&supervisor);
	report(setup, 0, "");
	while (!supervisor.over) {
		hire(&supervisor);
		tell(&supervisor);
		if (supervisor.command == COMMAND_DRAIN &&
		    supervisor.crew.n == 0)
			break;
		wait_for_something(&supervisor);
	}
	end(&supervisor, 0);
}
