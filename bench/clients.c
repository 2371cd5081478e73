/*
 * Many clients, each with one call in flight, out of one load generator: the
 * same for mproxy and for Redis, so that only the servers differ.
 *
 * usage: clients SYSTEM ADDRESS N…
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "crowd.h"
#include "latency.h"
#include "process.h"

enum { EVENTS = 512, ROOM = 4096 };

struct client {
	int fd;
	double since; /* its call was sent then */
};

struct load {
	const struct crowd_server *server;
	const char *address;
	int epoll;
	struct client *clients;
	size_t n, room;
	uint8_t request[ROOM];
	size_t request_size;
};

/* Clients join until there are n. */
static void
grow(struct load *load, size_t n)
{
	load->clients = realloc(load->clients, n * sizeof(load->clients[0]));
	if (!load->clients)
		bench_die("memory for clients");
	for (; load->n < n; load->n++) {
		struct client *client = &load->clients[load->n];

		client->fd = load->server->join(load->address);
	}
	load->request_size = load->server->request(
		load->clients[0].fd, load->request, sizeof(load->request));
}

/* A new set, since the clients have moved. */
static void
watch(struct load *load)
{
	load->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (load->epoll < 0)
		bench_die("epoll_create1");
	for (size_t i = 0; i < load->n; i++) {
		struct epoll_event event = { .events = EPOLLIN,
					     .data.ptr = &load->clients[i] };

		if (epoll_ctl(load->epoll, EPOLL_CTL_ADD, load->clients[i].fd,
			      &event) < 0)
			bench_die("epoll_ctl");
	}
}

static void
send_call(struct load *load, struct client *client)
{
	client->since = bench_now();
	if (send(client->fd, load->request, load->request_size, MSG_NOSIGNAL) !=
	    (ssize_t)load->request_size)
		bench_die("sending a call");
}

/* Replies are small: one read has the whole of it. */
static void
take_reply(struct load *load, struct client *client, struct latency *latency)
{
	uint8_t in[ROOM];
	ssize_t n = recv(client->fd, in, sizeof(in), 0);

	if (n <= 0)
		bench_die("a reply");
	bench_check(load->server->reply_size(in, (size_t)n) != (size_t)n,
		    "a reply in one piece");
	latency_add(latency, bench_now() - client->since);
}

/* Takes replies, and answers each with a new call before the end. */
static void
run(struct load *load, double end, struct latency *latency)
{
	struct epoll_event events[EVENTS];
	size_t in_flight = load->n;

	for (size_t i = 0; i < load->n; i++)
		send_call(load, &load->clients[i]);
	while (in_flight > 0) {
		int n = epoll_wait(load->epoll, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			struct client *client = events[i].data.ptr;

			take_reply(load, client, latency);
			if (bench_now() < end)
				send_call(load, client);
			else
				in_flight--;
		}
	}
}

static void
report(const struct load *load, const struct latency *latency, double took)
{
	const char *system = load->server->system;
	size_t n = load->n;

	bench_row(bench_name("clients-%zu", n), system,
		  (double)latency->n / took, "calls/s");
	bench_row(bench_name("clients-%zu-p50", n), system,
		  latency_at(latency, 0.5) * 1e6, "us");
	bench_row(bench_name("clients-%zu-p99", n), system,
		  latency_at(latency, 0.99) * 1e6, "us");
	bench_row(bench_name("clients-%zu-p99.9", n), system,
		  latency_at(latency, 0.999) * 1e6, "us");
}

int
main(int argc, char **argv)
{
	static struct load load;

	if (argc < 4) {
		fprintf(stderr, "usage: clients SYSTEM ADDRESS N...\n");
		return 2;
	}
	load.server = crowd_find(argv[1]);
	load.address = argv[2];
	size_t room = process_raise_descriptors();
	for (int i = 3; i < argc; i++) {
		static struct latency warm, latency;
		size_t n = strtoul(argv[i], NULL, 10);

		if (n + 64 > room) {
			fprintf(stderr,
				"bench: without %zu clients: only %zu "
				"descriptors\n",
				n, room);
			continue;
		}
		grow(&load, n);
		watch(&load);
		warm = latency = (struct latency){ 0 };
		run(&load, bench_now() + bench_seconds() / 10, &warm);
		double start = bench_now();
		run(&load, start + bench_seconds(), &latency);
		report(&load, &latency, bench_now() - start);
		close(load.epoll);
	}
	return 0;
}
