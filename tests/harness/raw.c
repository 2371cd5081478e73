/*
 * Why not the library: it cannot be made to say what a broken or hostile
 * client says, nor to stop in the middle of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/harness/check-main.h"
#include "tests/harness/raw.h"

#include "mproxy/error.h"
#include "proto/address.h"
#include "proto/value.h"

#define MAX_LENGTH (((uint32_t)64 << 20) + FRAME_ENVELOPE)

void
raw_init(struct raw *raw, int fd)
{
	*raw = (struct raw){ .next_id = 1 };
	channel_init(&raw->channel, fd, MAX_LENGTH);
	arena_init(&raw->arena, 0);
}

void
raw_deinit(struct raw *raw)
{
	channel_deinit(&raw->channel);
	arena_deinit(&raw->arena);
}

void
raw_connect(struct raw *raw, const char *path)
{
	struct address address;
	struct sockaddr_un name;
	char why[256];
	socklen_t size;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(address_parse(path, &address, why, sizeof(why)), 0);
	size = address_to_sockaddr(&address, &name);
	ck_assert_msg(connect(fd, (struct sockaddr *)&name, size) == 0,
		      "connect %s: %m", path);
	raw_init(raw, fd);
}

void
raw_open(struct raw *raw, const char *path)
{
	raw_connect(raw, path);
	raw_hello(raw);
}

/* --- sending --- */

static void
wait_for(struct raw *raw, short events)
{
	struct pollfd poller = { .fd = raw->channel.fd, .events = events };
	int r;

	if (raw->turn) {
		raw->turn(raw->context);
		return;
	}
	do {
		r = poll(&poller, 1, RAW_PATIENCE_MS);
	} while (r < 0 && errno == EINTR);
	ck_assert_msg(r > 0, "the server neither answers nor reads");
}

bool
raw_send(struct raw *raw, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	while (size > 0) {
		ssize_t n = send(raw->channel.fd, at, size,
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n > 0) {
			at += n;
			size -= (size_t)n;
		} else if (errno == EPIPE || errno == ECONNRESET) {
			return false;
		} else if (errno == EAGAIN) {
			wait_for(raw, POLLOUT);
		} else {
			ck_assert_msg(errno == EINTR, "send: %m");
		}
	}
	return true;
}

/* What the channel holds goes out. */
static void
flush(struct raw *raw)
{
	int r;

	while ((r = channel_flush(&raw->channel, MSG_DONTWAIT)) != 0) {
		if (r == -EPIPE || r == -ECONNRESET)
			return;
		ck_assert_msg(r == -EAGAIN || r == -EINTR, "send: %s",
			      strerror(-r));
		if (r == -EAGAIN)
			wait_for(raw, POLLOUT);
	}
}

void
raw_send_frame(struct raw *raw, int kind, struct span payload, unsigned n_fds)
{
	union {
		char bytes[CMSG_SPACE(FRAME_MAX_FDS * 2 * sizeof(int))];
		struct cmsghdr align;
	} control = { .bytes = { 0 } };
	uint8_t header[FRAME_HEADER_SIZE];
	struct iovec iov[] = {
		{ .iov_base = header, .iov_len = sizeof(header) },
		{ .iov_base = (void *)(uintptr_t)payload.data,
		  .iov_len = payload.size },
	};
	struct msghdr message = { .msg_iov = iov, .msg_iovlen = 2 };
	int fds[FRAME_MAX_FDS * 2];

	frame_pack_header(header, (enum frame_kind)kind, (uint32_t)payload.size,
			  n_fds);
	for (unsigned i = 0; i < n_fds; i++)
		fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (n_fds > 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		CMSG_FIRSTHDR(&message)->cmsg_level = SOL_SOCKET;
		CMSG_FIRSTHDR(&message)->cmsg_type = SCM_RIGHTS;
		CMSG_FIRSTHDR(&message)->cmsg_len = CMSG_LEN(n_fds *
							     sizeof(int));
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&message)), fds,
		       n_fds * sizeof(int));
	}
	ck_assert_int_eq(sendmsg(raw->channel.fd, &message, MSG_NOSIGNAL),
			 (ssize_t)(sizeof(header) + payload.size));
	for (unsigned i = 0; i < n_fds; i++)
		close(fds[i]);
}

void
raw_send_hello(struct raw *raw, const struct message_hello *hello)
{
	ck_assert_int_eq(message_send_hello(&raw->channel, hello), 0);
	flush(raw);
}

uint64_t
raw_send_call(struct raw *raw, uint64_t object, const char *method,
	      const struct span *args, size_t n_args, int64_t timeout_ms)
{
	struct message_call call = {
		.id = raw->next_id++,
		.object = object,
		.method = span_text(method),
		.timeout_ms = timeout_ms,
		.args = args,
		.n_args = n_args,
	};

	ck_assert_int_eq(message_send_call(&raw->channel, &call), 0);
	flush(raw);
	return call.id;
}

/* --- receiving --- */

bool
raw_next(struct raw *raw, struct frame *ret)
{
	ssize_t n;
	int r;

	for (;;) {
		r = channel_next(&raw->channel, ret, NULL);
		ck_assert_int_ge(r, 0);
		if (r > 0)
			return true;
		n = channel_fill(&raw->channel, MSG_DONTWAIT);
		if (n == 0 || n == -ECONNRESET)
			return false;
		if (n == -EAGAIN)
			wait_for(raw, POLLIN);
		else
			ck_assert_msg(n > 0 || n == -EINTR, "receive: %s",
				      strerror((int)-n));
	}
}

static struct frame
expect(struct raw *raw, enum frame_kind kind)
{
	struct frame frame = { .kind = FRAME_KIND_END };

	ck_assert_msg(raw_next(raw, &frame), "the server closed");
	ck_assert_int_eq(frame.kind, kind);
	arena_reset(&raw->arena, message_budget(frame.payload.size));
	return frame;
}

struct message_welcome
raw_welcome(struct raw *raw)
{
	struct frame frame = expect(raw, FRAME_WELCOME);
	struct message_welcome welcome;

	ck_assert_int_eq(
		message_unpack_welcome(&raw->arena, frame.payload, &welcome),
		0);
	if (welcome.status == 0) {
		ck_assert_uint_eq(welcome.session.size, MESSAGE_KEY_SIZE);
		ck_assert_uint_eq(welcome.instance.size, MESSAGE_KEY_SIZE);
		memcpy(raw->session, welcome.session.data, MESSAGE_KEY_SIZE);
		memcpy(raw->instance, welcome.instance.data, MESSAGE_KEY_SIZE);
	}
	raw->server_pid = welcome.pid;
	return welcome;
}

struct message_reply
raw_reply(struct raw *raw)
{
	struct frame frame = expect(raw, FRAME_REPLY);
	struct message_reply reply;

	ck_assert_int_eq(
		message_unpack_reply(&raw->arena, frame.payload, &reply), 0);
	return reply;
}

void
raw_expect_end(struct raw *raw)
{
	struct frame frame;

	while (raw_next(raw, &frame))
		;
}

/* --- both --- */

void
raw_hello(struct raw *raw)
{
	const struct message_hello hello = {
		.version = MESSAGE_VERSION,
		.thread = 7,
		.program = span_text("raw"),
	};
	struct message_welcome welcome;

	raw_send_hello(raw, &hello);
	welcome = raw_welcome(raw);
	ck_assert_msg(welcome.status == 0, "welcome: %.*s",
		      (int)welcome.detail.size, welcome.detail.data);
}

struct message_reply
raw_call(struct raw *raw, uint64_t object, const char *method,
	 const struct span *args, size_t n_args, int64_t timeout_ms)
{
	uint64_t id = raw_send_call(raw, object, method, args, n_args,
				    timeout_ms);
	struct message_reply reply = raw_reply(raw);

	ck_assert_uint_eq(reply.id, id);
	return reply;
}

void
raw_ping(struct raw *raw)
{
	struct message_reply reply = raw_call(raw, MESSAGE_MANAGER, "ping",
					      NULL, 0, 0);

	ck_assert_int_eq(reply.status, 0);
}

static uint64_t
handle_in(const struct message_reply *reply)
{
	struct value value;

	ck_assert_msg(reply->status == 0, "%s: %.*s",
		      mproxy_error_name(reply->status), (int)reply->detail.size,
		      reply->detail.data);
	ck_assert_uint_ge(reply->n_results, 1);
	value = value_decode(reply->results[0]);
	ck_assert_int_eq(value.kind, MPROXY_HANDLE);
	return value.handle.object;
}

uint64_t
raw_new_object(struct raw *raw, const char *type)
{
	struct buffer text = BUFFER_INIT;
	struct message_reply reply;
	struct span args[1];

	value_put_text(&text, span_text(type));
	args[0] = buffer_span(&text);
	reply = raw_call(raw, MESSAGE_MANAGER, "new", args, 1, 0);
	buffer_deinit(&text);
	return handle_in(&reply);
}

uint64_t
raw_open_object(struct raw *raw, const char *type, const char *name)
{
	struct buffer texts[2] = { BUFFER_INIT, BUFFER_INIT };
	struct message_reply reply;
	struct span args[2];

	value_put_text(&texts[0], span_text(type));
	value_put_text(&texts[1], span_text(name));
	args[0] = buffer_span(&texts[0]);
	args[1] = buffer_span(&texts[1]);
	reply = raw_call(raw, MESSAGE_MANAGER, "open", args, 2, 0);
	buffer_deinit(&texts[0]);
	buffer_deinit(&texts[1]);
	return handle_in(&reply);
}
