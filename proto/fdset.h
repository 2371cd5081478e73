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

void fdset_close(struct fdset *set); /* all that is in it; it stays usable */

/* As FDSET_INIT, without the zeros. */
static inline void
fdset_init(struct fdset *set)
{
	set->n = 0;
}

/* Closes what is left. */
static inline void
fdset_deinit(struct fdset *set)
{
	if (set->n > 0)
		fdset_close(set);
}

/* Takes fd, also on failure (then closed). 0 or MPROXY_ERR_LIMIT. */
int fdset_consume(struct fdset *set, int fd);

/* The oldest one, now the caller's; -1 when empty. */
int fdset_take(struct fdset *set);

/* Moves the n oldest into other. 0 or MPROXY_ERR_PROTOCOL, nothing moved. */
int fdset_move(struct fdset *set, size_t n, struct fdset *other);

#endif
