/*
 * Why one file for both sides: a client and a server that disagree about the
 * default address each work, and never meet.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "address.h"

#include "mproxy/error.h"

#define PREFIX "unix:path="
#define SCHEME "unix:"

_Static_assert(ADDRESS_SIZE == sizeof(((struct sockaddr_un *)0)->sun_path),
	       "a path is as long as the kernel allows");

static int __attribute__((format(printf, 4, 5)))
refuse(int code, char *why, size_t why_size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, why_size, format, args);
	va_end(args);
	return code;
}

static int
too_long(const char *path, size_t length, char *why, size_t why_size)
{
	return refuse(MPROXY_ERR_TOO_BIG, why, why_size,
		      "socket path is too long: %zu bytes, at most %d: %s",
		      length, ADDRESS_SIZE - 1, path);
}

/* folder may be NULL or end with a slash. */
static int
join(const char *folder, const char *name, struct address *ret, char *why,
     size_t why_size)
{
	struct address address;
	const char *slash = "/";
	int n;

	if (!folder)
		folder = slash = "";
	else if (folder[0] && folder[strlen(folder) - 1] == '/')
		slash = "";
	n = snprintf(address.path, sizeof(address.path), "%s%s%s", folder,
		     slash, name);
	if (n < 0 || (size_t)n >= sizeof(address.path))
		return too_long(name, n < 0 ? 0 : (size_t)n, why, why_size);
	*ret = address;
	return 0;
}

int
address_parse(const char *text, struct address *ret, char *why, size_t why_size)
{
	const char *path = text;
	char *current;
	int r;

	if (strncmp(path, PREFIX, strlen(PREFIX)) == 0)
		path += strlen(PREFIX);
	else if (path[0] == '@' ||
		 strncmp(path, "unix:abstract=", strlen("unix:abstract=")) == 0)
		return refuse(MPROXY_ERR_INVALID, why, why_size,
			      "abstract addresses are not safe from other "
			      "users, give a path instead: %s",
			      text);
	else if (strncmp(path, SCHEME, strlen(SCHEME)) == 0)
		return refuse(MPROXY_ERR_INVALID, why, why_size,
			      "not an address (PATH or unix:path=PATH): %s",
			      text);
	if (path[0] == '\0' || path[strlen(path) - 1] == '/')
		return refuse(MPROXY_ERR_INVALID, why, why_size,
			      "address names no socket: \"%s\"", text);
	if (path[0] == '/')
		return join(NULL, path, ret, why, why_size);
	current = getcwd(NULL, 0);
	if (!current)
		return refuse(MPROXY_ERR_INVALID, why, why_size,
			      "no current folder to find %s in: %m", path);
	r = join(current, path, ret, why, why_size);
	free(current);
	return r;
}

int
address_folder(struct address *ret, char *why, size_t why_size)
{
	const char *runtime = secure_getenv("XDG_RUNTIME_DIR");
	char name[32];
	struct stat status;

	if (runtime && runtime[0] == '/' && stat(runtime, &status) == 0 &&
	    S_ISDIR(status.st_mode))
		return join(runtime, "mproxy", ret, why, why_size);
	snprintf(name, sizeof(name), "mproxy-%u", (unsigned)geteuid());
	return join("/tmp", name, ret, why, why_size);
}

int
address_default(struct address *ret, char *why, size_t why_size)
{
	const char *text = secure_getenv(ADDRESS_ENVIRONMENT);
	struct address folder = { .path = "" };
	int r;

	if (text && text[0])
		return address_parse(text, ret, why, why_size);
	r = address_folder(&folder, why, why_size);
	if (r < 0)
		return r;
	return join(folder.path, "mproxy.sock", ret, why, why_size);
}

socklen_t
address_to_sockaddr(const struct address *address, struct sockaddr_un *ret)
{
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(ret->sun_path, address->path, sizeof(ret->sun_path));
	return (socklen_t)sizeof(*ret);
}
