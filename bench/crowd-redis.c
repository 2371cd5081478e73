/*
 * Redis by its protocol, so that its clients cost what ours do.
 */
#include "crowd.h"

#include <string.h>

#include "bench.h"

#define HASH "bench"
#define PREFIX(n) "$" #n "\r\n"

static const char set[] = "*4\r\n" PREFIX(4) "HSET\r\n" PREFIX(5) HASH
	"\r\n" PREFIX(3) CROWD_KEY "\r\n" PREFIX(16) CROWD_ITEM "\r\n";
static const char get[] = "*3\r\n" PREFIX(4) "HGET\r\n" PREFIX(5) HASH
	"\r\n" PREFIX(3) CROWD_KEY "\r\n";

/* Replies here are ":N\r\n" and "$16\r\n0123456789abcdef\r\n". */
static size_t
reply_size(const uint8_t *in, size_t size)
{
	const uint8_t *end = memchr(in, '\n', size);
	size_t whole = end ? (size_t)(end - in) + 1 : 0;

	if (!end)
		return 0;
	bench_check(in[0] != ':' && in[0] != '$', "a call of Redis");
	if (in[0] == '$')
		whole += sizeof(CROWD_ITEM "\r\n") - 1;
	return whole <= size ? whole : 0;
}

static int
join(const char *address)
{
	int fd = crowd_connect(address);
	uint8_t in[256];

	crowd_exchange(&crowd_redis, fd, set, sizeof(set) - 1, in, sizeof(in));
	return fd;
}

static size_t
request(int fd, uint8_t *out, size_t room)
{
	(void)fd;
	bench_check(room < sizeof(get), "room for a request");
	memcpy(out, get, sizeof(get) - 1);
	return sizeof(get) - 1;
}

const struct crowd_server crowd_redis = {
	.system = "redis",
	.join = join,
	.request = request,
	.reply_size = reply_size,
};
