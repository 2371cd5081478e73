/*
 * The same operations on Redis, by hiredis over a Unix socket.
 *
 * usage: redis SOCKET. The lock pair is the usual recipe: SET NX PX, then
 * DEL; the queue is RPUSH and BLPOP on a list.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

#include <hiredis/hiredis.h>

enum { KEYS = 1000 };

struct client {
	redisContext *redis;
	unsigned turn;
	char keys[KEYS][16];
};

static int
done(redisReply *reply)
{
	int bad = !reply || reply->type == REDIS_REPLY_ERROR;

	if (reply)
		freeReplyObject(reply);
	return bad;
}

static int
dict_set(void *context)
{
	struct client *client = context;
	unsigned turn = client->turn++;

	return done(redisCommand(client->redis, "HSET dict %s %u",
				 client->keys[turn % KEYS], turn));
}

static int
dict_get(void *context)
{
	struct client *client = context;

	return done(redisCommand(client->redis, "HGET dict %s",
				 client->keys[client->turn++ % KEYS]));
}

static int
list_append(void *context)
{
	struct client *client = context;

	return done(
		redisCommand(client->redis, "RPUSH list %u", client->turn++));
}

static int
queue_put_get(void *context)
{
	struct client *client = context;

	return done(redisCommand(client->redis, "RPUSH queue %u",
				 client->turn++)) ||
	       done(redisCommand(client->redis, "BLPOP queue 0"));
}

static int
lock_pair(void *context)
{
	struct client *client = context;

	return done(redisCommand(client->redis, "SET lock me NX PX 10000")) ||
	       done(redisCommand(client->redis, "DEL lock"));
}

int
main(int argc, char **argv)
{
	static struct client client;

	if (argc != 2) {
		fprintf(stderr, "usage: redis SOCKET\n");
		return 2;
	}
	client.redis = redisConnectUnix(argv[1]);
	if (!client.redis || client.redis->err) {
		fprintf(stderr, "bench: cannot connect to %s\n", argv[1]);
		return 1;
	}
	for (unsigned i = 0; i < KEYS; i++)
		snprintf(client.keys[i], sizeof(client.keys[i]), "key:%06u", i);
	for (unsigned i = 0; i < KEYS; i++) {
		if (dict_set(&client))
			return 1;
	}
	bench_run("dict-get", "redis", dict_get, &client);
	bench_run("dict-set", "redis", dict_set, &client);
	bench_run("list-append", "redis", list_append, &client);
	bench_run("queue-put-get", "redis", queue_put_get, &client);
	bench_run("lock-pair", "redis", lock_pair, &client);
	redisFree(client.redis);
	return 0;
}
