/*
 * A client: a process that is connected, with its session in the core.
 *
 * It lives as long as the connection it began with: when that one ends, or the
 * kernel says that the process has, all its connections end and its session
 * is closed. Where the kernel cannot tell, the connection alone does.
 */
#ifndef MPROXY_SERVER_CLIENT_H
#define MPROXY_SERVER_CLIENT_H

#include "server/auth.h"
#include "server/shell.h"

struct conn;

struct client {
	struct server *server;
	struct session *session; /* of the core */
	struct identity who;
	struct key key;		      /* further connections join by it */
	struct list_link link;	      /* in server->clients */
	struct list_link doomed_link; /* in server->doomed_clients */
	struct list_link conns;
	struct list_link forks; /* announced and not claimed yet */
	size_t n_forks;
	const char *cause; /* why it is doomed; NULL: it is not */
	int pidfd;	   /* -1: none */
	struct event pidfd_event;
};

/*
 * A client for the process at the other end of fd, which this borrows. Takes
 * session, an announced one, or opens a new one when it is NULL. NULL without
 * memory; then session is as it was.
 */
struct client *client_new(struct server *server, int fd,
			  const struct identity *who, struct span program,
			  struct session *session);

/* It has ended; cause is a constant string, the first one counts. */
void client_condemn(struct client *client, const char *cause);

/* Handles what its connections received, settles and frees it. */
void client_end(struct client *client, int64_t now);

/* Frees it alone; the session is the core's to free. */
void client_free(struct client *client);

#endif
