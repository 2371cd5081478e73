/*
 * The parts of Redis' programs that are not what they measure.
 */
#include "redis-client.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "bench.h"

enum { UNANSWERED = 1000 };

redisContext *
redis_open(const char *path)
{
	redisContext *redis = redisConnectUnix(path);

	if (!redis || redis->err) {
		fprintf(stderr, "bench: cannot connect to %s\n", path);
		exit(1);
	}
	return redis;
}

int
redis_done(redisReply *reply)
{
	int bad = !reply || reply->type == REDIS_REPLY_ERROR;

	if (reply)
		freeReplyObject(reply);
	return bad;
}

redisReply *
redis_need(redisReply *reply, size_t elements)
{
	bench_check(!reply || reply->elements != elements, "Redis");
	return reply;
}

pid_t
redis_pid(redisContext *redis)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(redis->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		bench_die("asking who listens");
	return peer.pid;
}

int
redis_many(redisContext *redis, long n,
	   void (*append)(redisContext *redis, long i))
{
	int bad = 0;

	for (long first = 0; first < n; first += UNANSWERED) {
		long last = first + UNANSWERED < n ? first + UNANSWERED : n;

		for (long i = first; i < last; i++)
			append(redis, i);
		for (long i = first; i < last; i++) {
			void *reply = NULL;

			redisGetReply(redis, &reply);
			bad |= redis_done(reply);
		}
	}
	return bad;
}
