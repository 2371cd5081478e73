/*
 * Why the memory of a manager is never freed: fork must find all managers
 * without a lock, and may find one that another thread is just closing.
 */
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "connection.h"
#include "fork.h"
#include "lane.h"
#include "pipeline.h"

#define GRACE_MS 30000
#define GRACE_MAX_MS (24 * 3600 * 1000)
#define END_MS 2000 /* for a private manager to end */

struct registry managers = { .size = sizeof(struct mproxy_manager) };

_Static_assert(sizeof(struct mproxy_manager) % 8 == 0, "records are aligned");

int
connection_grace_ms(void)
{
	/* 0: not asked yet. Threads that ask at once come to the same. */
	static atomic_int known;
	int grace = atomic_load_explicit(&known, memory_order_relaxed);
	const char *text;
	char *end;
	long wanted;

	if (grace > 0)
		return grace;
	grace = GRACE_MS;
	text = secure_getenv("MPROXY_GRACE_MS");
	if (text && *text) {
		wanted = strtol(text, &end, 10);
		if (*end == '\0' && wanted > 0)
			grace = wanted < GRACE_MAX_MS ? (int)wanted
						      : GRACE_MAX_MS;
	}
	atomic_store_explicit(&known, grace, memory_order_relaxed);
	return grace;
}

struct mproxy_manager *
manager_ref(struct mproxy_manager *m)
{
	atomic_fetch_add_explicit(&m->refs, 1, memory_order_relaxed);
	return m;
}

bool
manager_try_ref(struct mproxy_manager *m)
{
	unsigned refs = atomic_load(&m->refs);

	while (refs > 0)
		if (atomic_compare_exchange_weak(&m->refs, &refs, refs + 1))
			return true;
	return false;
}

static void
manager_discard(struct mproxy_manager *m)
{
	struct session *session = atomic_exchange(&m->session, NULL);

	if (session)
		session_free(session);
	if (m->owner)
		close(slot_give(m->owner));
	m->owner = NULL;
	free(m->object);
	m->object = NULL;
	registry_give(m);
}

void
manager_unref(struct mproxy_manager *m)
{
	if (m && atomic_fetch_sub(&m->refs, 1) == 1)
		manager_discard(m);
}

struct mproxy_object *
manager_object(struct mproxy_manager *m)
{
	return m->object;
}

/* Its references are those of the manager: see proxy.c. */
static struct mproxy_object *
object_of(struct mproxy_manager *m)
{
	static const char type[] = "manager";
	struct mproxy_object *object = malloc(sizeof(*object) + sizeof(type));

	if (!object)
		return NULL;
	atomic_init(&object->refs, 1);
	object->manager = m;
	object->id = MESSAGE_MANAGER;
	memcpy(object->type, type, sizeof(type));
	return object;
}

/* Not found by fork before it has a reference. */
static struct mproxy_manager *
manager_new(const struct address *address)
{
	struct mproxy_manager *m = registry_take(&managers);
	struct session *session;

	if (!m)
		return NULL;
	m->address = *address;
	m->owner = NULL;
	atomic_store(&m->state, MANAGER_OPEN);
	m->object = object_of(m);
	session = session_new(SESSION_OPEN);
	if (!m->object || !session) {
		free(m->object);
		m->object = NULL;
		free(session);
		registry_give(m);
		return NULL;
	}
	atomic_store(&m->session, session);
	return m;
}

int
connection_claim(const struct address *address, struct span nonce,
		 struct mproxy_manager **ret)
{
	const struct greeting greeting = {
		.fork = nonce,
		.timeout_ms = connection_grace_ms(),
		.first = true,
	};
	struct mproxy_manager *m;
	struct session *session;
	struct welcome welcome;
	struct lane *control;
	int error, cancel;

	if (fork_watch() != 0)
		return error_set(MPROXY_ERR_NO_MEMORY,
				 "no memory to watch for forks");
	m = manager_new(address);
	if (!m)
		return error_set(MPROXY_ERR_NO_MEMORY,
				 "no memory for a connection");
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	error = lane_connect(m, &greeting, &control, &welcome);
	pthread_setcancelstate(cancel, NULL);
	if (error) {
		manager_discard(m);
		return error;
	}
	session = atomic_load(&m->session);
	memcpy(m->instance, welcome.instance, sizeof(m->instance));
	m->max_value = welcome.max_value;
	m->pid = welcome.pid;
	memcpy(session->key, welcome.session, sizeof(session->key));
	session->control = control;
	atomic_store(&m->refs, 1);
	*ret = m;
	return 0;
}

int
connection_open(const struct address *address, struct mproxy_manager **ret)
{
	return connection_claim(address, span_make(NULL, 0), ret);
}

int
mproxy_connect(const char *address, struct mproxy_manager **ret)
{
	struct address parsed;
	char why[256];
	int error;

	error = address ? address_parse(address, &parsed, why, sizeof(why))
			: address_default(&parsed, why, sizeof(why));
	if (error)
		return error_set(MPROXY_ERR_INVALID, "%s", why);
	return connection_open(&parsed, ret);
}

void
connection_keep(struct mproxy_manager *m, struct slot *owner)
{
	m->owner = owner;
}

/* A private manager ends when the pipe of its owner does. */
static void
end_private(struct mproxy_manager *m, struct session *session)
{
	int64_t deadline = clock_now() + END_MS * NS_PER_MS;
	struct pollfd control = { .events = POLLIN };
	int64_t left;

	close(slot_give(m->owner));
	m->owner = NULL;
	if (!session || !session->control)
		return;
	control.fd = slot_fd(session->control->slot);
	do {
		left = deadline - clock_now();
	} while (left > 0 &&
		 poll(&control, 1, (int)(left / NS_PER_MS) + 1) < 0);
}

struct mproxy_manager *
mproxy_close(struct mproxy_manager *m)
{
	struct session *session;
	int cancel;

	if (!m)
		return NULL;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	pipeline_push(m);
	atomic_store(&m->state, MANAGER_CLOSED);
	session = atomic_load(&m->session);
	if (session)
		session_shut(session);
	if (m->owner)
		end_private(m, session);
	if (session)
		session_end(session);
	lane_purge();
	manager_unref(m);
	pthread_setcancelstate(cancel, NULL);
	return NULL;
}

const char *
mproxy_manager_address(const struct mproxy_manager *m)
{
	return m->address.path;
}

int
manager_state_error(struct mproxy_manager *m)
{
	switch (atomic_load(&m->state)) {
	case MANAGER_CLOSED:
		return error_set(MPROXY_ERR_CLOSED,
				 "this connection to %s was closed by "
				 "mproxy_close()",
				 m->address.path);
	case MANAGER_GONE:
		return error_set(MPROXY_ERR_SERVER_GONE,
				 "the manager at %s has ended",
				 m->address.path);
	default:
		return 0;
	}
}

pid_t
mproxy_manager_pid(const struct mproxy_manager *m)
{
	return (pid_t)m->pid;
}
