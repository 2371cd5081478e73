/*
 * The floor: what the kernel alone takes for one call.
 *
 * A 32-byte ping-pong over a Unix stream socket against a server that does
 * nothing but epoll_wait, recv and send. No system built on that socket can be
 * faster while each call is a round trip.
 */
#include "bench.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIZE = 32 };

static void
serve(int fd)
{
	struct epoll_event event = { .events = EPOLLIN };
	char buffer[65536];
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		_exit(1);
	for (;;) {
		if (epoll_wait(epoll, &event, 1, -1) < 1)
			continue;
		ssize_t n = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
		if (n <= 0)
			_exit(0);
		if (send(fd, buffer, (size_t)n, MSG_NOSIGNAL) != n)
			_exit(1);
	}
}

static int
ping_pong(void *context)
{
	int fd = *(int *)context;
	char buffer[SIZE] = { 0 };

	if (send(fd, buffer, SIZE, MSG_NOSIGNAL) != SIZE)
		return 1;
	return recv(fd, buffer, SIZE, MSG_WAITALL) != SIZE;
}

int
main(void)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		bench_die("socketpair");
	pid_t server = fork();
	if (server < 0)
		bench_die("fork");
	if (server == 0) {
		close(fds[0]);
		serve(fds[1]);
	}
	close(fds[1]);
	bench_run("ping-pong", "floor", ping_pong, &fds[0]);
	close(fds[0]);
	waitpid(server, NULL, 0);
	return 0;
}
