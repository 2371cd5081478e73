/*
 * Why a frame that cannot be decoded ends the connection while a wrong
 * argument does not: after the one, nobody knows where the next frame begins
 * or what the peer thinks it said; after the other, everybody does.
 */
#include <stdio.h>

#include "mproxy/error.h"
#include "server/announce.h"
#include "server/conn.h"
#include "server/core/item.h"
#include "server/tracer.h"

/* There is no call this could answer, so it answers number 0. */
static void
violation(struct conn *conn, int status, const char *detail)
{
	struct message_reply reply = {
		.status = status,
		.detail = span_text(detail),
	};

	if (!conn->client) {
		conn_refuse(conn, status, "%s", detail);
		return;
	}
	if (!conn->is_mute)
		message_send_reply(&conn->channel, &reply);
	conn_condemn(conn, CONN_EXPELLED, "it broke the protocol");
}

void
conn_refuse_bytes(struct conn *conn, int code)
{
	const struct channel *channel = &conn->channel;
	const uint8_t *header = channel->in + channel->in_start;
	bool is_whole = channel->in_end - channel->in_start >=
			FRAME_HEADER_SIZE;
	char detail[128];

	if (is_whole && header[4] != FRAME_VERSION) {
		code = MPROXY_ERR_VERSION;
		snprintf(detail, sizeof(detail),
			 "server: frames are of version %u, the client's of %u",
			 (unsigned)FRAME_VERSION, (unsigned)header[4]);
	} else if (is_whole && code == MPROXY_ERR_TOO_BIG) {
		uint32_t length = (uint32_t)header[0] |
				  (uint32_t)header[1] << 8 |
				  (uint32_t)header[2] << 16 |
				  (uint32_t)header[3] << 24;

		snprintf(detail, sizeof(detail),
			 "server: a message of %u bytes is too big, at most %u",
			 length, channel->max_length);
	} else {
		snprintf(detail, sizeof(detail),
			 "server: this is no frame, or not with these "
			 "descriptors");
	}
	violation(conn, code, detail);
}

/*
 * The last argument may stay where it is, if there is room before the message
 * for what a block begins with. A tracer still wants to read it.
 */
static __attribute__((noinline)) void
handle_large_call(struct conn *conn, struct span payload,
		  const struct message_call *call, int64_t now)
{
	struct channel *channel = &conn->channel;
	struct core *core = conn->server->core;
	void *block = NULL;

	if (call->n_args > 0 && !conn->tracer &&
	    payload.data >= channel->in + sizeof(struct loan))
		block = channel_take_block(channel,
					   call->args[call->n_args - 1]);
	if (block)
		item_offer(core, block);
	core_call(core, conn->lane, call, now);
	if (block)
		item_end_offer(core, block);
}

static int
handle_call(struct conn *conn, struct span payload, int64_t now)
{
	struct server *server = conn->server;
	struct message_call call;
	int r = message_unpack_call(&server->arena, payload, &call);

	if (r < 0)
		return r;
	if (conn->tracer)
		tracer_begin(conn->tracer, payload, call.id,
			     core_type_of(server->core, call.object));
	if (payload.size < ITEM_OFFERED)
		core_call(server->core, conn->lane, &call, now);
	else
		handle_large_call(conn, payload, &call, now);
	return 0;
}

static int
handle_cancel(struct conn *conn, struct span payload, int64_t now)
{
	struct server *server = conn->server;
	uint64_t id;
	int r = message_unpack_cancel(&server->arena, payload, &id);

	if (r == 0)
		core_cancel(server->core, conn->lane, id, now);
	return r;
}

static int
handle_release(struct conn *conn, struct span payload, int64_t now)
{
	struct server *server = conn->server;
	struct message_release release;
	int r = message_unpack_release(&server->arena, payload, &release);

	if (r == 0)
		core_release(server->core, conn->lane, &release, now);
	return r;
}

/*
 * One without a descriptor says that such Forks will come. To be ready for
 * descriptors costs each read a fiftieth of a call: lanes that never fork are
 * not.
 */
static int
handle_fork(struct conn *conn, struct span payload, struct fdset *fds)
{
	struct message_reply reply = { 0 };
	struct message_fork fork;
	const char *why = "";
	int r = message_unpack_fork(&conn->server->arena, payload, &fork);

	if (r < 0)
		return r;
	reply.id = fork.id;
	if (fds->n == 0)
		conn->channel.wants_no_fds = false;
	else
		reply.status = announce_fork(conn->client, fork.nonce,
					     fdset_take(fds), &why);
	reply.detail = span_text(why);
	conn_reply(NULL, conn->lane, &reply);
	return 0;
}

static void
refuse_message(struct conn *conn, int code)
{
	violation(conn, code,
		  code == MPROXY_ERR_TOO_BIG
			  ? "server: a message has too many parts"
			  : "server: a message cannot be decoded");
}

/* What only happens now and then. */
static int
handle_other(struct conn *conn, const struct frame *frame, struct fdset *fds,
	     int64_t now)
{
	switch (frame->kind) {
	case FRAME_CANCEL:
		return handle_cancel(conn, frame->payload, now);
	case FRAME_RELEASE:
		return handle_release(conn, frame->payload, now);
	case FRAME_FORK:
		return handle_fork(conn, frame->payload, fds);
	default:
		violation(conn, MPROXY_ERR_PROTOCOL,
			  "server: this frame is not for a server");
		return 0;
	}
}

void
conn_handle_frame(struct conn *conn, const struct frame *frame,
		  struct fdset *fds, int64_t now)
{
	struct span payload = frame->payload;
	int r;

	if (frame->kind == FRAME_CALL && conn->client && fds->n == 0) {
		arena_reset(&conn->server->arena, message_budget(payload.size));
		r = handle_call(conn, payload, now);
		if (r < 0)
			refuse_message(conn, r);
		return;
	}
	if (fds->n > (frame->kind == FRAME_FORK ? 1u : 0u)) {
		violation(conn, MPROXY_ERR_PROTOCOL,
			  "server: descriptors came where none belong");
		return;
	}
	if ((frame->kind == FRAME_HELLO) != (conn->client == NULL)) {
		violation(conn, MPROXY_ERR_PROTOCOL,
			  "server: a connection begins with one hello");
		return;
	}
	arena_reset(&conn->server->arena, message_budget(payload.size));
	if (frame->kind == FRAME_HELLO) {
		conn_handle_hello(conn, payload, now);
		return;
	}
	r = handle_other(conn, frame, fds, now);
	if (r < 0)
		refuse_message(conn, r);
}
