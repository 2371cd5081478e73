/*
 * Who is at the other end, as the kernel tells. Nothing a client says about
 * itself is used for this.
 */
#ifndef MPROXY_SERVER_AUTH_H
#define MPROXY_SERVER_AUTH_H

#include <stdbool.h>
#include <stdint.h>

struct identity {
	uint32_t pid; /* 0: it lives outside of our pid namespace */
	uint32_t uid;
};

/* 0 or a negative errno. */
int auth_identify(int fd, struct identity *ret);

/* Only the user the daemon runs as is let in. */
bool auth_is_welcome(const struct identity *who);

/* Same process, as far as lanes of one session are concerned. */
bool auth_is_same(const struct identity *a, const struct identity *b);

/*
 * A descriptor that becomes readable when the process at the other end of fd
 * has ended; close-on-exec, the caller's. -1 when the kernel has none to give
 * or the peer has gone already: then the end of the stream must tell.
 */
int auth_open_pidfd(int fd, const struct identity *who);

#endif
