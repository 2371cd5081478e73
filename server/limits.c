/*
 * Why fixed shares: a limit that is reached is an ordinary answer to one
 * client; running out of descriptors is everybody's trouble.
 */
#include <sys/resource.h>

#include "server/limits.h"

/* Standard streams, loop, listener, signals, log and some to spare. */
#define RESERVE 64u

size_t
limits_raise_descriptors(void)
{
	struct rlimit limit;
	rlim_t old;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 1024;
	old = limit.rlim_cur;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		limit.rlim_cur = old;
	if (limit.rlim_cur > UINT32_MAX)
		return UINT32_MAX;
	return (size_t)limit.rlim_cur;
}

static size_t
at_most(size_t value, size_t most)
{
	return value < most ? value : most;
}

struct limits
limits_derive(size_t descriptors, size_t wanted)
{
	size_t free = descriptors > 2 * RESERVE ? descriptors - RESERVE
						: descriptors / 2;
	struct limits limits;

	if (wanted == 0)
		wanted = LIMITS_CLIENTS_DEFAULT;
	limits.max_lanes = at_most(wanted, free / 8 * 5);
	limits.max_forks = at_most(2 * limits.max_lanes, free / 16);
	limits.max_pidfds = at_most(limits.max_lanes,
				    free - limits.max_lanes - limits.max_forks);
	return limits;
}
