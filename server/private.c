/*
 * Why private daemons sweep: one that was killed with -9 removes nothing, and
 * on a machine with long uptime thousands of them would have left a file each.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mproxy/error.h"
#include "server/endpoint.h"
#include "server/shell.h"

#define PREFIX "private-"
#define SUFFIX ".sock.lock"
#define TRIES 16

static bool
is_private_lock(const char *name)
{
	size_t size = strlen(name);

	return size > strlen(PREFIX) + strlen(SUFFIX) &&
	       strncmp(name, PREFIX, strlen(PREFIX)) == 0 &&
	       strcmp(name + size - strlen(SUFFIX), SUFFIX) == 0;
}

/* Whoever gets the lock of a private daemon knows that it is dead. */
static void
sweep_one(int folder, const char *lock)
{
	char socket[NAME_MAX + 1];
	size_t size = strlen(lock) - strlen(".lock");
	int fd = openat(folder, lock, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0 && size < sizeof(socket)) {
		memcpy(socket, lock, size);
		socket[size] = '\0';
		unlinkat(folder, socket, 0);
		unlinkat(folder, lock, 0);
	}
	close(fd);
}

static void
sweep(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	struct stat status;

	if (!folder)
		return;
	/* somebody else's folder is refused later, and not touched now */
	if (fstat(dirfd(folder), &status) == 0 && status.st_uid == geteuid()) {
		while ((entry = readdir(folder)))
			if (is_private_lock(entry->d_name))
				sweep_one(dirfd(folder), entry->d_name);
	}
	closedir(folder);
}

int
endpoint_listen_privately(struct endpoint *endpoint, char *why, size_t why_size)
{
	struct address folder;
	char path[ADDRESS_SIZE + 64];
	uint64_t random;
	int r = address_folder(&folder, why, why_size);

	if (r < 0)
		return r;
	sweep(folder.path);
	for (int i = 0; i < TRIES; i++) {
		r = server_random(&random, sizeof(random));
		if (r < 0) {
			snprintf(why, why_size, "no random numbers: %m");
			return r;
		}
		snprintf(path, sizeof(path), "%s/" PREFIX "%d-%08x.sock",
			 folder.path, (int)getpid(), (unsigned)random);
		r = address_parse(path, &endpoint->address, why, why_size);
		if (r < 0)
			return r;
		r = endpoint_listen(endpoint, why, why_size);
		/* in use: one that sweeps looked at our lock just now */
		if (r != MPROXY_ERR_BUSY)
			return r;
	}
	return r;
}
