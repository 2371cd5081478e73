/*
 * Asynchronous calls in a main loop of GLib.
 *
 * A timer puts a job into a queue now and then; a call that waits for the next
 * job is always on its way, and delays nobody.
 *
 * Run it: mproxyd -- ./async-glib
 */
#include <mproxy/adapters/glib.h>
#include <mproxy/mproxy.h>
#include <stdio.h>
#include <stdlib.h>

static struct mproxy_async *async;
static struct mproxy_object *jobs;
static GMainLoop *loop;
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
		g_main_loop_quit(loop);
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

static gboolean
on_time(gpointer context)
{
	(void)context;
	put();
	return n_put < 3 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

int
main(void)
{
	struct mproxy_manager *m;
	struct mproxy_queue *queue;

	check(mproxy_connect(NULL, &m));
	check(mproxy_queue_new(m, 0, &queue));
	jobs = mproxy_queue_object(queue);
	check(mproxy_async_new(m, &async));
	loop = g_main_loop_new(NULL, FALSE);
	check(mproxy_glib_attach(async, NULL));
	g_timeout_add(10, on_time, NULL);
	ask();
	g_main_loop_run(loop);

	mproxy_async_free(async); /* takes itself out of the loop */
	g_main_loop_unref(loop);
	mproxy_queue_free(queue);
	mproxy_close(m);
	return 0;
}
