/*
 * Why a set of its own: a descriptor that arrives and is lost track of stays
 * open for ever. Here each has exactly one owner, and the end of the set is
 * the end of what is in it.
 */
#include <string.h>
#include <unistd.h>

#include "fdset.h"

#include "mproxy/error.h"

static void
drop_oldest(struct fdset *set, size_t n)
{
	set->n -= n;
	memmove(set->fds, set->fds + n, set->n * sizeof(set->fds[0]));
}

void
fdset_close(struct fdset *set)
{
	for (size_t i = 0; i < set->n; i++)
		close(set->fds[i]);
	set->n = 0;
}

int
fdset_consume(struct fdset *set, int fd)
{
	if (set->n == FDSET_MAX) {
		close(fd);
		return MPROXY_ERR_LIMIT;
	}
	set->fds[set->n++] = fd;
	return 0;
}

int
fdset_take(struct fdset *set)
{
	int fd;

	if (set->n == 0)
		return -1;
	fd = set->fds[0];
	drop_oldest(set, 1);
	return fd;
}

int
fdset_move(struct fdset *set, size_t n, struct fdset *other)
{
	if (n > set->n || n > FDSET_MAX - other->n)
		return MPROXY_ERR_PROTOCOL;
	memcpy(other->fds + other->n, set->fds, n * sizeof(set->fds[0]));
	other->n += n;
	drop_oldest(set, n);
	return 0;
}
