/*
 * What the daemon says, on standard error, a line each:
 *
 *	mproxyd[4700]: warning: client refused uid=1001 pid=4711
 *
 * A sentence, then facts as key=value. A log that nobody reads must not stop
 * the daemon: a line that would block is dropped.
 */
#ifndef MPROXY_SERVER_LOG_H
#define MPROXY_SERVER_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

void log_set_level(enum log_level level);

/* "error", "warning", "info" or "debug". False for anything else. */
bool log_level_parse(const char *text, enum log_level *ret);

bool log_wanted(enum log_level level);
void log_line(enum log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * For what a client could cause without end: true at most once a second for
 * each limiter, then *ret_skipped is how often it was false since.
 */
struct log_limiter {
	int64_t next; /* ns */
	uint64_t skipped;
};

bool log_limiter_pass(struct log_limiter *limiter, int64_t now,
		      uint64_t *ret_skipped);

#endif
