/*
 * The socket at which the daemon is found, and its claim to that path.
 *
 * Next to the socket PATH there is a locked file PATH.lock, with the pid of
 * who holds it: two daemons never share a path, and a socket whose owner died
 * is told from one in use. Both go away with the daemon.
 */
#ifndef MPROXY_SERVER_ENDPOINT_H
#define MPROXY_SERVER_ENDPOINT_H

#include <sys/types.h>

#include "proto/address.h"

struct endpoint {
	struct address address;
	int lock_fd; /* -1: nothing to remove */
	dev_t device;
	ino_t inode; /* of the socket: what is removed must still be ours */
};

#define ENDPOINT_INIT                                                          \
	{                                                                      \
		.lock_fd = -1                                                  \
	}

/*
 * Makes the socket at ret->address and listens; gives the descriptor. Its
 * folder is made when it is missing.
 *
 * Returns it, or MPROXY_ERR_BUSY (in use), _DENIED (folder not ours, or not
 * writable), _INVALID (something else is there), _NO_DESCRIPTORS or _SYSTEM;
 * then why holds the sentence, which names the path.
 */
int endpoint_listen(struct endpoint *endpoint, char *why, size_t why_size);

/*
 * The same at a name of its own in the user's folder, for a daemon that only
 * its owner knows. Removes what earlier ones left there that were killed.
 */
int endpoint_listen_privately(struct endpoint *endpoint, char *why,
			      size_t why_size);

/* Removes socket and lock, if they are still this daemon's. */
void endpoint_remove(struct endpoint *endpoint);

#endif
