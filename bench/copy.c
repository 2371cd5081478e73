/*
 * The floor under values: the same bytes through a bare Unix socket, into a
 * buffer that is there already, and by memcpy.
 *
 * A put sends a header that says how many bytes follow, then these, and reads
 * one byte; a get sends a header that asks for bytes, and reads them.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "sizes.h"

struct header {
	size_t put, get; /* bytes that follow; bytes that are wanted */
};

struct move {
	int fd;
	char *data, *other;
	size_t size;
};

static void
send_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = send(fd, data, size, MSG_NOSIGNAL);

		if (n < 0)
			bench_die("send");
		data += n;
		size -= (size_t)n;
	}
}

static bool
receive_all(int fd, char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = recv(fd, data, size, 0);

		if (n <= 0)
			return false;
		data += n;
		size -= (size_t)n;
	}
	return true;
}

static void
serve(int fd, char *data)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct header header;
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		_exit(1);
	for (;;) {
		if (epoll_wait(epoll, &event, 1, -1) < 1)
			continue;
		if (!receive_all(fd, (char *)&header, sizeof(header)) ||
		    !receive_all(fd, data, header.put))
			_exit(0);
		send_all(fd, data, header.get);
	}
}

static int
put(void *context)
{
	struct move *move = context;
	struct header header = { .put = move->size, .get = 1 };

	send_all(move->fd, (const char *)&header, sizeof(header));
	send_all(move->fd, move->data, move->size);
	return !receive_all(move->fd, move->other, 1);
}

static int
get(void *context)
{
	struct move *move = context;
	struct header header = { .get = move->size };

	send_all(move->fd, (const char *)&header, sizeof(header));
	return !receive_all(move->fd, move->other, move->size);
}

static int
copy(void *context)
{
	struct move *move = context;

	memcpy(move->other, move->data, move->size);
	__asm__ volatile("" : : "r"(move->other) : "memory");
	return 0;
}

static char *
make_room(void)
{
	char *data = malloc(sizes[N_SIZES - 1]);

	if (!data)
		bench_die("memory for a value");
	memset(data, 'x', sizes[N_SIZES - 1]);
	return data;
}

static void
measure(struct move *move)
{
	double seconds = sizes_seconds();
	double once = bench_time("memcpy", seconds / 2, copy, move);

	sizes_row("put", move->size, "floor",
		  bench_time("put", seconds, put, move));
	sizes_row("get", move->size, "floor",
		  bench_time("get", seconds, get, move));
	sizes_row("put", move->size, "memcpy", once);
	sizes_row("get", move->size, "memcpy", once);
}

int
main(void)
{
	struct move move = { .data = make_room(), .other = make_room() };
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		bench_die("socketpair");
	pid_t server = fork();
	if (server < 0)
		bench_die("fork");
	if (server == 0) {
		close(fds[0]);
		serve(fds[1], move.data);
	}
	close(fds[1]);
	move.fd = fds[0];
	for (int i = 0; i < N_SIZES; i++) {
		move.size = sizes[i];
		measure(&move);
	}
	close(move.fd);
	waitpid(server, NULL, 0);
	free(move.data);
	free(move.other);
	return 0;
}
