/*
 * The memory of the same 10^6 elements in Redis.
 *
 * usage: redis-memory SOCKET list|dict|queue. The server must be a fresh one:
 * one that has given memory back would not grow.
 */
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "process.h"
#include "redis-client.h"

enum { ELEMENTS = 1000000 };

static void
append_list(redisContext *redis, long i)
{
	redisAppendCommand(redis, "RPUSH list %ld", i);
}

static void
append_dict(redisContext *redis, long i)
{
	redisAppendCommand(redis, "HSET dict %ld %ld", i, i);
}

static void
append_queue(redisContext *redis, long i)
{
	redisAppendCommand(redis, "RPUSH queue item:%011ld", i);
}

static const struct subject {
	const char *name;
	void (*append)(redisContext *redis, long i);
} subjects[] = {
	{ "list", append_list },
	{ "dict", append_dict },
	{ "queue", append_queue },
};

static void
measure(redisContext *redis, const struct subject *subject)
{
	pid_t pid = redis_pid(redis);
	double before = process_memory(pid);

	bench_check(redis_many(redis, ELEMENTS, subject->append), "fill");
	bench_row(bench_name("memory-%s-1M", subject->name), "redis",
		  (process_memory(pid) - before) / ELEMENTS, "B");
}

int
main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: redis-memory SOCKET list|dict|queue\n");
		return 2;
	}
	redisContext *redis = redis_open(argv[1]);
	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
		if (strcmp(argv[2], subjects[i].name) == 0)
			measure(redis, &subjects[i]);
	}
	redisFree(redis);
	return 0;
}
