/*
 * Why not libsystemd: two variables and one datagram are all of it that is
 * needed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/ready.h"

#define FIRST_FD 3

static long
number_from(const char *name)
{
	const char *text = getenv(name);

	return text ? strtol(text, NULL, 10) : 0;
}

static int
option_of(int fd, int option)
{
	socklen_t size = sizeof(int);
	int value = -1;

	getsockopt(fd, SOL_SOCKET, option, &value, &size);
	return value;
}

int
ready_inherited_socket(struct address *ret, char *why, size_t why_size)
{
	bool is_for_us = number_from("LISTEN_PID") == (long)getpid();
	long n = number_from("LISTEN_FDS");
	struct sockaddr_un name = { 0 };
	socklen_t size = sizeof(name);

	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	if (!is_for_us || n < 1)
		return -1;
	if (n > 1 || option_of(FIRST_FD, SO_ACCEPTCONN) != 1 ||
	    option_of(FIRST_FD, SO_DOMAIN) != AF_UNIX ||
	    option_of(FIRST_FD, SO_TYPE) != SOCK_STREAM ||
	    getsockname(FIRST_FD, (struct sockaddr *)&name, &size) < 0 ||
	    name.sun_path[0] != '/') {
		snprintf(why, why_size,
			 "descriptor 3 was handed over, but is not the one "
			 "listening stream socket with a path ($LISTEN_FDS "
			 "is %ld)",
			 n);
		return -2;
	}
	fcntl(FIRST_FD, F_SETFD, FD_CLOEXEC);
	memcpy(ret->path, name.sun_path, sizeof(ret->path));
	ret->path[sizeof(ret->path) - 1] = '\0';
	return FIRST_FD;
}

static void
notify_service_manager(void)
{
	static const char text[] = "READY=1";
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	socklen_t length;
	size_t size;
	int fd;

	if (!path || (path[0] != '/' && path[0] != '@'))
		return;
	size = strlen(path);
	if (size >= sizeof(name.sun_path))
		return;
	memcpy(name.sun_path, path, size);
	if (path[0] == '@')
		name.sun_path[0] = '\0';
	length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	/* a service manager that does not listen loses only its own news */
	(void)sendto(fd, text, strlen(text), MSG_NOSIGNAL,
		     (const struct sockaddr *)&name, length);
	close(fd);
	unsetenv("NOTIFY_SOCKET");
}

/* A standard stream is replaced, so that no socket gets its number. */
static void
give_up(int fd)
{
	/* NOLINTNEXTLINE(android-cloexec-open): may become a standard stream */
	int null = fd > STDERR_FILENO ? -1 : open("/dev/null", O_RDWR);

	if (null < 0) {
		close(fd);
		return;
	}
	dup2(null, fd);
	if (null > STDERR_FILENO)
		close(null);
}

void
ready_announce(int fd, const struct address *address)
{
	if (fd >= 0) {
		/* if nobody reads it, nobody waits for it either */
		dprintf(fd, "%s\n", address->path);
		give_up(fd);
	}
	notify_service_manager();
}
