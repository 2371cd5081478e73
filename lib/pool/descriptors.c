/*
 * Why a process that lives beside its owner keeps few descriptors: a pipe that
 * the owner closes must end for its reader, though the supervisor lives on.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/pool/pool-private.h"
#include "lib/slot.h"

/* One that is not 0, 1 or 2. Takes fd. */
static int
raise_above_stdio(int fd)
{
	int high;

	if (fd > 2)
		return fd;
	high = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	close(fd);
	return high;
}

int
descriptors_pipe(int ret_ends[2])
{
	int ends[2], error;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return errno;
	ends[0] = raise_above_stdio(ends[0]);
	error = errno;
	ends[1] = raise_above_stdio(ends[1]);
	if (ends[0] >= 0 && ends[1] >= 0) {
		ret_ends[0] = ends[0];
		ret_ends[1] = ends[1];
		return 0;
	}
	if (ends[0] >= 0) {
		error = errno;
		close(ends[0]);
	} else if (ends[1] >= 0) {
		close(ends[1]);
	}
	return error;
}

void
descriptors_quiet_input(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (fd > 0) {
		dup2(fd, 0);
		close(fd);
	}
}

static bool
is_the_librarys(int fd)
{
	struct registry_cursor cursor = { 0 };
	const struct slot *slot;

	while ((slot = registry_next(&slots, &cursor)))
		if (atomic_load(&slot->record.taken) && slot_fd(slot) == fd)
			return true;
	return false;
}

static bool
is_kept(int fd, const int *keep, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (keep[i] == fd)
			return true;
	return is_the_librarys(fd);
}

void
descriptors_cut_off(const int *keep, size_t n)
{
	int nothing = open("/", O_PATH | O_CLOEXEC);
	DIR *directory = opendir("/proc/self/fd");
	const struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		int fd = (int)strtol(entry->d_name, NULL, 10);

		if (fd < 3 || fd == nothing || fd == dirfd(directory) ||
		    is_kept(fd, keep, n))
			continue;
		if (nothing < 0 || dup3(nothing, fd, O_CLOEXEC) < 0)
			close(fd);
	}
	if (directory)
		closedir(directory);
	if (nothing >= 0)
		close(nothing);
}
