/*
 * The same values in Redis: SET and GET.
 *
 * usage: redis-values SOCKET
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "redis-client.h"
#include "sizes.h"

struct move {
	redisContext *redis;
	char *data;
	size_t size;
};

static int
put(void *context)
{
	struct move *move = context;

	return redis_done(redisCommand(move->redis, "SET value %b", move->data,
				       move->size));
}

static int
get(void *context)
{
	struct move *move = context;
	redisReply *reply = redisCommand(move->redis, "GET value");
	int bad = !reply || reply->len != move->size;

	return redis_done(reply) || bad;
}

int
main(int argc, char **argv)
{
	struct move move;

	if (argc != 2) {
		fprintf(stderr, "usage: redis-values SOCKET\n");
		return 2;
	}
	move.redis = redis_open(argv[1]);
	move.data = malloc(sizes[N_SIZES - 1]);
	if (!move.data)
		bench_die("memory for a value");
	memset(move.data, 'x', sizes[N_SIZES - 1]);
	for (int i = 0; i < N_SIZES; i++) {
		move.size = sizes[i];
		double seconds = sizes_seconds();
		sizes_row("put", move.size, "redis",
			  bench_time("put", seconds, put, &move));
		sizes_row("get", move.size, "redis",
			  bench_time("get", seconds, get, &move));
	}
	redis_done(redisCommand(move.redis, "FLUSHALL"));
	free(move.data);
	redisFree(move.redis);
	return 0;
}
