/*
 * Dict gets in blocks of 100, as many as are wanted: something to count the
 * server's instructions by. Makes no row of its own.
 *
 * usage: gets SYSTEM ADDRESS N
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "bench.h"
#include "crowd.h"

enum { BLOCK = 100, ROOM = 65536 };

/* A request BLOCK times; returns the size of it all. */
static size_t
make_block(const struct crowd_server *server, int fd, uint8_t out[ROOM])
{
	size_t one = server->request(fd, out, ROOM);

	bench_check(one * BLOCK > ROOM, "room for a block");
	for (size_t i = 1; i < BLOCK; i++)
		memcpy(out + i * one, out, one);
	return BLOCK * one;
}

/* Reads the replies to a block. */
static void
take_block(const struct crowd_server *server, int fd)
{
	static uint8_t in[ROOM];
	size_t start = 0, end = 0, size;

	for (int seen = 0; seen < BLOCK; seen++) {
		while (!(size = server->reply_size(in + start, end - start))) {
			ssize_t n = recv(fd, in + end, sizeof(in) - end, 0);

			if (n <= 0)
				bench_die("a reply");
			end += (size_t)n;
		}
		start += size;
	}
}

int
main(int argc, char **argv)
{
	static uint8_t out[ROOM];

	if (argc != 4) {
		fprintf(stderr, "usage: gets SYSTEM ADDRESS N\n");
		return 2;
	}
	const struct crowd_server *server = crowd_find(argv[1]);
	int fd = server->join(argv[2]);
	size_t size = make_block(server, fd, out);
	for (long n = strtol(argv[3], NULL, 10); n > 0; n -= BLOCK) {
		if (send(fd, out, size, MSG_NOSIGNAL) != (ssize_t)size)
			bench_die("sending a block");
		take_block(server, fd);
	}
	return 0;
}
