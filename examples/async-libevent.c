/*
 * Asynchronous calls in a loop of libevent.
 *
 * A timer puts a job into a queue now and then; a call that waits for the next
 * job is always on its way, and delays nobody.
 *
 * Run it: mproxyd -- ./async-libevent
 */
#include <mproxy/adapters/libevent.h>
#include <mproxy/mproxy.h>
#include <stdio.h>
#include <stdlib.h>

static struct mproxy_async *async;
static struct mproxy_object *jobs;
static struct event_base *base;
static int n_put, n_got;

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
	if (++n_got < 3)
		ask();
	else
		event_base_loopbreak(base);
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
	check(mproxy_async_call(async, jobs, "put", 0,
				MPROXY_ARGS(MPROXY_ARGS("job", ++n_put)), NULL,
				NULL, NULL));
}

static void
on_time(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	(void)context;
	put();
}

int
main(void)
{
	struct mproxy_manager *m;
	struct mproxy_queue *queue;
	const struct timeval often = { .tv_usec = 10000 };
	struct event *timer;

	check(mproxy_connect(NULL, &m));
	check(mproxy_queue_new(m, 0, &queue));
	jobs = mproxy_queue_object(queue);
	check(mproxy_async_new(m, &async));
	base = event_base_new();
	check(mproxy_libevent_attach(async, base));
	timer = event_new(base, -1, EV_PERSIST, on_time, NULL);
	event_add(timer, &often);
	ask();
	event_base_dispatch(base);

	event_free(timer);
	mproxy_async_free(async); /* takes itself out of the loop */
	event_base_free(base);
	mproxy_queue_free(queue);
	mproxy_close(m);
	return 0;
}
