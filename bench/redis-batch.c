/*
 * The same thousand elements in one command of Redis: RPUSH, LRANGE, HSET.
 *
 * usage: redis-batch SOCKET
 */
#include <stdio.h>

#include "bench.h"
#include "redis-client.h"

enum { BATCH = 1000, WORDS = 2 + 2 * BATCH };

struct batch {
	redisContext *redis;
	const char *push[WORDS], *set[WORDS];
	char numbers[BATCH][8];
};

static int
extend(void *context)
{
	struct batch *batch = context;

	return redis_done(
		redisCommandArgv(batch->redis, 2 + BATCH, batch->push, NULL));
}

static int
slice(void *context)
{
	struct batch *batch = context;

	return redis_done(
		redisCommand(batch->redis, "LRANGE list 0 %d", BATCH - 1));
}

static int
update(void *context)
{
	struct batch *batch = context;

	return redis_done(
		redisCommandArgv(batch->redis, WORDS, batch->set, NULL));
}

static void
measure(const char *name, int (*one)(void *context), struct batch *batch)
{
	double once = bench_time(name, bench_seconds(), one, batch);

	bench_row(name, "redis", BATCH / once, "items/s");
}

int
main(int argc, char **argv)
{
	static struct batch batch = { .push = { "RPUSH", "list" },
				      .set = { "HSET", "dict" } };

	if (argc != 2) {
		fprintf(stderr, "usage: redis-batch SOCKET\n");
		return 2;
	}
	for (int i = 0; i < BATCH; i++) {
		snprintf(batch.numbers[i], sizeof(batch.numbers[i]), "%d", i);
		batch.push[2 + i] = "0";
		batch.set[2 + 2 * i] = batch.numbers[i];
		batch.set[3 + 2 * i] = batch.numbers[i];
	}
	batch.redis = redis_open(argv[1]);
	redis_done(redisCommand(batch.redis, "FLUSHALL"));
	measure("batch-list-extend", extend, &batch);
	measure("batch-list-slice", slice, &batch);
	measure("batch-dict-update", update, &batch);
	redis_done(redisCommand(batch.redis, "FLUSHALL"));
	redisFree(batch.redis);
	return 0;
}
