/*
 * The same with Redis: a connection for each thread.
 *
 * usage: redis-threads SOCKET
 */
#include <stdio.h>

#include "bench.h"
#include "redis-client.h"
#include "team.h"

enum { DEPTH = 100 };

static long
get(void *context)
{
	return !redis_done(redisCommand(context, "HGET dict key"));
}

static void
append_set(redisContext *redis, long i)
{
	redisAppendCommand(redis, "HSET dict key %ld", i);
}

static long
set_many(void *context)
{
	return redis_many(context, DEPTH, append_set) ? 0 : DEPTH;
}

int
main(int argc, char **argv)
{
	void *contexts[TEAM_SIZE];

	if (argc != 2) {
		fprintf(stderr, "usage: redis-threads SOCKET\n");
		return 2;
	}
	for (int i = 0; i < TEAM_SIZE; i++)
		contexts[i] = redis_open(argv[1]);
	bench_check(redis_done(redisCommand(contexts[0], "HSET dict key 1")),
		    "HSET");
	bench_row("threads-8", "redis", team_run(get, contexts), "calls/s");
	bench_row("threads-8-pipelined", "redis", team_run(set_many, contexts),
		  "calls/s");
	for (int i = 0; i < TEAM_SIZE; i++)
		redisFree(contexts[i]);
	return 0;
}
