/*
 * Asynchronous calls in a loop of libuv.
 *
 * A timer puts a job into a queue now and then; a call that waits for the next
 * job is always on its way, and delays nobody.
 *
 * Run it: mproxyd -- ./async-libuv
 */
#include <mproxy/adapters/libuv.h>
#include <mproxy/mproxy.h>
#include <stdio.h>
#include <stdlib.h>

static struct mproxy_async *async;
static struct mproxy_object *jobs;
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
		uv_stop(uv_default_loop());
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
on_time(uv_timer_t *timer)
{
	(void)timer;
	put();
}

int
main(void)
{
	struct mproxy_manager *m;
	struct mproxy_queue *queue;
	uv_loop_t *loop = uv_default_loop();
	uv_timer_t timer;

	check(mproxy_connect(NULL, &m));
	check(mproxy_queue_new(m, 0, &queue));
	jobs = mproxy_queue_object(queue);
	check(mproxy_async_new(m, &async));
	check(mproxy_libuv_attach(async, loop));
	uv_timer_init(loop, &timer);
	uv_timer_start(&timer, on_time, 10, 10);
	ask();
	uv_run(loop, UV_RUN_DEFAULT);

	uv_close((uv_handle_t *)&timer, NULL);
	mproxy_async_free(async);     /* takes itself out of the loop … */
	uv_run(loop, UV_RUN_DEFAULT); /* … which ends with nothing in it */
	uv_loop_close(loop);
	mproxy_queue_free(queue);
	mproxy_close(m);
	return 0;
}
