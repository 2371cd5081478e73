/*
 * A connection: the socket of one lane, that is of one thread of a client.
 *
 * Bytes come in, whole frames become calls to the core, its answers go out
 * in one write at the end of the turn.
 */
#ifndef MPROXY_SERVER_CONN_H
#define MPROXY_SERVER_CONN_H

#include "server/client.h"
#include "server/shell.h"

struct tracer;

enum conn_fate {
	CONN_LIVES,
	CONN_DEAD,     /* the peer is gone: what it sent still counts */
	CONN_EXPELLED, /* it broke a rule: nothing of it counts any more */
};

struct conn {
	struct server *server;
	struct client *client; /* NULL before its hello */
	struct lane *lane;     /* of the core; NULL before its hello */
	struct identity who;
	struct channel channel;
	struct event read_event;
	struct event write_event;
	enum conn_fate fate;
	const char *cause; /* of its fate; a constant string */
	bool is_control;   /* the client ends with it */
	bool is_paused;	   /* not read: too much output waits */
	bool is_full;	   /* the socket is; write_event is set */
	bool is_mute;	   /* nobody reads it: replies are dropped */
	bool is_drained;
	bool unread; /* something was not read by the peer */
	struct tracer *tracer;

	struct list_link link;	      /* in server->conns */
	struct list_link client_link; /* in client->conns */
	struct list_link read_link;   /* in server->to_read */
	struct list_link flush_link;  /* in server->to_flush */
	struct list_link doomed_link; /* in server->doomed_conns */
	struct wait in_wait;	      /* for hello, or the rest of a frame */
	struct wait out_wait;	      /* for the peer to read */
};

/* Takes fd, also on failure. NULL without memory. */
struct conn *conn_new(struct server *server, int fd, const struct identity *who,
		      int64_t now);

/* Frees it alone; what the core knows of it is the core's to free. */
void conn_free(struct conn *conn);

/* The first cause counts. */
void conn_condemn(struct conn *conn, enum conn_fate fate, const char *cause);

/* Whole frames, some of them; the rest in the next turn. */
void conn_read_frames(struct conn *conn, int64_t now);

/* Its output leaves at the end of this turn. */
void conn_want_flush(struct conn *conn);
void conn_flush(struct conn *conn, int64_t now);

/* core_output.reply */
void conn_reply(void *context, struct lane *lane,
		const struct message_reply *reply);

/* Handles all that the peer had sent before it died. Once. */
void conn_drain(struct conn *conn, int64_t now);
/* Settles it in the core, and frees it. */
void conn_close(struct conn *conn, int64_t now);
/* One that was condemned: all of the above, as its fate wants it. */
void conn_end(struct conn *conn, int64_t now);

/* --- frames.c --- */

/* What the next frame asks for. May condemn the connection. */
void conn_handle_frame(struct conn *conn, const struct frame *frame,
		       struct fdset *fds, int64_t now);

/* Tells the peer why, then expels it. code as channel_next() gave it. */
void conn_refuse_bytes(struct conn *conn, int code);

/* --- hello.c --- */

void conn_handle_hello(struct conn *conn, struct span payload, int64_t now);
/* A Welcome that refuses; the connection is expelled. */
void conn_refuse(struct conn *conn, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
