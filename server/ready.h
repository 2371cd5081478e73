/*
 * How whoever starts the daemon and the daemon find each other: sockets that
 * are handed over, and the word that it listens.
 */
#ifndef MPROXY_SERVER_READY_H
#define MPROXY_SERVER_READY_H

#include "proto/address.h"

/*
 * The listening socket that a service manager handed over ($LISTEN_FDS), and
 * its address. -1 when there is none; -2 when it cannot be served, then why
 * holds the sentence.
 */
int ready_inherited_socket(struct address *ret, char *why, size_t why_size);

/* Writes address and a newline to fd, if it is not -1, and closes it; tells
 * the service manager ($NOTIFY_SOCKET). */
void ready_announce(int fd, const struct address *address);

#endif
