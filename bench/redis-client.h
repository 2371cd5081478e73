/*
 * Redis by hiredis, as far as all its programs share it.
 */
#ifndef MPROXY_BENCH_REDIS_CLIENT_H
#define MPROXY_BENCH_REDIS_CLIENT_H

#include <hiredis/hiredis.h>
#include <sys/types.h>

/* Connects to a Unix socket, or ends the program. */
redisContext *redis_open(const char *path);

/* Frees a reply. 0, or 1 when it was none or an error. */
int redis_done(redisReply *reply);

/* The reply again, which has so many elements; else the program ends. */
redisReply *redis_need(redisReply *reply, size_t elements);

pid_t redis_pid(redisContext *redis); /* of its server */

/*
 * Sends n commands, at most 1000 of them unanswered. append() puts the i-th
 * one with redisAppendCommand(). 0, or 1 when one failed.
 */
int redis_many(redisContext *redis, long n,
	       void (*append)(redisContext *redis, long i));

#endif
