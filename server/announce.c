/*
 * Why the pipe is never read: its description is shared with the parent, who
 * could empty it first, and then a read here would wait for ever. Any event
 * on it means that the child will not come.
 */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mproxy/error.h"
#include "server/announce.h"

struct announced {
	struct key nonce;
	struct server *server;
	struct client *parent; /* NULL when gone */
	struct session *session;
	struct list_link link;	      /* in server->forks */
	struct list_link parent_link; /* in parent->forks */
	int pipe_fd;
	struct event pipe_event;
};

static void
announced_free(struct announced *fork)
{
	struct server *server = fork->server;

	event_del(&fork->pipe_event);
	close(fork->pipe_fd);
	keyring_remove(&server->fork_nonces, &fork->nonce);
	list_remove(&fork->link);
	list_remove(&fork->parent_link);
	if (fork->parent)
		fork->parent->n_forks--;
	server->n_forks--;
	free(fork);
}

static void
on_pipe(evutil_socket_t fd, short what, void *context)
{
	struct announced *fork = context;
	struct session *session = fork->session;
	struct server *server = fork->server;

	(void)fd;
	(void)what;
	announced_free(fork);
	announce_return(server, session, server_tick(server));
}

static bool
is_pipe(int fd)
{
	struct stat status;

	return fd >= 0 && fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode);
}

static int
check(struct client *parent, struct span nonce, int pipe_fd,
      const char **ret_why)
{
	struct server *server = parent->server;

	if (nonce.size != MESSAGE_KEY_SIZE) {
		*ret_why = "server: the nonce of a fork has 16 bytes";
		return MPROXY_ERR_INVALID;
	}
	if (!is_pipe(pipe_fd)) {
		*ret_why = "server: a fork is announced with a pipe";
		return MPROXY_ERR_INVALID;
	}
	if (keyring_find(&server->fork_nonces, nonce)) {
		*ret_why = "server: this fork is announced already";
		return MPROXY_ERR_EXISTS;
	}
	if (parent->n_forks >= LIMITS_FORKS_PER_SESSION ||
	    server->n_forks >= server->limits.max_forks) {
		*ret_why = "server: too many forks are announced and not "
			   "claimed";
		return MPROXY_ERR_LIMIT;
	}
	return 0;
}

/* Takes pipe_fd on success only. */
static struct announced *
announced_new(struct client *parent, struct span nonce, int pipe_fd)
{
	struct server *server = parent->server;
	struct announced *fork = calloc(1, sizeof(*fork));

	if (!fork)
		return NULL;
	if (event_assign(&fork->pipe_event, server->base, pipe_fd, EV_READ,
			 on_pipe, fork) < 0 ||
	    event_add(&fork->pipe_event, NULL) < 0)
		goto fail;
	fork->session = core_session_fork(server->core, parent->session);
	if (!fork->session) {
		event_del(&fork->pipe_event);
		goto fail;
	}
	memcpy(fork->nonce.bytes, nonce.data, sizeof(fork->nonce.bytes));
	fork->server = server;
	fork->parent = parent;
	fork->pipe_fd = pipe_fd;
	return fork;
fail:
	free(fork);
	return NULL;
}

int
announce_fork(struct client *parent, struct span nonce, int pipe_fd,
	      const char **ret_why)
{
	struct server *server = parent->server;
	struct announced *fork = NULL;
	int r = check(parent, nonce, pipe_fd, ret_why);

	if (r == 0) {
		fork = announced_new(parent, nonce, pipe_fd);
		if (!fork) {
			*ret_why = "server: no memory to announce a fork";
			r = MPROXY_ERR_NO_MEMORY;
		}
	}
	if (r < 0) {
		if (pipe_fd >= 0)
			close(pipe_fd);
		return r;
	}
	keyring_add(&server->fork_nonces, &fork->nonce);
	list_append(&server->forks, &fork->link);
	list_append(&parent->forks, &fork->parent_link);
	parent->n_forks++;
	server->n_forks++;
	return 0;
}

struct session *
announce_claim(struct server *server, struct span nonce)
{
	struct key *key = keyring_find(&server->fork_nonces, nonce);
	struct announced *fork;
	struct session *session;

	if (!key)
		return NULL;
	fork = LIST_ENTRY(key, struct announced, nonce);
	session = fork->session;
	announced_free(fork);
	return session;
}

void
announce_return(struct server *server, struct session *session, int64_t now)
{
	core_session_close(server->core, session, "the child never came", now);
}

void
announce_orphan(struct client *parent)
{
	struct list_link *link;

	while ((link = list_first(&parent->forks))) {
		LIST_ENTRY(link, struct announced, parent_link)->parent = NULL;
		list_remove(link);
	}
	parent->n_forks = 0;
}

void
announce_free_all(struct server *server)
{
	struct list_link *link;

	while ((link = list_first(&server->forks)))
		announced_free(LIST_ENTRY(link, struct announced, link));
}
