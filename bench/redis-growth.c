/*
 * The same in Redis, up to 10^6 elements: list by LINDEX, LINSERT and LPOP,
 * hash by HGET and HSET, queue by RPUSH and LPOP.
 *
 * usage: redis-growth SOCKET. LINSERT wants an item, not an index: items are
 * their own indexes here. What it has put in the middle stays, a few items.
 */
#include <stdio.h>

#include "bench.h"
#include "growth.h"
#include "redis-client.h"

struct objects {
	redisContext *redis;
	long n;
};

static long
middle(const struct objects *objects)
{
	return objects->n / 4 + growth_random(objects->n / 2);
}

static int
get_front(void *context)
{
	struct objects *objects = context;

	return redis_done(redisCommand(objects->redis, "LINDEX list 0"));
}

static int
get_middle(void *context)
{
	struct objects *objects = context;

	return redis_done(redisCommand(objects->redis, "LINDEX list %ld",
				       middle(objects)));
}

static int
insert_middle(void *context)
{
	struct objects *objects = context;

	return redis_done(redisCommand(
		objects->redis, "LINSERT list BEFORE %ld x", middle(objects)));
}

static int
dict_get(void *context)
{
	struct objects *objects = context;

	return redis_done(redisCommand(objects->redis, "HGET dict %ld",
				       growth_random(objects->n)));
}

static int
dict_set(void *context)
{
	struct objects *objects = context;

	return redis_done(redisCommand(objects->redis, "HSET dict %ld 7",
				       growth_random(objects->n)));
}

static int
queue_put_get(void *context)
{
	struct objects *objects = context;

	return redis_done(redisCommand(objects->redis, "RPUSH queue 7")) ||
	       redis_done(redisCommand(objects->redis, "LPOP queue"));
}

static const struct subject {
	const char *name;
	int (*one)(void *context);
	long least; /* size of a list that it does not change much */
} subjects[] = {
	{ "list-get-front", get_front, 0 },
	{ "list-get-middle", get_middle, 0 },
	{ "list-insert-middle", insert_middle, 100000 },
	{ "dict-get", dict_get, 0 },
	{ "dict-set", dict_set, 0 },
	{ "queue-put-get", queue_put_get, 0 },
};

static void
append(redisContext *redis, long i)
{
	if (i % 2 == 0)
		redisAppendCommand(redis, "RPUSH list %ld", i / 2);
	else
		redisAppendCommand(redis, "HSET dict %ld %ld", i / 2, i / 2);
}

static void
measure(struct objects *objects, const struct growth_size *size)
{
	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
		const struct subject *subject = &subjects[i];

		if (size->n < subject->least)
			continue;
		double once = bench_time(subject->name, bench_seconds() / 4,
					 subject->one, objects);
		bench_row(bench_name("%s-%s", subject->name, size->name),
			  "redis", once * 1e6, "us");
	}
}

int
main(int argc, char **argv)
{
	struct objects objects;

	if (argc != 2) {
		fprintf(stderr, "usage: redis-growth SOCKET\n");
		return 2;
	}
	objects.redis = redis_open(argv[1]);
	for (int size = 0; size < GROWTH_SIZES_BUT_BIG; size++) {
		objects.n = growth_sizes[size].n;
		redis_done(redisCommand(objects.redis, "FLUSHALL"));
		bench_check(redis_many(objects.redis, 2 * objects.n, append),
			    "fill");
		measure(&objects, &growth_sizes[size]);
	}
	redis_done(redisCommand(objects.redis, "FLUSHALL"));
	redisFree(objects.redis);
	return 0;
}
