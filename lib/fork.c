/*
 * Why a fork is announced and the announcement waited for: a child that uses
 * what it inherited connects for itself, and until it does, or is gone, the
 * manager must keep alive what the parent held at the fork. The parent may
 * release something right after; only an announcement that the manager has
 * answered before the fork cannot be overtaken by that.
 *
 * Before: for each connection a nonce and a pipe are made, and the nonce and
 * the pipe's end for reading are sent. The child holds the other end; when it
 * is gone the manager sees that.
 * Parent: closes its copy of the pipe.
 * Child: closes every descriptor of the library, and puts a session of its
 * own, which has yet to come forward with the nonce, in place of the parent's.
 * What other threads may have been at (sessions, lanes, their locks) is left
 * alone for ever; it stays reachable, so that nobody takes it for a leak.
 *
 * No handler waits for another thread: managers and descriptors are found in
 * registries without locks, sessions of parent and child share nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "clock.h"
#include "detail.h"
#include "fork.h"
#include "lane.h"
#include "pipeline.h"

#define ANNOUNCE_MS 1000

/* One connection, from before the fork to after it. */
struct fork_node {
	struct mproxy_manager *manager; /* one reference */
	struct session *session;	/* of the child; NULL: no memory */
	struct fork_node *next;
};

static struct session *abandoned; /* only to keep them reachable */

static int
patience_ms(void)
{
	int grace = connection_grace_ms();

	return grace < ANNOUNCE_MS ? grace : ANNOUNCE_MS;
}

/* --- before --- */

static void
fail(struct session *session, int code, const char *because)
{
	session->failure = code;
	session->because = because;
	atomic_store(&session->state, SESSION_FAILED);
}

/* The pipe's end for reading; the other goes to the child's session. */
static int
make_pipe(struct session *session)
{
	int ends[2];

	if (getrandom(session->nonce, sizeof(session->nonce), 0) !=
	    (ssize_t)sizeof(session->nonce))
		return -1;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	session->pipe = slot_take(ends[1]);
	if (session->pipe)
		return ends[0];
	close(ends[0]);
	close(ends[1]);
	return -1;
}

/* One of the two Forks. Takes fd. 0, or an error of the library. */
static int
send_fork(struct lane *lane, const struct session *session, int fd,
	  int64_t deadline)
{
	const struct message_fork message = {
		.id = ++lane->last_id,
		.nonce = span_make(session->nonce, sizeof(session->nonce)),
	};
	struct message_reply reply;
	int r = message_send_fork(&lane->channel, &message, fd);

	if (r != 0)
		return r;
	do
		r = channel_flush(&lane->channel, MSG_DONTWAIT);
	while (r == -EINTR);
	if (r < 0 && r != -EAGAIN)
		return lane_error(lane, r, false);
	r = lane_await(lane, message.id, deadline, &reply);
	if (r == 0) {
		/* it will come, and then nobody waits for it */
		lane->orphan_id = message.id;
		return MPROXY_ERR_SERVER_SILENT;
	}
	return r < 0 ? r : reply.status;
}

/*
 * The first time, the server is asked to be ready for descriptors: before that
 * it would lose one. SERVER_SILENT: the announcement was sent, but not answered.
 * Takes fd. 0, or an error of the library.
 */
static int
announce_on(struct lane *lane, const struct session *session, int fd)
{
	int64_t deadline = clock_now() + patience_ms() * NS_PER_MS;
	int error = 0;

	if (!lane->passes_fds)
		error = send_fork(lane, session, -1, deadline);
	if (error) {
		close(fd);
		return error == MPROXY_ERR_SERVER_SILENT ? MPROXY_ERR_TIMEOUT
							 : error;
	}
	lane->passes_fds = true;
	return send_fork(lane, session, fd, deadline);
}

/* On a lane made for it: the thread has none, or is in the middle of a call,
 * for fork may be called by a signal handler. Takes fd. */
static int
announce_apart(struct mproxy_manager *m, struct session *parent,
	       const struct session *session, int fd)
{
	const struct greeting greeting = {
		.session = span_make(parent->key, sizeof(parent->key)),
		.timeout_ms = patience_ms(),
	};
	struct welcome welcome;
	struct lane *lane;
	int error = lane_connect(m, &greeting, &lane, &welcome);

	if (error) {
		close(fd);
		return error;
	}
	lane->session = parent;
	lane->manager = manager_ref(m);
	error = announce_on(lane, session, fd);
	lane->session = NULL;
	lane->manager = NULL;
	lane_close(lane);
	manager_unref(m);
	return error;
}

static struct lane *
own_lane(const struct mproxy_manager *m)
{
	struct lane *lane;

	for (lane = thread_state.lanes; lane; lane = lane->next)
		if (lane->manager == m)
			return slot_begin(lane->slot) ? lane : NULL;
	return NULL;
}

/* The lane of this thread, if nothing is on its way there. */
static struct lane *
quiet_lane(const struct mproxy_manager *m)
{
	struct lane *lane = own_lane(m);

	if (!lane || !lane->pipeline ||
	    pipeline_settle(&lane, clock_now() + patience_ms() * NS_PER_MS))
		return lane;
	if (lane)
		lane_leave(lane);
	return NULL;
}

static int
announce(struct mproxy_manager *m, struct session *session)
{
	struct session *parent;
	struct lane *lane;
	int error, fd;

	/* a child that was never used comes forward now */
	error = session_get(m, patience_ms(), &parent);
	if (error)
		return error;
	fd = make_pipe(session);
	if (fd < 0)
		return MPROXY_ERR_NO_DESCRIPTORS;
	lane = quiet_lane(m);
	if (!lane)
		return announce_apart(m, parent, session, fd);
	error = announce_on(lane, session, fd);
	if (error == MPROXY_ERR_SERVER_GONE || error == MPROXY_ERR_PROTOCOL ||
	    error == MPROXY_ERR_CLOSED)
		lane_drop(lane);
	else
		lane_leave(lane);
	return error;
}

int
fork_announce(struct mproxy_manager *m, uint8_t ret_nonce[MESSAGE_KEY_SIZE],
	      int *ret_fd)
{
	struct session *session = session_new(SESSION_ANNOUNCED);
	int error, cancel;

	if (!session)
		return error_set(MPROXY_ERR_NO_MEMORY,
				 "no memory to announce a process");
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	error = announce(m, session);
	if (!error) {
		memcpy(ret_nonce, session->nonce, sizeof(session->nonce));
		*ret_fd = slot_give(session->pipe);
		session->pipe = NULL;
	} else {
		error_set(error,
			  "the manager at %s could not be told of a "
			  "new process: %s",
			  m->address.path, mproxy_strerror(error));
	}
	session_free(session);
	pthread_setcancelstate(cancel, NULL);
	return error;
}

static void
prepare_manager(struct mproxy_manager *m)
{
	struct fork_node *node = malloc(sizeof(*node));
	int error;

	if (!node) {
		manager_unref(m);
		return; /* the child has no session then, and says so */
	}
	node->manager = m;
	node->session = session_new(SESSION_ANNOUNCED);
	node->next = thread_state.forks;
	thread_state.forks = node;
	if (!node->session)
		return;
	error = announce(m, node->session);
	if (error == MPROXY_ERR_SERVER_SILENT && node->session->pipe)
		return; /* it was sent: the child may try */
	if (error)
		fail(node->session,
		     error == MPROXY_ERR_SERVER_GONE ? error
						     : MPROXY_ERR_FORKED,
		     "the manager could not be told of the fork of this "
		     "process; what it inherited cannot be used");
}

static void
prepare(void)
{
	struct registry_cursor cursor = { 0 };
	struct mproxy_manager *m;
	struct detail saved;
	int cancel, error = errno;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	detail_save(&saved);
	while ((m = registry_next(&managers, &cursor))) {
		if (!manager_try_ref(m))
			continue;
		if (atomic_load(&m->state) == MANAGER_OPEN)
			prepare_manager(m);
		else
			manager_unref(m);
	}
	detail_restore(&saved);
	pthread_setcancelstate(cancel, NULL);
	errno = error;
}

/* --- after --- */

static struct fork_node *
node_free(struct fork_node *node)
{
	struct fork_node *next = node->next;

	manager_unref(node->manager);
	free(node);
	return next;
}

static void
parent(void)
{
	struct fork_node *node = thread_state.forks;
	int error = errno;

	thread_state.forks = NULL;
	while (node) {
		if (node->session)
			session_free(node->session);
		node = node_free(node);
	}
	errno = error;
}

static bool
is_ours(const struct slot *slot)
{
	const struct fork_node *node;

	for (node = thread_state.forks; node; node = node->next)
		if (node->session && node->session->pipe == slot)
			return true;
	return false;
}

/* A slot of a call in flight is still in the hands of this thread: it finds
 * that there is no socket any more. */
static bool
is_in_flight(const struct slot *slot)
{
	const struct lane *lane;

	for (lane = thread_state.lanes; lane; lane = lane->next)
		if (lane->slot == slot)
			return atomic_load(&slot->state) != SLOT_IDLE;
	return false;
}

static void
close_inherited(void)
{
	struct registry_cursor cursor = { 0 };
	struct slot *slot;
	int fd;

	while ((slot = registry_next(&slots, &cursor))) {
		if (is_ours(slot))
			continue;
		fd = slot_take_fd(slot);
		if (fd >= 0)
			close(fd);
		if (is_in_flight(slot))
			continue;
		atomic_store(&slot->state, SLOT_PLAIN);
		registry_give(slot);
	}
}

static void
forget_thread(void)
{
	for (struct lane *lane = thread_state.lanes; lane; lane = lane->next)
		lane->channel.fd = -1;
	pipeline_disown();
	thread_state.lanes = NULL;
	thread_state.lane = NULL;
	thread_state.manager = NULL;
	thread_state.current = NULL;
}

static struct session *
session_for(const struct mproxy_manager *m)
{
	struct fork_node *node;

	for (node = thread_state.forks; node; node = node->next)
		if (node->manager == m)
			return node->session;
	return NULL;
}

static void
replace_sessions(void)
{
	struct registry_cursor cursor = { 0 };
	struct mproxy_manager *m;
	struct session *old;

	while ((m = registry_next(&managers, &cursor))) {
		if (atomic_load(&m->refs) == 0)
			continue;
		m->owner = NULL;
		old = atomic_exchange(&m->session, session_for(m));
		if (!old)
			continue;
		old->before = abandoned;
		abandoned = old;
	}
}

static void
child(void)
{
	struct fork_node *node;
	int error = errno;

	close_inherited();
	forget_thread();
	replace_sessions();
	node = thread_state.forks;
	thread_state.forks = NULL;
	while (node)
		node = node_free(node);
	errno = error;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int watch_error;

static void
watch(void)
{
	watch_error = pthread_atfork(prepare, parent, child);
}

int
fork_watch(void)
{
	int error = pthread_once(&once, watch);

	return error ? error : watch_error;
}
