/*
 * Why a pidfd: a forked child that still holds the socket of a dead client
 * keeps the stream open, and all that the client held would stay held.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "server/auth.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5 */
#endif

int
auth_identify(int fd, struct identity *ret)
{
	struct ucred credentials;
	socklen_t size = sizeof(credentials);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
		return -errno;
	*ret = (struct identity){
		.pid = (uint32_t)credentials.pid,
		.uid = credentials.uid,
	};
	return 0;
}

bool
auth_is_welcome(const struct identity *who)
{
	return who->uid == geteuid();
}

bool
auth_is_same(const struct identity *a, const struct identity *b)
{
	return a->uid == b->uid && a->pid == b->pid;
}

static bool
is_hung_up(int fd)
{
	struct pollfd poller = { .fd = fd, .events = 0 };

	return poll(&poller, 1, 0) != 0;
}

int
auth_open_pidfd(int fd, const struct identity *who)
{
	socklen_t size = sizeof(int);
	int pidfd = -1;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size) == 0) {
		fcntl(pidfd, F_SETFD, FD_CLOEXEC);
		return pidfd;
	}
	if (who->pid == 0)
		return -1;
	pidfd = (int)syscall(SYS_pidfd_open, (pid_t)who->pid, 0);
	if (pidfd < 0)
		return -1;
	/* the number may have a new bearer, but only once the old one died */
	if (is_hung_up(fd)) {
		close(pidfd);
		return -1;
	}
	return pidfd;
}
