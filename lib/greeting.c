/*
 * Why the greeting is an exchange: a lane that is refused (wrong user, wrong
 * version, too many) says so in a sentence, at once, and not at the first call.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "lane.h"

#define CONNECT_MS 5000

static int
set_timeout(int fd, int option, int ms)
{
	const struct timeval timeout = {
		.tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000,
	};

	return setsockopt(fd, SOL_SOCKET, option, &timeout, sizeof(timeout));
}

void
lane_set_timeless(struct lane *lane, bool timeless)
{
	set_timeout(lane->channel.fd, SO_RCVTIMEO,
		    timeless ? 0 : connection_grace_ms());
	lane->timeless = timeless;
}

static int
system_error(int error, const char *what, const char *path)
{
	int code = MPROXY_ERR_SYSTEM;

	if (error == EMFILE || error == ENFILE)
		code = MPROXY_ERR_NO_DESCRIPTORS;
	else if (error == ENOMEM || error == ENOBUFS)
		code = MPROXY_ERR_NO_MEMORY;
	return error_set(code, "%s %s: %s", what, path, strerror(error));
}

/* The server is not there any more: remembered, and said. */
static int
gone(struct mproxy_manager *m)
{
	int expected = MANAGER_OPEN;

	atomic_compare_exchange_strong(&m->state, &expected, MANAGER_GONE);
	return manager_state_error(m);
}

static int
refused(struct mproxy_manager *m, const struct greeting *greeting, int error)
{
	const char *path = m->address.path;

	switch (error) {
	case ENOENT:
	case ECONNREFUSED:
	case ENOTDIR:
		if (!greeting->first)
			return gone(m);
		return error_set(MPROXY_ERR_CONNECT,
				 "no manager listens at %s (%s); "
				 "\"mproxyd --address %s\" starts one",
				 path, strerror(error), path);
	case EACCES:
	case EPERM:
		return error_set(MPROXY_ERR_DENIED, "connecting to %s: %s",
				 path, strerror(error));
	case EAGAIN:
		return error_set(greeting->first ? MPROXY_ERR_CONNECT
						 : MPROXY_ERR_SERVER_SILENT,
				 "the manager at %s accepts no connection",
				 path);
	case EPROTOTYPE:
		return error_set(MPROXY_ERR_CONNECT,
				 "%s is no stream socket: no manager", path);
	default:
		return system_error(error, "connecting to", path);
	}
}

/* Whoever may be root or us may be trusted with what we send. */
static int
check_owner(int fd, const char *path)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return system_error(errno, "asking who listens at", path);
	if (peer.uid != geteuid() && peer.uid != 0)
		return error_set(MPROXY_ERR_DENIED,
				 "the manager at %s belongs to user %u, this "
				 "process to %u",
				 path, (unsigned)peer.uid, (unsigned)geteuid());
	return 0;
}

static int
connect_socket(struct mproxy_manager *m, const struct greeting *greeting,
	       int fd)
{
	int timeout = greeting->timeout_ms;
	struct sockaddr_un sockaddr;
	socklen_t size;

	/* a connect to a Unix socket waits while too many others do */
	if (set_timeout(fd, SO_SNDTIMEO,
			timeout < CONNECT_MS ? timeout : CONNECT_MS) < 0 ||
	    set_timeout(fd, SO_RCVTIMEO, timeout) < 0)
		return system_error(errno, "setting up a socket for",
				    m->address.path);
	size = address_to_sockaddr(&m->address, &sockaddr);
	while (connect(fd, (struct sockaddr *)&sockaddr, size) < 0)
		if (errno != EINTR)
			return refused(m, greeting, errno);
	return check_owner(fd, m->address.path);
}

static int
send_hello(struct lane *lane, const struct greeting *greeting)
{
	const struct message_hello hello = {
		.version = MESSAGE_VERSION,
		.session = greeting->session,
		.fork = greeting->fork,
		.thread = (uint64_t)gettid(),
		.program = value_is_utf8(
				   span_text(program_invocation_short_name))
				   ? span_text(program_invocation_short_name)
				   : span_text("?"),
	};
	int r;

	if (message_send_hello(&lane->channel, &hello) != 0)
		return -ENOMEM;
	do
		r = channel_flush(&lane->channel, 0);
	while (r == -EINTR);
	return r;
}

/* One whole frame. 0, a negative errno, or 1: it is none of ours. */
static int
read_frame(struct lane *lane, struct frame *ret)
{
	for (;;) {
		int r = channel_next(&lane->channel, ret, NULL);
		ssize_t n;

		if (r == 1)
			return 0;
		if (r < 0)
			return 1;
		n = channel_fill(&lane->channel, 0);
		if (n == 0)
			return -EPIPE;
		if (n < 0 && n != -EINTR)
			return (int)n;
	}
}

static int
greeting_error(struct mproxy_manager *m, const struct greeting *greeting,
	       int error)
{
	const char *path = m->address.path;

	switch (error) {
	case -ENOMEM:
		return error_set(MPROXY_ERR_NO_MEMORY,
				 "no memory to connect to %s", path);
	case -EAGAIN:
		return error_set(MPROXY_ERR_SERVER_SILENT,
				 "the manager at %s does not answer", path);
	case 1:
		return error_set(MPROXY_ERR_PROTOCOL,
				 "what listens at %s does not answer as a "
				 "manager does",
				 path);
	default:
		return error_set(greeting->first ? MPROXY_ERR_CONNECT
						 : MPROXY_ERR_SERVER_GONE,
				 "the manager at %s closed the connection "
				 "before it began: %s",
				 path, strerror(-error));
	}
}

static int
accept_welcome(struct mproxy_manager *m, const struct greeting *greeting,
	       const struct message_welcome *welcome, struct welcome *ret)
{
	bool whole = welcome->instance.size == MESSAGE_KEY_SIZE;

	if (!greeting->first && whole &&
	    memcmp(welcome->instance.data, m->instance, MESSAGE_KEY_SIZE) != 0)
		return gone(m); /* another one took its place */
	if (welcome->status != 0) {
		error_set_span(welcome->status, welcome->detail);
		return welcome->status < 0 ? welcome->status
					   : MPROXY_ERR_PROTOCOL;
	}
	if (welcome->version != MESSAGE_VERSION)
		return error_set(MPROXY_ERR_VERSION,
				 "the manager at %s speaks version %u of the "
				 "protocol, this library %u",
				 m->address.path, (unsigned)welcome->version,
				 MESSAGE_VERSION);
	if (!whole || welcome->session.size != MESSAGE_KEY_SIZE)
		return greeting_error(m, greeting, 1);
	memcpy(ret->instance, welcome->instance.data, MESSAGE_KEY_SIZE);
	memcpy(ret->session, welcome->session.data, MESSAGE_KEY_SIZE);
	ret->max_value = welcome->max_value;
	ret->pid = welcome->pid;
	return 0;
}

static int
greet(struct mproxy_manager *m, const struct greeting *greeting,
      struct lane *lane, struct welcome *ret)
{
	struct message_welcome welcome;
	struct frame frame;
	int r;

	r = send_hello(lane, greeting);
	if (r == 0)
		r = read_frame(lane, &frame);
	if (r != 0)
		return greeting_error(m, greeting, r);
	if (frame.kind != FRAME_WELCOME ||
	    message_unpack_welcome(&lane->arena, frame.payload, &welcome) != 0)
		return greeting_error(m, greeting, 1);
	return accept_welcome(m, greeting, &welcome, ret);
}

/* Takes fd. A lane with only its slot and its channel. */
static struct lane *
lane_new(int fd)
{
	struct lane *lane = calloc(1, sizeof(*lane));
	struct slot *slot = lane ? slot_take(fd) : NULL;

	if (!slot) {
		free(lane);
		close(fd);
		return NULL;
	}
	lane->slot = slot;
	channel_init(&lane->channel, fd, FRAME_ENVELOPE);
	lane->channel.wants_no_fds = true;
	lane->channel.in_place = offsetof(struct mproxy_value, bytes);
	arena_init(&lane->arena, message_budget(FRAME_ENVELOPE));
	return lane;
}

static uint32_t
frame_limit(uint64_t max_value)
{
	uint64_t most = UINT32_MAX - FRAME_ENVELOPE;

	return (uint32_t)(max_value < most ? max_value : most) + FRAME_ENVELOPE;
}

int
lane_connect(struct mproxy_manager *m, const struct greeting *greeting,
	     struct lane **ret, struct welcome *ret_welcome)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct lane *lane;
	int error;

	if (fd < 0)
		return system_error(errno, "a socket for", m->address.path);
	lane = lane_new(fd);
	if (!lane)
		return greeting_error(m, greeting, -ENOMEM);
	error = connect_socket(m, greeting, fd);
	if (!error)
		error = greet(m, greeting, lane, ret_welcome);
	if (error) {
		lane_close(lane);
		return error;
	}
	set_timeout(fd, SO_SNDTIMEO, connection_grace_ms());
	lane_set_timeless(lane, false);
	lane->channel.max_length = frame_limit(ret_welcome->max_value);
	channel_trim(&lane->channel);
	*ret = lane;
	return 0;
}
