/*
 * Why one read a turn: a second one would only learn that there is nothing,
 * and a system call is a tenth of a round trip. What came in between is
 * reported by the next turn of the loop anyway.
 */
#include <errno.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "mproxy/error.h"
#include "proto/block.h"
#include "server/conn.h"
#include "server/core/item.h"
#include "server/listener.h"
#include "server/log.h"
#include "server/tracer.h"

static void
on_read(evutil_socket_t fd, short what, void *context)
{
	struct conn *conn = context;
	ssize_t n;

	(void)fd;
	(void)what;
	/* whole frames that are left come first; then it is still readable */
	if (conn->fate != CONN_LIVES || list_is_linked(&conn->read_link))
		return;
	n = channel_fill(&conn->channel, MSG_DONTWAIT);
	if (n > 0) {
		conn_read_frames(conn, server_tick(conn->server));
	} else if (n == 0) {
		conn_condemn(conn, CONN_DEAD, "it closed its connection");
	} else if (n == -EPROTO) {
		conn_condemn(conn, CONN_EXPELLED, "its descriptors were lost");
	} else if (n == -ENOMEM) {
		conn_condemn(conn, CONN_EXPELLED, "no memory to read it");
	} else if (n != -EAGAIN && n != -EINTR) {
		conn->unread = true;
		conn_condemn(conn, CONN_DEAD, "its connection broke");
	}
}

static void
on_write(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	conn_want_flush(context);
}

struct conn *
conn_new(struct server *server, int fd, const struct identity *who, int64_t now)
{
	struct conn *conn = calloc(1, sizeof(*conn));

	if (!conn) {
		evutil_closesocket(fd);
		return NULL;
	}
	conn->server = server;
	conn->who = *who;
	channel_init(&conn->channel, fd, server->max_length);
	conn->channel.spare = &server->spare;
	conn->channel.in_place = ITEM_PLACE;
	conn->channel.wants_no_fds = true; /* until a Fork; see frames.c */
	if (event_assign(&conn->read_event, server->base, fd,
			 EV_READ | EV_PERSIST, on_read, conn) < 0 ||
	    event_assign(&conn->write_event, server->base, fd,
			 EV_WRITE | EV_PERSIST, on_write, conn) < 0 ||
	    event_add(&conn->read_event, NULL) < 0) {
		channel_deinit(&conn->channel);
		free(conn);
		return NULL;
	}
	list_append(&server->conns, &conn->link);
	server->n_conns++;
	patience_begin(&server->hello, &conn->in_wait, now);
	return conn;
}

void
conn_free(struct conn *conn)
{
	struct server *server = conn->server;

	event_del(&conn->read_event);
	event_del(&conn->write_event);
	list_remove(&conn->link);
	list_remove(&conn->client_link);
	list_remove(&conn->read_link);
	list_remove(&conn->flush_link);
	list_remove(&conn->doomed_link);
	patience_end(&conn->in_wait);
	patience_end(&conn->out_wait);
	channel_deinit(&conn->channel);
	tracer_free(conn->tracer);
	free(conn);
	block_forget();
	server->n_conns--;
	if (server->listener)
		listener_resume(server->listener);
}

void
conn_condemn(struct conn *conn, enum conn_fate fate, const char *cause)
{
	if (conn->fate != CONN_LIVES) {
		if (fate == CONN_EXPELLED)
			conn->fate = fate; /* it also broke a rule */
		return;
	}
	conn->fate = fate;
	conn->cause = cause;
	list_append(&conn->server->doomed_conns, &conn->doomed_link);
}

/* --- reading --- */

/* Handles at most n whole frames; true when there may be more. */
static bool
read_frames(struct conn *conn, size_t n, int64_t now)
{
	struct frame frame;
	struct fdset fds;

	fdset_init(&fds);
	for (; n > 0; n--) {
		int r = channel_next(&conn->channel, &frame, &fds);

		if (r == 0)
			return false;
		if (r < 0) {
			conn_refuse_bytes(conn, r);
			return false;
		}
		conn_handle_frame(conn, &frame, &fds, now);
		fdset_deinit(&fds);
		if (conn->fate == CONN_EXPELLED)
			return false;
		if (channel_pending(&conn->channel) > LIMITS_OUTPUT_PAUSE)
			return true;
	}
	return true;
}

void
conn_read_frames(struct conn *conn, int64_t now)
{
	struct server *server = conn->server;
	struct channel *channel = &conn->channel;

	list_remove(&conn->read_link);
	if (conn->fate != CONN_LIVES)
		return;
	if (read_frames(conn, LIMITS_FRAMES_PER_TURN, now)) {
		list_append(&server->to_read, &conn->read_link);
		return;
	}
	if (!conn->client)
		return; /* the hello is still waited for */
	if (channel->in_start == channel->in_end) {
		patience_end(&conn->in_wait);
		channel_trim(channel);
	} else if (!list_is_linked(&conn->in_wait.link) ||
		   channel->in_start > 0) {
		/* the beginning of another frame */
		patience_begin(&server->frame, &conn->in_wait, now);
	}
}

void
conn_drain(struct conn *conn, int64_t now)
{
	int remaining = 0;
	ssize_t n;

	if (conn->is_drained || conn->fate == CONN_EXPELLED)
		return;
	conn->is_drained = true;
	conn->is_mute = true;
	while (read_frames(conn, SIZE_MAX, now))
		;
	/* no more than is there now: a forked child may go on writing */
	ioctl(conn->channel.fd, FIONREAD, &remaining);
	do {
		n = channel_fill(&conn->channel, MSG_DONTWAIT);
		if (n <= 0)
			break;
		remaining -= (int)n;
		while (read_frames(conn, SIZE_MAX, now))
			;
	} while (remaining >= 0 && conn->fate != CONN_EXPELLED);
	if (n == -ECONNRESET)
		conn->unread = true;
	if (ioctl(conn->channel.fd, SIOCOUTQ, &remaining) == 0 && remaining > 0)
		conn->unread = true;
}

/* --- writing --- */

void
conn_want_flush(struct conn *conn)
{
	if (!list_is_linked(&conn->flush_link))
		list_append(&conn->server->to_flush, &conn->flush_link);
}

void
conn_reply(void *context, struct lane *lane, const struct message_reply *reply)
{
	struct conn *conn = lane_shell(lane);
	struct message_reply instead;
	char detail[96];
	int r;

	(void)context;
	if (conn->tracer)
		tracer_end(conn->tracer, &conn->who, reply);
	if (conn->is_mute) {
		conn->unread = true;
		return;
	}
	r = message_send_reply(&conn->channel, reply);
	if (r == MPROXY_ERR_TOO_BIG) {
		snprintf(detail, sizeof(detail),
			 "server: the results are larger than one message may "
			 "be, %u bytes",
			 conn->channel.max_length);
		instead = (struct message_reply){
			.id = reply->id,
			.status = r,
			.detail = span_text(detail),
		};
		r = message_send_reply(&conn->channel, &instead);
	}
	if (r < 0) {
		conn->is_mute = true;
		conn->unread = true;
		conn_condemn(conn, CONN_EXPELLED, "no memory to answer it");
		return;
	}
	conn_want_flush(conn);
}

/* All is written. */
static void
become_empty(struct conn *conn)
{
	channel_trim(&conn->channel);
	if (!conn->is_full)
		return;
	conn->is_full = false;
	event_del(&conn->write_event);
	patience_end(&conn->out_wait);
}

/* The socket takes no more for now. */
static int
become_full(struct conn *conn, size_t before, int64_t now)
{
	size_t pending = channel_pending(&conn->channel);

	if (!conn->is_full) {
		if (event_add(&conn->write_event, NULL) < 0)
			return -1;
		conn->is_full = true;
	}
	if (pending <= LIMITS_OUTPUT_PAUSE)
		patience_end(&conn->out_wait);
	else if (pending < before || !list_is_linked(&conn->out_wait.link))
		patience_begin(&conn->server->output, &conn->out_wait, now);
	return 0;
}

static int
pause_or_resume(struct conn *conn)
{
	size_t pending = channel_pending(&conn->channel);

	if (!conn->is_paused && pending > LIMITS_OUTPUT_PAUSE) {
		conn->is_paused = true;
		list_remove(&conn->read_link);
		return event_del(&conn->read_event);
	}
	if (conn->is_paused && pending <= LIMITS_OUTPUT_RESUME) {
		conn->is_paused = false;
		if (!list_is_linked(&conn->read_link))
			list_append(&conn->server->to_read, &conn->read_link);
		return event_add(&conn->read_event, NULL);
	}
	return 0;
}

void
conn_flush(struct conn *conn, int64_t now)
{
	size_t before = channel_pending(&conn->channel);
	int r;

	list_remove(&conn->flush_link);
	if (conn->fate != CONN_LIVES)
		return;
	do {
		r = channel_flush(&conn->channel, MSG_DONTWAIT);
	} while (r == -EINTR);
	if (r == 0) {
		become_empty(conn);
	} else if (r == -ENOMEM || r == -ENOBUFS ||
		   (r == -EAGAIN && become_full(conn, before, now) < 0)) {
		conn_condemn(conn, CONN_EXPELLED, "no memory to answer it");
	} else if (r != -EAGAIN) {
		conn_condemn(conn, CONN_DEAD, "it closed its connection");
	}
	if (pause_or_resume(conn) < 0)
		conn_condemn(conn, CONN_EXPELLED, "no memory to watch it");
	if (channel_pending(&conn->channel) >
	    LIMITS_OUTPUT_MAX + conn->server->max_value)
		conn_condemn(conn, CONN_EXPELLED, "it does not read");
}

/* --- the end --- */

void
conn_close(struct conn *conn, int64_t now)
{
	struct lane *lane = conn->lane;
	bool unread = conn->unread || channel_pending(&conn->channel) > 0;

	conn->is_mute = true;
	if (lane)
		core_lane_close(conn->server->core, lane, unread, now);
	conn_free(conn);
}

void
conn_end(struct conn *conn, int64_t now)
{
	list_remove(&conn->doomed_link);
	if (conn->fate == CONN_DEAD)
		conn_drain(conn, now);
	else if (!conn->is_mute)
		channel_flush(&conn->channel, MSG_DONTWAIT);
	log_line(LOG_LEVEL_DEBUG, "connection ends pid=%u cause=\"%s\"",
		 conn->who.pid, conn->cause);
	if (conn->is_control)
		client_condemn(conn->client, conn->cause);
	else
		conn_close(conn, now);
}
