/*
 * Why the key is not enough to join a session: it may have been inherited or
 * written somewhere, and lanes of two processes in one session would each be
 * charged, and settled, for the other.
 */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "mproxy/error.h"
#include "server/announce.h"
#include "server/conn.h"
#include "server/tracer.h"

void
conn_refuse(struct conn *conn, int status, const char *format, ...)
{
	struct message_welcome welcome = {
		.version = MESSAGE_VERSION,
		.status = status,
		.pid = (uint32_t)getpid(),
	};
	char detail[256];
	va_list args;

	va_start(args, format);
	vsnprintf(detail, sizeof(detail), format, args);
	va_end(args);
	welcome.detail = span_text(detail);
	if (!conn->is_mute)
		message_send_welcome(&conn->channel, &welcome);
	conn_condemn(conn, CONN_EXPELLED, "it was not let in");
}

static struct client *
join(struct conn *conn, struct span bytes)
{
	struct key *key = keyring_find(&conn->server->client_keys, bytes);
	struct client *client = key ? LIST_ENTRY(key, struct client, key)
				    : NULL;

	if (!client || client->cause) {
		conn_refuse(conn, MPROXY_ERR_STALE,
			    "server: no session has this key");
		return NULL;
	}
	if (!auth_is_same(&client->who, &conn->who)) {
		conn_refuse(conn, MPROXY_ERR_DENIED,
			    "server: the session is that of process %u, not of "
			    "%u",
			    client->who.pid, conn->who.pid);
		return NULL;
	}
	return client;
}

static struct client *
begin(struct conn *conn, const struct message_hello *hello, int64_t now)
{
	struct server *server = conn->server;
	struct session *announced = NULL;
	struct client *client;

	if (hello->fork.size > 0) {
		announced = announce_claim(server, hello->fork);
		if (!announced) {
			conn_refuse(conn, MPROXY_ERR_NOT_FOUND,
				    "server: no such fork was announced, or it "
				    "was claimed already");
			return NULL;
		}
	}
	client = client_new(server, conn->channel.fd, &conn->who,
			    hello->program, announced);
	if (!client) {
		if (announced)
			announce_return(server, announced, now);
		conn_refuse(conn, MPROXY_ERR_NO_MEMORY,
			    "server: no memory for another client");
	}
	return client;
}

/* The client is known; now it gets a lane. False when it could not. */
static bool
open_lane(struct conn *conn, struct client *client, uint64_t thread)
{
	struct server *server = conn->server;

	conn->lane = core_lane_open(server->core, client->session, thread,
				    conn);
	if (!conn->lane)
		return false;
	conn->client = client;
	list_append(&client->conns, &conn->client_link);
	if (server->traced)
		conn->tracer = tracer_new(thread);
	return true;
}

static void
welcome(struct conn *conn)
{
	struct server *server = conn->server;
	struct message_welcome message = {
		.version = MESSAGE_VERSION,
		.instance = span_make(server->instance,
				      sizeof(server->instance)),
		.session = key_span(&conn->client->key),
		.max_value = server->max_value,
		.pid = (uint32_t)getpid(),
	};

	patience_end(&conn->in_wait);
	if (conn->is_mute)
		return;
	if (message_send_welcome(&conn->channel, &message) < 0)
		conn_condemn(conn, CONN_EXPELLED, "no memory to answer it");
	conn_want_flush(conn);
}

void
conn_handle_hello(struct conn *conn, struct span payload, int64_t now)
{
	struct message_hello hello;
	struct client *client;
	bool joins;

	if (message_unpack_hello(&conn->server->arena, payload, &hello) < 0) {
		conn_refuse(conn, MPROXY_ERR_PROTOCOL,
			    "server: the hello cannot be decoded");
		return;
	}
	if (hello.version != MESSAGE_VERSION) {
		conn_refuse(conn, MPROXY_ERR_VERSION,
			    "server: speaks version %u of the protocol, the "
			    "client version %u",
			    MESSAGE_VERSION, hello.version);
		return;
	}
	joins = hello.session.size > 0;
	if (joins && hello.fork.size > 0) {
		conn_refuse(conn, MPROXY_ERR_INVALID,
			    "server: join a session or claim one, not both");
		return;
	}
	client = joins ? join(conn, hello.session) : begin(conn, &hello, now);
	if (!client)
		return;
	if (!open_lane(conn, client, hello.thread)) {
		conn_refuse(conn, MPROXY_ERR_NO_MEMORY,
			    "server: no memory for another lane");
		if (!joins)
			client_condemn(client, "no memory for its lane");
		return;
	}
	conn->is_control = !joins;
	welcome(conn);
}
