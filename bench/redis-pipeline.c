/*
 * Pipelined calls of one client in Redis: so many are sent, then so many
 * replies are read, which is how hiredis does it.
 *
 * usage: redis-pipeline SOCKET DEPTH…
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "pipe.h"
#include "redis-client.h"

static char keys[PIPE_KEYS][16];

static void
append_get(redisContext *redis, long i)
{
	const char *words[] = { "HGET", "dict", keys[i % PIPE_KEYS] };

	redisAppendCommandArgv(redis, 3, words, NULL);
}

static void
append_set(redisContext *redis, long i)
{
	const char *words[] = { "HSET", "dict", keys[i % PIPE_KEYS], "7" };

	redisAppendCommandArgv(redis, 4, words, NULL);
}

static void
measure(redisContext *redis, const char *name, long depth,
	void (*append)(redisContext *redis, long i))
{
	struct pipe_run run;
	long n = 0;

	for (pipe_begin(&run, redis_pid(redis)); bench_now() < run.end;
	     n += depth)
		bench_check(redis_many(redis, depth, append), name);
	pipe_end(&run, name, depth, "redis", n);
}

int
main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: redis-pipeline SOCKET DEPTH...\n");
		return 2;
	}
	redisContext *redis = redis_open(argv[1]);
	for (int i = 0; i < PIPE_KEYS; i++)
		snprintf(keys[i], sizeof(keys[i]), "key:%06d", i);
	bench_check(redis_many(redis, PIPE_KEYS, append_set), "fill");
	for (int i = 2; i < argc; i++) {
		long depth = strtol(argv[i], NULL, 10);

		measure(redis, "get", depth, append_get);
		measure(redis, "set", depth, append_set);
	}
	redisFree(redis);
	return 0;
}
