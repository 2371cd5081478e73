/*
 * The same operations on Redis, by hiredis over a Unix socket.
 *
 * usage: redis-calls SOCKET. The lock pair is the usual recipe: SET NX PX, then
 * DEL; the queue is RPUSH and LPOP on a list.
 */
#include "bench.h"

#include <stdio.h>

#include "redis-client.h"

enum { KEYS = 1000 };

struct client {
	redisContext *redis;
	unsigned turn;
	char keys[KEYS][16];
};

static int
dict_set(void *context)
{
	struct client *client = context;
	unsigned turn = client->turn++;

	return redis_done(redisCommand(client->redis, "HSET dict %s %u",
				       client->keys[turn % KEYS], turn));
}

static int
dict_get(void *context)
{
	struct client *client = context;

	return redis_done(redisCommand(client->redis, "HGET dict %s",
				       client->keys[client->turn++ % KEYS]));
}

static int
list_get(void *context)
{
	struct client *client = context;

	return redis_done(redisCommand(client->redis, "LINDEX items %u",
				       client->turn++ % KEYS));
}

static int
list_append(void *context)
{
	struct client *client = context;

	return redis_done(
		redisCommand(client->redis, "RPUSH list %u", client->turn++));
}

static int
queue_put_get(void *context)
{
	struct client *client = context;

	return redis_done(redisCommand(client->redis, "RPUSH queue %u",
				       client->turn++)) ||
	       redis_done(redisCommand(client->redis, "LPOP queue"));
}

static int
lock_pair(void *context)
{
	struct client *client = context;

	return redis_done(redisCommand(client->redis,
				       "SET lock me NX PX 10000")) ||
	       redis_done(redisCommand(client->redis, "DEL lock"));
}

int
main(int argc, char **argv)
{
	static struct client client;

	if (argc != 2) {
		fprintf(stderr, "usage: redis-calls SOCKET\n");
		return 2;
	}
	client.redis = redis_open(argv[1]);
	for (unsigned i = 0; i < KEYS; i++)
		snprintf(client.keys[i], sizeof(client.keys[i]), "key:%06u", i);
	redis_done(redisCommand(client.redis, "FLUSHALL"));
	for (unsigned i = 0; i < KEYS; i++) {
		bench_check(dict_set(&client), "fill");
		bench_check(redis_done(redisCommand(client.redis,
						    "RPUSH items %u", i)),
			    "fill");
	}
	bench_run("dict-get", "redis", dict_get, &client);
	bench_run("dict-set", "redis", dict_set, &client);
	bench_run("list-get", "redis", list_get, &client);
	bench_run("list-append", "redis", list_append, &client);
	bench_run("queue-put-get", "redis", queue_put_get, &client);
	bench_run("lock-pair", "redis", lock_pair, &client);
	redisFree(client.redis);
	return 0;
}
