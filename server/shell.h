/*
 * What the files of the shell share: the server as seen from inside.
 *
 * How things end. Nothing is freed while the loop hands out events: who finds
 * that a connection or a client has ended says so (conn_condemn(),
 * client_condemn()), and at the end of the turn server_turn() handles all that
 * was fully received, settles and frees. So a reply, which may come in the
 * middle of anything, never finds its connection gone.
 */
#ifndef MPROXY_SERVER_SHELL_H
#define MPROXY_SERVER_SHELL_H

#include <event2/event.h>
#include <event2/event_struct.h>

#include "proto/arena.h"
#include "proto/channel.h"
#include "server/core/list.h"
#include "server/keyring.h"
#include "server/patience.h"
#include "server/server.h"

struct listener;

struct server {
	struct event_base *base;
	struct core *core;
	struct listener *listener; /* NULL: none */
	struct limits limits;
	size_t max_value;
	uint32_t max_length; /* of a frame's message */
	int64_t now;	     /* of this turn; 0: nobody asked yet */
	uint8_t instance[MESSAGE_KEY_SIZE];
	bool stopped;
	bool has_work; /* of the core: another slice is wanted */
	bool traced;

	/* what there is */
	struct list_link clients;
	struct list_link conns;
	struct list_link forks;
	struct keyring client_keys;
	struct keyring fork_nonces;
	size_t n_conns;
	size_t n_forks;
	size_t n_pidfds;

	/* what is to do before the turn ends, or in the next */
	struct list_link to_read;  /* conns with whole frames left */
	struct list_link to_flush; /* conns with output */
	struct list_link doomed_conns;
	struct list_link doomed_clients;

	/* what must not last too long */
	struct patience hello;
	struct patience frame;
	struct patience output;
	struct event timer;
	int64_t timer_deadline; /* INT64_MAX: not set */

	struct arena arena; /* for the message being handled */
	struct channel_spare spare;
};

/* CLOCK_MONOTONIC in ns. */
int64_t server_now(void);
/* The same, asked once a turn: what the core is told must not go back. */
int64_t server_tick(struct server *server);

/* Fills data with random bytes. 0 or MPROXY_ERR_SYSTEM. */
int server_random(void *data, size_t size);

#endif
