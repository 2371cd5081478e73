/*
 * Many clients in one process: connections that speak the protocol by hand,
 * each a session of its own, as the library would open in a process each.
 */
#ifndef MPROXY_BENCH_CROWD_H
#define MPROXY_BENCH_CROWD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CROWD_KEY "key"
#define CROWD_ITEM "0123456789abcdef"

/* Whom the crowd talks to. */
struct crowd_server {
	const char *system; /* its name in the rows */
	/* A connected socket that is ready for calls. */
	int (*join)(const char *address);
	/* Writes the call that gets CROWD_KEY; returns its size. The fd is that
	 * of any client that has joined. */
	size_t (*request)(int fd, uint8_t *out, size_t room);
	/* The size of the reply at the start of the bytes; 0: not all there. */
	size_t (*reply_size)(const uint8_t *in, size_t size);
};

extern const struct crowd_server crowd_mproxy, crowd_redis;

/* The one with this name; ends the program when there is none. */
const struct crowd_server *crowd_find(const char *system);

/* A connection to a Unix socket, or the program ends. */
int crowd_connect(const char *address);

pid_t crowd_pid(int fd); /* of the server */

/* Writes all of it; reads until reply_size() has a reply; returns its size. */
size_t crowd_exchange(const struct crowd_server *server, int fd,
		      const void *request, size_t size, uint8_t *in,
		      size_t room);

#endif
