/*
 * The same by Redis: LPUSH and BRPOP, with many items LPUSH and BLMPOP.
 *
 * usage: redis-handover SOCKET. The end is an item "end" for each consumer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "crew.h"
#include "redis-client.h"

enum { MANY = 100, CONSUMERS_MOST = 4 };

struct table {
	const char *path;
	redisContext *redis; /* of this process */
	bool ended;	     /* this process has got an "end" */
	const char *push_many[2 + MANY];
};

static void
begin(void *context)
{
	struct table *table = context;

	table->redis = redis_open(table->path);
	table->ended = false;
}

static long
put_one(void *context)
{
	struct table *table = context;

	bench_check(redis_done(redisCommand(table->redis, "LPUSH queue 1")),
		    "LPUSH");
	return 1;
}

static bool
is_end(const redisReply *item)
{
	return strcmp(item->str, "end") == 0;
}

static long
get_one(void *context)
{
	struct table *table = context;
	redisReply *reply = redis_need(
		redisCommand(table->redis, "BRPOP queue 0"), 2);

	long n = is_end(reply->element[1]) ? 0 : 1;
	freeReplyObject(reply);
	return n;
}

static long
put_many(void *context)
{
	struct table *table = context;

	bench_check(redis_done(redisCommandArgv(table->redis, 2 + MANY,
						table->push_many, NULL)),
		    "LPUSH");
	return MANY;
}

/* The reply has the name of the list, then its items; "end" may be the last
 * of them, more than once. */
static long
get_many(void *context)
{
	struct table *table = context;
	redisReply *reply;
	long n = 0;

	if (table->ended)
		return 0;
	reply = redis_need(redisCommand(table->redis,
					"BLMPOP 0 1 queue RIGHT COUNT %d",
					MANY),
			   2);
	const redisReply *items = reply->element[1];
	while (n < (long)items->elements && !is_end(items->element[n]))
		n++;
	table->ended = n < (long)items->elements;
	freeReplyObject(reply);
	return n;
}

static void
finish(void *context)
{
	struct table *table = context;

	begin(table);
	for (int i = 0; i < CONSUMERS_MOST; i++)
		bench_check(redis_done(redisCommand(table->redis,
						    "LPUSH queue end")),
			    "LPUSH");
	redisFree(table->redis);
}

static void
pass(struct table *table, const char *name, const struct crew *crew)
{
	redisContext *redis = redis_open(table->path);

	redis_done(redisCommand(redis, "FLUSHALL"));
	redisFree(redis);
	bench_row(name, "redis", crew_run(crew, table), "items/s");
}

static int
there_and_back(void *context)
{
	redisContext *redis = context;

	return redis_done(redisCommand(redis, "LPUSH there 1")) ||
	       redis_done(redisCommand(redis, "BRPOP back 0"));
}

static void
return_all(redisContext *redis)
{
	bool more = true;

	while (more) {
		redisReply *reply = redis_need(
			redisCommand(redis, "BRPOP there 0"), 2);

		more = !is_end(reply->element[1]);
		freeReplyObject(reply);
		redis_done(redisCommand(redis, "LPUSH back 1"));
	}
}

static void
hop(const char *path)
{
	pid_t child = fork();

	if (child < 0)
		bench_die("fork");
	redisContext *redis = redis_open(path);
	if (child == 0) {
		return_all(redis);
		_exit(0);
	}
	double both = bench_time("hop", bench_seconds(), there_and_back, redis);
	bench_row("handover-hop", "redis", both / 2 * 1e6, "us");
	redis_done(redisCommand(redis, "LPUSH there end"));
	waitpid(child, NULL, 0);
	redisFree(redis);
}

int
main(int argc, char **argv)
{
	struct crew one = { 1, 1, begin, put_one, get_one, finish };
	struct crew crowd = { 4, 4, begin, put_one, get_one, finish };
	struct crew many = { 1, 1, begin, put_many, get_many, finish };
	static struct table table;

	if (argc != 2) {
		fprintf(stderr, "usage: redis-handover SOCKET\n");
		return 2;
	}
	table.path = argv[1];
	table.push_many[0] = "LPUSH";
	table.push_many[1] = "queue";
	for (int i = 0; i < MANY; i++)
		table.push_many[2 + i] = "1";
	hop(table.path);
	pass(&table, "handover-1-1", &one);
	pass(&table, "handover-4-4", &crowd);
	pass(&table, "handover-many", &many);
	return 0;
}
