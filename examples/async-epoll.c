/*
 * Asynchronous calls in a loop of one's own.
 *
 * A timer puts a job into a queue now and then; a call that waits for the next
 * job is always on its way, and delays nobody.
 * Run it: mproxyd -- ./async-epoll
 */
#include <mproxy/adapters/epoll.h>
#include <mproxy/mproxy.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

static struct mproxy_async *async;
static struct mproxy_object *jobs;
static int n_put, n_got;
static bool over;

static void
check(int error)
{
	if (error) {
		fprintf(stderr, "%s\n", mproxy_error_detail());
		exit(EXIT_FAILURE);
	}
}

static void ask(void);

static void
on_job(void *context, int error, const struct mproxy_value *job)
{
	char *text;

	(void)context;
	check(error);
	check(mproxy_value_format(job, &text));
	printf("got %s\n", text);
	free(text);
	over = ++n_got == 3;
	if (!over)
		ask();
}

/* Waits for the next job, but nobody waits for this. */
static void
ask(void)
{
	check(mproxy_async_call(async, jobs, "get", -1, NULL, on_job, NULL,
				NULL));
}

static void
put(void)
{
	struct mproxy_value *job = MPROXY_ARGS("job", ++n_put);

	check(mproxy_async_call(async, jobs, "put", 0, MPROXY_ARGS(job), NULL,
				NULL, NULL));
}

int
main(void)
{
	struct mproxy_manager *m;
	struct mproxy_queue *queue;
	const struct itimerspec often = { { 0, 10000000 }, { 0, 10000000 } };
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = &timer };
	struct mproxy_epoll adapter;
	uint64_t times;

	check(mproxy_connect(NULL, &m));
	check(mproxy_queue_new(m, 0, &queue));
	jobs = mproxy_queue_object(queue);
	check(mproxy_async_new(m, &async));
	check(mproxy_epoll_attach(&adapter, epoll, async));
	timerfd_settime(timer, 0, &often, NULL);
	epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event);
	ask();
	while (!over) {
		int n = epoll_wait(epoll, &event, 1,
				   mproxy_epoll_timeout(&adapter));

		if (n == 0 || (n == 1 && event.data.ptr == &adapter))
			check(mproxy_epoll_ready(&adapter,
						 n ? event.events : 0));
		else if (read(timer, &times, sizeof(times)) > 0)
			put();
	}

	close(timer);
	mproxy_async_free(async); /* takes itself out of the epoll */
	close(epoll);
	mproxy_queue_free(queue);
	mproxy_close(m);
	return 0;
}
