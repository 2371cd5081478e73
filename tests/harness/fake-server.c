/*
 * Why not the real daemon: it never does anything wrong.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "check-main.h"
#include "fake-server.h"
#include "mproxy/error.h"

static const uint8_t instance[MESSAGE_KEY_SIZE] = "fake instance..";
static const uint8_t session_key[MESSAGE_KEY_SIZE] = "fake session...";

static void *
run_client(void *context)
{
	struct fake_client *client = context;

	client->server->serve(client);
	shutdown(client->fd, SHUT_RDWR);
	return NULL;
}

static void *
run_server(void *context)
{
	struct fake_server *server = context;

	for (int n = 0; n < FAKE_CLIENTS; n++) {
		struct fake_client *client = &server->clients[n];
		int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			break;
		client->server = server;
		client->number = n;
		client->fd = fd;
		channel_init(&client->channel, fd, 1u << 30);
		arena_init(&client->arena, (size_t)1 << 26);
		/* before it can answer: the test counts after an answer */
		atomic_store(&server->n_clients, n + 1);
		if (pthread_create(&client->thread, NULL, run_client, client))
			abort();
	}
	return NULL;
}

struct fake_server *
fake_start(void (*serve)(struct fake_client *client))
{
	struct fake_server *server = calloc(1, sizeof(*server));
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	sigset_t all, before;

	ck_assert_ptr_nonnull(server);
	server->serve = serve;
	server->max_value = 1 << 20;
	snprintf(server->folder, sizeof(server->folder),
		 "/tmp/mproxy-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(server->folder));
	snprintf(server->path, sizeof(server->path), "%s/socket",
		 server->folder);
	memcpy(name.sun_path, server->path, strlen(server->path) + 1);
	server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(
		bind(server->listener, (struct sockaddr *)&name, sizeof(name)),
		0);
	ck_assert_int_eq(listen(server->listener, FAKE_CLIENTS), 0);
	/* signals are for the threads of the test */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ck_assert_int_eq(
		pthread_create(&server->thread, NULL, run_server, server), 0);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return server;
}

void
fake_refuse(struct fake_server *server)
{
	if (server->listener < 0)
		return;
	shutdown(server->listener, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	close(server->listener);
	server->listener = -1;
	unlink(server->path);
}

void
fake_stop(struct fake_server *server)
{
	fake_refuse(server);
	for (int i = 0; i < atomic_load(&server->n_clients); i++) {
		struct fake_client *client = &server->clients[i];

		shutdown(client->fd, SHUT_RDWR);
		pthread_join(client->thread, NULL);
		channel_deinit(&client->channel);
		arena_deinit(&client->arena);
	}
	rmdir(server->folder);
	free(server);
}

bool
fake_read(struct fake_client *client)
{
	for (;;) {
		ssize_t n;

		if (channel_next(&client->channel, &client->frame, NULL) == 1)
			return true;
		n = channel_fill(&client->channel, 0);
		if (n == 0 || (n < 0 && n != -EINTR))
			return false;
	}
}

bool
fake_read_hello(struct fake_client *client)
{
	if (!fake_read(client))
		return false;
	arena_reset(&client->arena, (size_t)1 << 26);
	return message_unpack_hello(&client->arena, client->frame.payload,
				    &client->hello) == 0;
}

void
fake_welcome(struct fake_client *client)
{
	const struct message_welcome welcome = {
		.version = MESSAGE_VERSION,
		.instance = span_make(instance, sizeof(instance)),
		.session = span_make(session_key, sizeof(session_key)),
		.max_value = client->server->max_value,
		.pid = (uint32_t)getpid(),
	};

	if (!fake_read_hello(client))
		return;
	message_send_welcome(&client->channel, &welcome);
	fake_flush(client);
}

bool
fake_read_call(struct fake_client *client, struct message_call *ret)
{
	while (fake_read(client)) {
		if (client->frame.kind != FRAME_CALL)
			continue;
		arena_reset(&client->arena, (size_t)1 << 26);
		if (message_unpack_call(&client->arena, client->frame.payload,
					ret) != 0)
			return false;
		atomic_fetch_add(&client->server->n_calls, 1);
		return true;
	}
	return false;
}

void
fake_wait_end(struct fake_client *client)
{
	while (fake_read(client))
		;
}

void
fake_flush(struct fake_client *client)
{
	while (channel_flush(&client->channel, 0) == -EINTR)
		;
}

void
fake_reply(struct fake_client *client, uint64_t id, int status)
{
	const struct message_reply reply = {
		.id = id,
		.status = status,
		.detail = status ? span_text("as the test says")
				 : span_text(""),
	};

	message_send_reply(&client->channel, &reply);
	fake_flush(client);
}

void
fake_reply_value(struct fake_client *client, uint64_t id, struct span value)
{
	const struct message_reply reply = {
		.id = id,
		.n_results = 1,
		.results = &value,
	};

	message_send_reply(&client->channel, &reply);
	fake_flush(client);
}

void
fake_send_raw(struct fake_client *client, const void *data, size_t size)
{
	(void)!send(client->fd, data, size, MSG_NOSIGNAL);
}
