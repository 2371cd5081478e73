/*
 * Why two mutexes: coming forward after a fork takes a round trip, and the
 * list of lanes must not be locked that long.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "lane.h"

struct session *
session_new(enum session_state state)
{
	struct session *session = calloc(1, sizeof(*session));

	if (!session)
		return NULL;
	pthread_mutex_init(&session->claim, NULL);
	pthread_mutex_init(&session->lock, NULL);
	atomic_init(&session->state, state);
	return session;
}

static void
drop_pipe(struct session *session)
{
	if (session->pipe)
		close(slot_give(session->pipe));
	session->pipe = NULL;
}

void
session_free(struct session *session)
{
	session_end(session);
	drop_pipe(session);
	pthread_mutex_destroy(&session->claim);
	pthread_mutex_destroy(&session->lock);
	free(session);
}

void
session_add(struct session *session, struct lane *lane)
{
	pthread_mutex_lock(&session->lock);
	lane->session_next = session->lanes;
	lane->session_link = &session->lanes;
	if (session->lanes)
		session->lanes->session_link = &lane->session_next;
	session->lanes = lane;
	pthread_mutex_unlock(&session->lock);
}

void
session_remove(struct session *session, struct lane *lane)
{
	pthread_mutex_lock(&session->lock);
	if (lane->session_link) {
		*lane->session_link = lane->session_next;
		if (lane->session_next)
			lane->session_next->session_link = lane->session_link;
		lane->session_link = NULL;
	}
	slot_end_socket(lane->slot);
	pthread_mutex_unlock(&session->lock);
}

void
session_shut(struct session *session)
{
	struct lane *lane;

	pthread_mutex_lock(&session->lock);
	for (lane = session->lanes; lane; lane = lane->session_next) {
		if (slot_close(lane->slot))
			slot_end_socket(lane->slot);
		else if (slot_fd(lane->slot) >= 0)
			shutdown(slot_fd(lane->slot), SHUT_RDWR);
	}
	pthread_mutex_unlock(&session->lock);
}

void
session_end(struct session *session)
{
	struct lane *control;

	pthread_mutex_lock(&session->lock);
	control = session->control;
	session->control = NULL;
	pthread_mutex_unlock(&session->lock);
	if (control)
		lane_close(control);
}

bool
session_is_gone(struct session *session)
{
	bool gone = true;
	ssize_t n;
	char byte;

	pthread_mutex_lock(&session->lock);
	if (session->control) {
		n = recv(slot_fd(session->control->slot), &byte, 1,
			 MSG_PEEK | MSG_DONTWAIT);
		gone = n == 0 || (n < 0 && errno == ECONNRESET);
	}
	pthread_mutex_unlock(&session->lock);
	return gone;
}

static int
fail(struct session *session, int code, const char *because)
{
	session->failure = code;
	session->because = because;
	atomic_store(&session->state, SESSION_FAILED);
	return code;
}

/* The child comes forward with the nonce that its parent announced. */
static int
come_forward(struct mproxy_manager *m, struct session *session, int timeout_ms)
{
	const struct greeting greeting = {
		.fork = span_make(session->nonce, sizeof(session->nonce)),
		.timeout_ms = timeout_ms,
	};
	struct lane *control;
	struct welcome welcome;
	int error = lane_connect(m, &greeting, &control, &welcome);

	switch (error) {
	case 0:
		break;
	case MPROXY_ERR_NO_DESCRIPTORS:
	case MPROXY_ERR_NO_MEMORY:
	case MPROXY_ERR_SERVER_SILENT:
	case MPROXY_ERR_SERVER_GONE:
		return error; /* may pass, or is remembered elsewhere */
	default:
		return fail(session, MPROXY_ERR_FORKED,
			    "the manager does not know this forked process; "
			    "what it inherited cannot be used");
	}
	memcpy(session->key, welcome.session, sizeof(session->key));
	pthread_mutex_lock(&session->lock);
	session->control = control;
	pthread_mutex_unlock(&session->lock);
	drop_pipe(session);
	atomic_store(&session->state, SESSION_OPEN);
	return 0;
}

static int
claim(struct mproxy_manager *m, struct session *session, int timeout_ms)
{
	struct timespec until;
	int error = 0;

	/* bounded, for fork must not wait for another thread for long */
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += timeout_ms / 1000 + 1;
	if (pthread_mutex_timedlock(&session->claim, &until) != 0)
		return error_set(MPROXY_ERR_SERVER_SILENT,
				 "another thread of this forked process waits "
				 "for the manager at %s",
				 m->address.path);
	if (atomic_load(&session->state) == SESSION_ANNOUNCED)
		error = come_forward(m, session, timeout_ms);
	pthread_mutex_unlock(&session->claim);
	return error;
}

int
session_get(struct mproxy_manager *m, int timeout_ms, struct session **ret)
{
	struct session *session;
	int error = manager_state_error(m);

	if (error)
		return error;
	session = atomic_load(&m->session);
	if (!session)
		return error_set(MPROXY_ERR_FORKED,
				 "there was no memory to prepare the fork of "
				 "this process; it has no connection to %s",
				 m->address.path);
	if (atomic_load(&session->state) == SESSION_ANNOUNCED) {
		error = claim(m, session, timeout_ms);
		if (error && atomic_load(&session->state) != SESSION_FAILED)
			return error;
	}
	if (atomic_load(&session->state) == SESSION_FAILED)
		return error_set(session->failure, "%s", session->because);
	*ret = session;
	return 0;
}
