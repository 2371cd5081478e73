/*
 * Why not posix_spawnp(): when nothing is found the user must be told where
 * was looked.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "find-program.h"
#include "lib-private.h"
#include "proto/buffer.h"

#ifndef MPROXYD_PATH
#define MPROXYD_PATH "/usr/local/bin/mproxyd"
#endif

static int
no_memory(void)
{
	return error_set(MPROXY_ERR_NO_MEMORY, "no memory to find mproxyd");
}

/* 0, or an errno that says why this is no program. */
static int
check_program(const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return errno;
	if (!S_ISREG(status.st_mode))
		return S_ISDIR(status.st_mode) ? EISDIR : EACCES;
	return access(path, X_OK) < 0 ? errno : 0;
}

static int
take(const char *path, char **ret)
{
	*ret = strdup(path);
	return *ret ? 0 : no_memory();
}

/* One that was named is used, or nothing. */
static int
find_named(const char *path, const char *origin, char **ret)
{
	int error = check_program(path);

	if (error)
		return error_set(MPROXY_ERR_START, "cannot run %s (%s): %s",
				 path, origin, strerror(error));
	return take(path, ret);
}

static int
find_in_path(struct buffer *looked, char **ret)
{
	const char *path = getenv("PATH");
	struct buffer name = BUFFER_INIT;
	int error = MPROXY_ERR_START;

	while (path && *path && error == MPROXY_ERR_START) {
		size_t size = strcspn(path, ":");

		buffer_clear(&name);
		/* an empty entry means the current folder: not for us */
		if (size > 0) {
			buffer_append(&name, path, size);
			buffer_append(&name, "/mproxyd", sizeof("/mproxyd"));
			if (buffer_failed(&name))
				error = no_memory();
			else if (check_program((char *)name.data) == 0)
				error = take((char *)name.data, ret);
			else
				buffer_printf(looked, ", %s",
					      (char *)name.data);
		}
		path += size + (path[size] == ':');
	}
	buffer_deinit(&name);
	return error;
}

int
find_program(const char *wanted, char **ret)
{
	const char *named = wanted ? NULL : secure_getenv("MPROXYD");
	struct buffer looked = BUFFER_INIT;
	int error;

	if (wanted)
		return find_named(wanted, "given by the program", ret);
	if (named && *named)
		return find_named(named, "given by $MPROXYD", ret);
	if (check_program(MPROXYD_PATH) == 0)
		return take(MPROXYD_PATH, ret);
	error = find_in_path(&looked, ret);
	buffer_append(&looked, "", 1);
	if (error == MPROXY_ERR_START)
		error_set(error,
			  "mproxyd was not found; looked for " MPROXYD_PATH
			  "%s; $MPROXYD may name it",
			  buffer_failed(&looked) ? "" : (char *)looked.data);
	buffer_deinit(&looked);
	return error;
}
