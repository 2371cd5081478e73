/*
 * Descriptors waiting to be claimed, in the order they came.
 *
 * The set owns what is in it: what nobody takes is closed with it.
 */
#ifndef MPROXY_PROTO_FDSET_H
#define MPROXY_PROTO_FDSET_H

#include <stddef.h>

#define FDSET_MAX 64

struct fdset {
	size_t n;
	int fds[FDSET_MAX];
};

#define FDSET_INIT                                                             \
	{                                                                      \
	}

void fdset_deinit(struct fdset *set); /* closes what is left */

/* Takes fd, also on failure (then closed). 0 or MPROXY_ERR_LIMIT. */
int fdset_consume(struct fdset *set, int fd);

/* The oldest one, now the caller's; -1 when empty. */
int fdset_take(struct fdset *set);

/* Moves the n oldest into other. 0 or MPROXY_ERR_PROTOCOL, nothing moved. */
int fdset_move(struct fdset *set, size_t n, struct fdset *other);

#endif
