/*
 * What is the same for both servers: a socket, and bytes there and back.
 */
#include "crowd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "bench.h"

const struct crowd_server *
crowd_find(const char *system)
{
	static const struct crowd_server *const all[] = { &crowd_mproxy,
							  &crowd_redis };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (strcmp(all[i]->system, system) == 0)
			return all[i];
	}
	fprintf(stderr, "bench: no system is named %s\n", system);
	exit(2);
}

int
crowd_connect(const char *address)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		bench_die("socket");
	bench_check(strlen(address) >= sizeof(name.sun_path), address);
	memcpy(name.sun_path, address, strlen(address));
	if (connect(fd, (const struct sockaddr *)&name, sizeof(name)) < 0)
		bench_die(address);
	return fd;
}

pid_t
crowd_pid(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		bench_die("asking who listens");
	return peer.pid;
}

size_t
crowd_exchange(const struct crowd_server *server, int fd, const void *request,
	       size_t size, uint8_t *in, size_t room)
{
	size_t got = 0, whole = 0;

	if (send(fd, request, size, MSG_NOSIGNAL) != (ssize_t)size)
		bench_die("sending a request");
	while (whole == 0) {
		ssize_t n = recv(fd, in + got, room - got, 0);

		if (n <= 0)
			bench_die("waiting for a reply");
		got += (size_t)n;
		whole = server->reply_size(in, got);
	}
	return whole;
}
