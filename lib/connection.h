/*
 * Connections as mproxy_start() makes them. See connection.c.
 */
#ifndef MPROXY_LIB_CONNECTION_H
#define MPROXY_LIB_CONNECTION_H

#include "session.h"

/* mproxy_connect() with an address that is parsed already. */
int connection_open(const struct address *address, struct mproxy_manager **ret);

/* The same for a process that was announced, see fork_announce(). */
int connection_claim(const struct address *address, struct span nonce,
		     struct mproxy_manager **ret);

/* Takes owner, a pipe: its end ends the manager. */
void connection_keep(struct mproxy_manager *m, struct slot *owner);

#endif
