/*
 * Announced forks: sessions that wait for a child to claim them.
 *
 * The parent tells a nonce before it forks and hands over the read end of a
 * pipe whose write end the child will hold. The child claims the session by
 * the nonce; if the pipe ends before that, the child is gone or never was,
 * and the references that were kept for it are given back. An announcement
 * outlives the parent.
 */
#ifndef MPROXY_SERVER_ANNOUNCE_H
#define MPROXY_SERVER_ANNOUNCE_H

#include "server/client.h"

/*
 * Takes pipe_fd, also on failure. Returns 0, or a code of mproxy/error.h and
 * the sentence in *ret_why: _INVALID (no nonce, no pipe), _EXISTS, _LIMIT,
 * _NO_MEMORY.
 */
int announce_fork(struct client *parent, struct span nonce, int pipe_fd,
		  const char **ret_why);

/* The session that was announced, now the caller's; NULL when there is none. */
struct session *announce_claim(struct server *server, struct span nonce);

/* Takes session back after a claim that failed: gives back its references. */
void announce_return(struct server *server, struct session *session,
		     int64_t now);

void announce_orphan(struct client *parent); /* it is going away */
void announce_free_all(struct server *server);

#endif
