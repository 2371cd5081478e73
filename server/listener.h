/*
 * Lets clients in, as long as there is room for them.
 */
#ifndef MPROXY_SERVER_LISTENER_H
#define MPROXY_SERVER_LISTENER_H

#include <stdint.h>

struct listener;
struct server;

/* Takes fd, a listening socket, also on failure. NULL without memory. */
struct listener *listener_new(struct server *server, int fd);
/* NULL is fine. Returns NULL. */
struct listener *listener_free(struct listener *listener);

/* A descriptor has become free: it need not pause any longer. */
void listener_resume(struct listener *listener);

/* Tells the client at fd, in a Welcome, why it is not let in. Takes fd. */
void listener_refuse(int fd, int status, const char *detail);

#endif
