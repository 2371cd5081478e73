/*
 * Asynchronous calls in a main loop of GLib (2.36 or newer), and so of GTK.
 *
 *	mproxy_glib_attach(async, NULL);	// NULL: the default context
 *	…
 *	g_main_loop_run(loop);
 *
 * From then on callbacks run in the loop. mproxy_async_free() takes it out
 * again.
 */
#ifndef MPROXY_ADAPTERS_GLIB_H
#define MPROXY_ADAPTERS_GLIB_H

#include <glib-unix.h>

#include <mproxy/async.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mproxy_glib_ {
	GSource source;
	struct mproxy_async *async;
	gpointer tag; /* of the descriptor; NULL: it has ended */
};

static inline void
mproxy_glib_update_(struct mproxy_glib_ *adapter)
{
	unsigned events = mproxy_async_events(adapter->async);
	int ms = mproxy_async_timeout(adapter->async);
	int ready = G_IO_IN | G_IO_HUP | G_IO_ERR;

	if (events & MPROXY_ASYNC_WRITE)
		ready |= G_IO_OUT;
	if (events != 0 && adapter->tag) {
		g_source_modify_unix_fd(&adapter->source, adapter->tag,
					(GIOCondition)ready);
	} else if (adapter->tag) {
		g_source_remove_unix_fd(&adapter->source, adapter->tag);
		adapter->tag = NULL;
	}
	g_source_set_ready_time(
		&adapter->source,
		ms < 0 ? -1 : g_get_monotonic_time() + (gint64)ms * 1000);
}

static inline void
mproxy_glib_changed_(void *context, struct mproxy_async *async)
{
	struct mproxy_glib_ *adapter = (struct mproxy_glib_ *)context;

	if (async) {
		mproxy_glib_update_(adapter);
		return;
	}
	g_source_destroy(&adapter->source);
	g_source_unref(&adapter->source);
}

static inline gboolean
mproxy_glib_ready_(GSource *source, GSourceFunc unused, gpointer data)
{
	struct mproxy_glib_ *adapter = (struct mproxy_glib_ *)source;
	unsigned ready = 0;
	int got = 0;

	(void)unused;
	(void)data;
	if (adapter->tag)
		got = g_source_query_unix_fd(source, adapter->tag);
	if (got & G_IO_OUT)
		ready |= MPROXY_ASYNC_WRITE;
	if (got & ~G_IO_OUT)
		ready |= MPROXY_ASYNC_READ;
	/* on an error the source is not in the loop any more, or of no use */
	if (mproxy_async_dispatch(adapter->async, ready) == 0 && ready == 0)
		mproxy_glib_update_(adapter);
	return G_SOURCE_CONTINUE;
}

/**
 * mproxy_glib_attach() - have the loop of @context run the calls of @async.
 * @async:   borrowed.
 * @context: borrowed; NULL: the default one.
 *
 * Returns: 0. Without memory GLib ends the program, as ever. Since: 0.1
 */
static inline int
mproxy_glib_attach(struct mproxy_async *async, GMainContext *context)
{
	static GSourceFuncs functions = { NULL, NULL, mproxy_glib_ready_,
					  NULL, NULL, NULL };
	GSource *source = g_source_new(&functions, sizeof(struct mproxy_glib_));
	struct mproxy_glib_ *adapter = (struct mproxy_glib_ *)source;

	adapter->async = async;
	adapter->tag = g_source_add_unix_fd(source, mproxy_async_fd(async),
					    G_IO_IN);
	g_source_attach(source, context);
	mproxy_async_watch(async, mproxy_glib_changed_, adapter);
	return 0;
}

#ifdef __cplusplus
}
#endif

#endif
