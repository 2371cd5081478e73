/*
 * A server that does what the test tells it to, right or wrong.
 *
 *	static void
 *	serve(struct fake_client *client)
 *	{
 *		struct message_call call;
 *
 *		fake_welcome(client);
 *		while (client->number > 0 && fake_read_call(client, &call))
 *			fake_reply(client, call.id, 0);
 *	}
 *
 * Each connection has a thread that runs serve(); when serve() returns, the
 * connection is closed. The first one (number 0) is the control lane.
 */
#ifndef MPROXY_TESTS_FAKE_SERVER_H
#define MPROXY_TESTS_FAKE_SERVER_H

#include <pthread.h>
#include <stdatomic.h>

#include "proto/message.h"

#define FAKE_CLIENTS 1024

struct fake_server;

struct fake_client {
	struct fake_server *server;
	int number; /* of the connection, from 0 */
	pthread_t thread;
	int fd;
	struct channel channel;
	struct arena arena;
	struct message_hello hello;
	struct frame frame; /* the last one read */
};

struct fake_server {
	char folder[64];
	char path[96];
	int listener;
	pthread_t thread;
	void (*serve)(struct fake_client *client);
	atomic_int n_clients;
	atomic_int n_calls; /* seen by fake_read_call() */
	uint64_t max_value;
	struct fake_client clients[FAKE_CLIENTS];
};

struct fake_server *fake_start(void (*serve)(struct fake_client *client));

/* Ends all connections and joins all threads. serve() must return when its
 * connection ends. */
void fake_stop(struct fake_server *server);

/* Nobody can connect any more; connections stay. */
void fake_refuse(struct fake_server *server);

/* Reads the Hello; false at the end. Answers it. */
bool fake_read_hello(struct fake_client *client);
void fake_welcome(struct fake_client *client);

/* The next frame: false at the end of the connection. */
bool fake_read(struct fake_client *client);

/* The next Call; others are skipped. */
bool fake_read_call(struct fake_client *client, struct message_call *ret);

/* Waits until the client ends the connection. */
void fake_wait_end(struct fake_client *client);

void fake_reply(struct fake_client *client, uint64_t id, int status);
void fake_reply_value(struct fake_client *client, uint64_t id,
		      struct span value);
void fake_send_raw(struct fake_client *client, const void *data, size_t size);
void fake_flush(struct fake_client *client);

#endif
