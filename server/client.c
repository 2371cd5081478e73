/*
 * Why all connections are read before the first is closed: what was fully sent
 * before the death counts, on whichever of its threads' lanes it came.
 */
#include <stdlib.h>
#include <unistd.h>

#include "server/announce.h"
#include "server/client.h"
#include "server/conn.h"
#include "server/log.h"

/*
 * The turn ends here: the death is settled before the calls that wait in the
 * same turn. Who makes one because it knows of the death must find it settled.
 */
static void
on_pidfd(evutil_socket_t fd, short what, void *context)
{
	struct client *client = context;

	(void)fd;
	(void)what;
	client_condemn(client, "the process ended");
	event_base_loopbreak(client->server->base);
}

static void
forget_process(struct client *client)
{
	if (client->pidfd < 0)
		return;
	event_del(&client->pidfd_event);
	close(client->pidfd);
	client->pidfd = -1;
	client->server->n_pidfds--;
}

/* Without a pidfd the end of the stream has to do: no failure. */
static void
watch_process(struct client *client, int fd)
{
	struct server *server = client->server;

	if (server->n_pidfds >= server->limits.max_pidfds)
		return;
	client->pidfd = auth_open_pidfd(fd, &client->who);
	if (client->pidfd < 0)
		return;
	server->n_pidfds++;
	if (event_assign(&client->pidfd_event, server->base, client->pidfd,
			 EV_READ, on_pidfd, client) < 0 ||
	    event_priority_set(&client->pidfd_event, 0) < 0 ||
	    event_add(&client->pidfd_event, NULL) < 0)
		forget_process(client);
}

static int
open_session(struct client *client, struct span program,
	     struct session *announced)
{
	struct core *core = client->server->core;
	struct session_info info = {
		.pid = client->who.pid,
		.uid = client->who.uid,
		.program = program,
	};

	if (announced) {
		if (core_session_claim(core, announced, &info) != 0)
			return -1;
		client->session = announced;
		return 0;
	}
	client->session = core_session_open(core, &info);
	return client->session ? 0 : -1;
}

struct client *
client_new(struct server *server, int fd, const struct identity *who,
	   struct span program, struct session *session)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->server = server;
	client->who = *who;
	client->pidfd = -1;
	list_init(&client->conns);
	list_init(&client->forks);
	if (server_random(client->key.bytes, sizeof(client->key.bytes)) != 0 ||
	    open_session(client, program, session) != 0) {
		free(client);
		return NULL;
	}
	keyring_add(&server->client_keys, &client->key);
	list_append(&server->clients, &client->link);
	watch_process(client, fd);
	log_line(LOG_LEVEL_DEBUG, "client begins pid=%u uid=%u", who->pid,
		 who->uid);
	return client;
}

void
client_condemn(struct client *client, const char *cause)
{
	if (client->cause)
		return;
	client->cause = cause;
	list_append(&client->server->doomed_clients, &client->doomed_link);
}

void
client_end(struct client *client, int64_t now)
{
	struct server *server = client->server;
	struct list_link *link;

	for (link = client->conns.next; link != &client->conns;
	     link = link->next)
		conn_drain(LIST_ENTRY(link, struct conn, client_link), now);
	while ((link = list_first(&client->conns)))
		conn_close(LIST_ENTRY(link, struct conn, client_link), now);
	core_session_close(server->core, client->session, client->cause, now);
	log_line(LOG_LEVEL_DEBUG, "client ends pid=%u cause=\"%s\"",
		 client->who.pid, client->cause);
	client_free(client);
}

void
client_free(struct client *client)
{
	announce_orphan(client);
	forget_process(client);
	keyring_remove(&client->server->client_keys, &client->key);
	list_remove(&client->link);
	list_remove(&client->doomed_link);
	free(client);
}
