/*
 * Why a spare descriptor: when none is left, a client that waits at the door
 * can neither be let in nor sent away, and the loop would be told about it
 * again and again. The spare one makes room to take it in, tell it, and close.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "mproxy/error.h"
#include "server/listener.h"
#include "server/log.h"
#include "server/shell.h"

#define ACCEPTS_PER_TURN 16
#define PAUSE_US 100000

struct listener {
	struct server *server;
	int fd;
	int spare;
	bool is_paused;
	struct event event;
	struct event pause;
	struct log_limiter refused_log;
	struct log_limiter exhausted_log;
	uint64_t n_refused;
};

void
listener_refuse(int fd, int status, const char *detail)
{
	struct message_welcome welcome = {
		.version = MESSAGE_VERSION,
		.status = status,
		.detail = span_text(detail),
		.pid = (uint32_t)getpid(),
	};
	struct channel channel;

	channel_init(&channel, fd, FRAME_ENVELOPE);
	if (message_send_welcome(&channel, &welcome) == 0)
		channel_flush(&channel, MSG_DONTWAIT);
	channel_deinit(&channel);
}

static int
spare_open(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void
pause_for_a_while(struct listener *listener)
{
	const struct timeval time = { .tv_usec = PAUSE_US };

	if (listener->is_paused)
		return;
	/* without its timer it must not be paused: nobody would resume it */
	if (event_add(&listener->pause, &time) < 0)
		return;
	event_del(&listener->event);
	listener->is_paused = true;
}

static void
send_one_away(struct listener *listener, int error)
{
	uint64_t skipped;
	int fd;

	if (log_limiter_pass(&listener->exhausted_log, server_now(), &skipped))
		log_line(LOG_LEVEL_WARNING,
			 "out of descriptors, clients are sent away "
			 "error=\"%s\" skipped=%llu",
			 strerror(error), (unsigned long long)skipped);
	if (listener->spare >= 0)
		close(listener->spare);
	fd = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0)
		listener_refuse(fd, MPROXY_ERR_NO_DESCRIPTORS,
				"server: it has no descriptors left");
	listener->spare = spare_open();
	pause_for_a_while(listener);
}

static void
note_refusal(struct listener *listener, int status)
{
	uint64_t skipped;

	listener->n_refused++;
	if (log_limiter_pass(&listener->refused_log, server_now(), &skipped))
		log_line(LOG_LEVEL_WARNING,
			 "a client was refused reason=\"%s\" refused=%llu",
			 mproxy_strerror(status),
			 (unsigned long long)listener->n_refused);
}

static void
on_accept(evutil_socket_t socket, short what, void *context)
{
	struct listener *listener = context;
	int fd;
	int r;

	(void)what;
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		fd = accept4(socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0) {
			r = server_add_socket(listener->server, fd);
			if (r < 0)
				note_refusal(listener, r);
			continue;
		}
		if (errno == EINTR || errno == ECONNABORTED)
			continue;
		if (errno == EMFILE || errno == ENFILE)
			send_one_away(listener, errno);
		else if (errno != EAGAIN)
			pause_for_a_while(listener);
		return;
	}
}

static void
on_pause_over(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	listener_resume(context);
}

void
listener_resume(struct listener *listener)
{
	if (!listener->is_paused)
		return;
	if (event_add(&listener->event, NULL) < 0) {
		listener->is_paused = false;
		pause_for_a_while(listener);
		return;
	}
	event_del(&listener->pause);
	listener->is_paused = false;
}

struct listener *
listener_new(struct server *server, int fd)
{
	struct listener *listener = calloc(1, sizeof(*listener));

	if (!listener) {
		close(fd);
		return NULL;
	}
	listener->server = server;
	listener->fd = fd;
	listener->spare = spare_open();
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	if (event_assign(&listener->event, server->base, fd,
			 EV_READ | EV_PERSIST, on_accept, listener) < 0 ||
	    evtimer_assign(&listener->pause, server->base, on_pause_over,
			   listener) < 0 ||
	    event_add(&listener->event, NULL) < 0)
		return listener_free(listener);
	return listener;
}

struct listener *
listener_free(struct listener *listener)
{
	if (!listener)
		return NULL;
	if (event_initialized(&listener->event))
		event_del(&listener->event);
	if (event_initialized(&listener->pause))
		event_del(&listener->pause);
	close(listener->fd);
	if (listener->spare >= 0)
		close(listener->spare);
	free(listener);
	return NULL;
}
