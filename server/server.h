/*
 * The shell around the core: sockets, the event loop, time and limits.
 *
 * A server serves whatever sockets it is given. The daemon gives it a
 * listener; a test gives it one end of a socket pair, and turns it by hand.
 * One thread. It installs no signal handler and prints nothing but its log.
 */
#ifndef MPROXY_SERVER_SERVER_H
#define MPROXY_SERVER_SERVER_H

#include <stdbool.h>

#include "proto/address.h"
#include "server/core/core.h"
#include "server/limits.h"

struct event_base;
struct server;

struct server_config {
	struct core_config core; /* epoch and hash_key are made by the server */
	struct limits limits;
};

#define SERVER_CONFIG_DEFAULT                                                  \
	{                                                                      \
		.core = CORE_CONFIG_DEFAULT,                                   \
		.limits = {                                                    \
			.max_lanes = LIMITS_CLIENTS_DEFAULT,                   \
			.max_forks = LIMITS_CLIENTS_DEFAULT,                   \
			.max_pidfds = LIMITS_CLIENTS_DEFAULT,                  \
		},                                                             \
	}

/* NULL without memory or descriptors. */
struct server *server_new(const struct server_config *config);

/* Closes every connection and frees everything, without replies. NULL is
 * fine. Returns NULL. */
struct server *server_free(struct server *server);

/* Serves those who connect to fd, a listening socket. Takes fd, also on
 * failure. 0 or MPROXY_ERR_NO_MEMORY. */
int server_listen(struct server *server, int fd);

/* Serves the client at the other end of fd, a connected stream socket. Takes
 * fd, also on failure. 0, MPROXY_ERR_DENIED, _LIMIT or _NO_MEMORY. */
int server_add_socket(struct server *server, int fd);

/*
 * One turn: what is ready is handled and answered. wait: until there is
 * something. 0, or MPROXY_ERR_SYSTEM when the loop itself is broken.
 */
int server_turn(struct server *server, bool wait);

/* Turns until server_stop(). 0 or MPROXY_ERR_SYSTEM. */
int server_run(struct server *server);
void server_stop(struct server *server);

/* For the events of whoever runs it. */
struct event_base *server_base(struct server *server);

/* For tests and display. */
struct core *server_core(struct server *server);
size_t server_lane_count(const struct server *server);

#endif
