/*
 * Why a socket a thread: one that waits delays no other, what a thread holds
 * ends with it, and a call needs no lock.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#include "interrupt.h"
#include "lane.h"
#include "pipeline.h"
#include "proto/block.h"

_Thread_local struct thread_state thread_state;

static pthread_key_t key;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static int key_error;

void
lane_close(struct lane *lane)
{
	struct mproxy_manager *m = lane->manager;
	int cancel;

	/* from before a fork: left alone, see fork.c */
	if (m && lane->session != atomic_load(&m->session))
		return;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	pipeline_detach(lane, 0);
	/* a thread that was cancelled in the middle of a wait is here too */
	slot_settle(lane->slot);
	if (lane->session)
		session_remove(lane->session, lane);
	else
		slot_end_socket(lane->slot);
	lane->channel.fd = -1;
	channel_deinit(&lane->channel);
	slot_give(lane->slot);
	arena_deinit(&lane->arena);
	free(lane);
	block_forget();
	manager_unref(m);
	pthread_setcancelstate(cancel, NULL);
}

void
lane_drop(struct lane *lane)
{
	struct lane **link = &thread_state.lanes;

	while (*link && *link != lane)
		link = &(*link)->next;
	if (*link)
		*link = lane->next;
	if (thread_state.lane == lane) {
		thread_state.lane = NULL;
		thread_state.manager = NULL;
	}
	lane_close(lane);
}

static bool
is_closed(const struct lane *lane)
{
	return atomic_load(&lane->slot->state) == SLOT_CLOSED;
}

void
lane_purge(void)
{
	struct lane *next;

	for (struct lane *lane = thread_state.lanes; lane; lane = next) {
		next = lane->next;
		if (is_closed(lane))
			lane_drop(lane);
	}
}

static void
on_thread_end(void *unused)
{
	(void)unused;
	pipeline_forget();
	while (thread_state.lanes)
		lane_drop(thread_state.lanes);
	value_blocks_forget();
}

static void
make_key(void)
{
	key_error = pthread_key_create(&key, on_thread_end);
}

int
lane_watch_thread(void)
{
	if (pthread_once(&key_once, make_key) != 0 || key_error != 0 ||
	    pthread_setspecific(key, &thread_state) != 0)
		return error_set(MPROXY_ERR_NO_MEMORY,
				 "no memory to watch for the end of a thread");
	if (thread_state.known)
		return 0;
	thread_state.known = true;
	value_blocks_keep();
	/* what was interrupted before this thread came to us does not concern
	 * it; but the main thread was there all the time */
	if (gettid() != getpid())
		thread_state.interrupts = interrupt_count();
	return 0;
}

int
lane_open(struct mproxy_manager *m, int timeout_ms, struct lane **ret)
{
	struct greeting greeting = { .timeout_ms = timeout_ms };
	struct session *session;
	struct welcome welcome;
	struct lane *lane;
	int error;

	error = session_get(m, timeout_ms, &session);
	if (error)
		return error;
	greeting.session = span_make(session->key, sizeof(session->key));
	error = lane_connect(m, &greeting, &lane, &welcome);
	if (error)
		return error;
	lane->session = session;
	lane->manager = manager_ref(m);
	atomic_store(&lane->slot->state, SLOT_IDLE);
	session_add(session, lane);
	/* mproxy_close() sets the state before it walks the list */
	error = manager_state_error(m);
	if (error) {
		lane_close(lane);
		return error;
	}
	*ret = lane;
	return 0;
}

static int
open_for_thread(struct mproxy_manager *m, struct lane **ret)
{
	struct lane *lane;
	int error, cancel;

	error = lane_watch_thread();
	if (error)
		return error;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	error = lane_open(m, connection_grace_ms(), &lane);
	pthread_setcancelstate(cancel, NULL);
	if (error)
		return error;
	lane->next = thread_state.lanes;
	thread_state.lanes = lane;
	pipeline_attach(lane);
	*ret = lane;
	return 0;
}

int
lane_enter_slowly(struct mproxy_manager *m, struct lane **ret)
{
	struct lane *lane;
	int error;

	lane_purge();
	for (lane = thread_state.lanes; lane; lane = lane->next)
		if (lane->manager == m)
			break;
	if (!lane) {
		error = pipeline_obstacle(m);
		if (!error)
			error = open_for_thread(m, &lane);
		if (error)
			return error;
	}
	if (!slot_begin(lane->slot)) {
		error = manager_state_error(m);
		return error ? error
			     : error_set(MPROXY_ERR_BUSY,
					 "a signal handler called the manager "
					 "in the middle of another call of its "
					 "thread");
	}
	thread_state.manager = m;
	thread_state.lane = lane;
	*ret = lane;
	return 0;
}
