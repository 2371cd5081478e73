/*
 * Why not syslog: the daemon runs as any user, in containers and for a second
 * at a time; standard error is there in each case, and journald takes it.
 */
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "server/log.h"

#define LINE_SIZE 512
#define NS_PER_S INT64_C(1000000000)

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

static enum log_level log_level = LOG_LEVEL_WARNING;

void
log_set_level(enum log_level level)
{
	log_level = level;
}

bool
log_level_parse(const char *text, enum log_level *ret)
{
	for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]);
	     i++) {
		if (strcmp(text, level_names[i]) == 0) {
			*ret = (enum log_level)i;
			return true;
		}
	}
	return false;
}

bool
log_wanted(enum log_level level)
{
	return level <= log_level;
}

void
log_line(enum log_level level, const char *format, ...)
{
	struct pollfd ready = { .fd = STDERR_FILENO, .events = POLLOUT };
	char line[LINE_SIZE];
	size_t used;
	va_list args;
	int n;

	if (!log_wanted(level))
		return;
	n = snprintf(line, sizeof(line), "mproxyd[%d]: %s: ", (int)getpid(),
		     level_names[level]);
	if (n < 0)
		return;
	used = (size_t)n;
	va_start(args, format);
	n = vsnprintf(line + used, sizeof(line) - used, format, args);
	va_end(args);
	if (n < 0)
		return;
	used += (size_t)n;
	if (used > sizeof(line) - 1)
		used = sizeof(line) - 1;
	line[used++] = '\n';
	if (poll(&ready, 1, 0) == 1 && write(STDERR_FILENO, line, used) < 0)
		return; /* nobody is left to be told */
}

bool
log_limiter_pass(struct log_limiter *limiter, int64_t now,
		 uint64_t *ret_skipped)
{
	if (now < limiter->next) {
		limiter->skipped++;
		return false;
	}
	limiter->next = now + NS_PER_S;
	*ret_skipped = limiter->skipped;
	limiter->skipped = 0;
	return true;
}
