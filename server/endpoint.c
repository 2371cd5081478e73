/*
 * Why a lock besides the socket: a refused connect shows that a socket is
 * dead, but between that and its removal another daemon may have put a living
 * one there. Whoever holds the lock may remove, and nobody else.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mproxy/error.h"
#include "server/endpoint.h"

#define BACKLOG 4096
#define TRIES 16

/* A sentence, and the code that goes with it. */
struct failure {
	char *why;
	size_t size;
};

static int __attribute__((format(printf, 3, 4)))
fail(const struct failure *failure, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(failure->why, failure->size, format, args);
	va_end(args);
	return code;
}

static int
fail_by_errno(const struct failure *failure, const char *what, const char *path)
{
	int error = errno;
	int code = MPROXY_ERR_SYSTEM;

	if (error == EMFILE || error == ENFILE)
		code = MPROXY_ERR_NO_DESCRIPTORS;
	else if (error == EACCES || error == EPERM || error == EROFS)
		code = MPROXY_ERR_DENIED;
	return fail(failure, code, "%s %s: %s", what, path, strerror(error));
}

/* --- the folder --- */

static struct address
folder_of(const struct address *address)
{
	struct address folder = *address;
	char *slash = strrchr(folder.path, '/');

	slash[slash == folder.path] = '\0';
	return folder;
}

static int
prepare_folder(const struct address *address, const struct failure *failure)
{
	struct address folder = folder_of(address);
	struct stat status;

	if (mkdir(folder.path, 0700) < 0 && errno != EEXIST)
		return fail_by_errno(failure, "cannot make folder",
				     folder.path);
	if (stat(folder.path, &status) < 0)
		return fail_by_errno(failure, "cannot look at folder",
				     folder.path);
	if (!S_ISDIR(status.st_mode))
		return fail(failure, MPROXY_ERR_INVALID, "not a folder: %s",
			    folder.path);
	if (status.st_uid != geteuid() && status.st_uid != 0)
		return fail(failure, MPROXY_ERR_DENIED,
			    "folder belongs to another user (uid %u): %s",
			    status.st_uid, folder.path);
	if (status.st_mode & (S_IWGRP | S_IWOTH))
		return fail(failure, MPROXY_ERR_DENIED,
			    "folder is writable for other users, choose one of "
			    "your own (mode 0700): %s",
			    folder.path);
	if (access(folder.path, W_OK | X_OK) < 0)
		return fail_by_errno(failure, "folder is not writable",
				     folder.path);
	return 0;
}

/* --- the lock --- */

static int
lock_name(const struct address *address, char *ret, size_t size)
{
	return snprintf(ret, size, "%s.lock", address->path);
}

static int
open_lock(const char *name)
{
	return open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

/* It may have been removed between open and flock: then it locks nothing. */
static bool
is_current(int fd, const char *name)
{
	struct stat by_fd;
	struct stat by_name;

	return fstat(fd, &by_fd) == 0 && lstat(name, &by_name) == 0 &&
	       by_fd.st_dev == by_name.st_dev && by_fd.st_ino == by_name.st_ino;
}

/* The locked file, or -1 with errno; EWOULDBLOCK: another has it. *ret_pid is
 * its holder then, 0 if unknown. */
static int
take_lock(const char *name, long *ret_pid)
{
	char text[32] = "";
	int fd;

	for (int i = 0; i < TRIES; i++) {
		fd = open_lock(name);
		if (fd < 0)
			return -1;
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

			*ret_pid = n > 0 ? strtol(text, NULL, 10) : 0;
			close(fd);
			errno = EWOULDBLOCK;
			return -1;
		}
		if (is_current(fd, name))
			return fd;
		close(fd);
	}
	errno = EWOULDBLOCK;
	return -1;
}

static int
in_use(const struct address *address, long pid, const struct failure *failure)
{
	if (pid > 0)
		return fail(failure, MPROXY_ERR_BUSY,
			    "address is in use by process %ld: %s", pid,
			    address->path);
	return fail(failure, MPROXY_ERR_BUSY, "address is in use: %s",
		    address->path);
}

static int
acquire(struct endpoint *endpoint, const struct failure *failure)
{
	char name[ADDRESS_SIZE + 8];
	char text[32];
	long pid = 0;
	int length;
	int fd;

	lock_name(&endpoint->address, name, sizeof(name));
	fd = take_lock(name, &pid);
	if (fd < 0 && errno == EWOULDBLOCK)
		return in_use(&endpoint->address, pid, failure);
	if (fd < 0)
		return fail_by_errno(failure, "cannot make lock file", name);
	length = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	if (ftruncate(fd, 0) < 0 || write(fd, text, (size_t)length) < 0) {
		int r = fail_by_errno(failure, "cannot write lock file", name);

		unlink(name);
		close(fd);
		return r;
	}
	endpoint->lock_fd = fd;
	return 0;
}

/* --- the socket --- */

static int
new_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* 0: nobody listens. Else who does, as far as known; -1 if not known. */
static long
listener_at(const struct address *address)
{
	struct sockaddr_un name;
	socklen_t length = address_to_sockaddr(address, &name);
	struct ucred peer = { .pid = -1 };
	socklen_t size = sizeof(peer);
	int fd = new_socket();
	int r;

	if (fd < 0)
		return -1;
	r = connect(fd, (const struct sockaddr *)&name, length);
	if (r < 0 && errno == ECONNREFUSED)
		peer.pid = 0;
	else if (r == 0)
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
	close(fd);
	return peer.pid;
}

/* Removes the socket of a daemon that was killed; refuses anything else. */
static int
clear_place(const struct address *address, const struct failure *failure)
{
	struct stat status;
	long pid;

	if (lstat(address->path, &status) < 0) {
		if (errno == ENOENT)
			return 0;
		return fail_by_errno(failure, "cannot look at", address->path);
	}
	if (!S_ISSOCK(status.st_mode))
		return fail(failure, MPROXY_ERR_INVALID,
			    "there is something else than a socket: %s",
			    address->path);
	if (status.st_uid != geteuid())
		return fail(failure, MPROXY_ERR_DENIED,
			    "socket belongs to another user (uid %u): %s",
			    status.st_uid, address->path);
	pid = listener_at(address);
	if (pid != 0)
		return in_use(address, pid, failure);
	if (unlink(address->path) < 0)
		return fail_by_errno(failure, "cannot remove stale socket",
				     address->path);
	return 0;
}

static int
bind_privately(int fd, const struct address *address)
{
	struct sockaddr_un name;
	socklen_t length = address_to_sockaddr(address, &name);
	mode_t mask = umask(077);
	int r = bind(fd, (const struct sockaddr *)&name, length);
	int error = errno;

	umask(mask);
	errno = error;
	return r;
}

static int
make_socket(struct endpoint *endpoint, const struct failure *failure)
{
	const struct address *address = &endpoint->address;
	struct stat status;
	int fd = new_socket();
	int r;

	if (fd < 0)
		return fail_by_errno(failure, "cannot make a socket for",
				     address->path);
	if (bind_privately(fd, address) < 0) {
		r = errno == EADDRINUSE ? in_use(address, -1, failure)
					: fail_by_errno(failure, "cannot bind",
							address->path);
		close(fd);
		return r;
	}
	if (lstat(address->path, &status) == 0 &&
	    chmod(address->path, 0600) == 0 && listen(fd, BACKLOG) == 0) {
		endpoint->device = status.st_dev;
		endpoint->inode = status.st_ino;
		return fd;
	}
	r = fail_by_errno(failure, "cannot listen at", address->path);
	unlink(address->path);
	close(fd);
	return r;
}

int
endpoint_listen(struct endpoint *endpoint, char *why, size_t why_size)
{
	const struct failure failure = { why, why_size };
	int r = prepare_folder(&endpoint->address, &failure);

	if (r == 0)
		r = acquire(endpoint, &failure);
	if (r < 0)
		return r;
	r = clear_place(&endpoint->address, &failure);
	if (r == 0)
		r = make_socket(endpoint, &failure);
	if (r < 0)
		endpoint_remove(endpoint);
	return r;
}

void
endpoint_remove(struct endpoint *endpoint)
{
	char name[ADDRESS_SIZE + 8];
	struct stat status;

	if (endpoint->lock_fd < 0)
		return;
	if (endpoint->inode != 0 &&
	    lstat(endpoint->address.path, &status) == 0 &&
	    status.st_dev == endpoint->device &&
	    status.st_ino == endpoint->inode)
		unlink(endpoint->address.path);
	lock_name(&endpoint->address, name, sizeof(name));
	if (is_current(endpoint->lock_fd, name))
		unlink(name);
	close(endpoint->lock_fd);
	endpoint->lock_fd = -1;
}
