/*
 * Why not the number of CPUs there are: in a container, or under taskset, most
 * of them are somebody else's, and more workers than CPUs only wait.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/pool/pool-private.h"

#define PATH_SIZE 4096
#define CPUS_MOST (1 << 20)

static int
by_affinity(void)
{
	size_t room = 1024;

	for (; room <= (size_t)CPUS_MOST; room *= 2) {
		size_t size = CPU_ALLOC_SIZE(room);
		cpu_set_t *set = CPU_ALLOC(room);
		int n = 0, r;

		if (!set)
			break;
		r = sched_getaffinity(0, size, set);
		if (r == 0)
			n = CPU_COUNT_S(size, set);
		CPU_FREE(set);
		if (n > 0)
			return n;
		if (errno != EINVAL)
			break;
	}
	return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

/* The first line of a file, without its end. */
static bool
read_line(const char *directory, const char *path, const char *file,
	  char line[PATH_SIZE])
{
	char name[3 * PATH_SIZE];
	FILE *in;
	bool ok;

	snprintf(name, sizeof(name), "%s%s/%s", directory, path, file);
	in = fopen(name, "re");
	if (!in)
		return false;
	ok = fgets(line, PATH_SIZE, in) != NULL;
	fclose(in);
	if (ok)
		line[strcspn(line, "\n")] = '\0';
	return ok;
}

static int
rounded_up(long long quota, long long period)
{
	if (quota <= 0 || period <= 0)
		return CPUS_MOST;
	return (int)((quota + period - 1) / period);
}

/* What one control group allows; many when it says nothing. */
static int
quota_v2(const char *path)
{
	char line[PATH_SIZE], *rest;
	long long quota;

	/* "200000 100000", or "max 100000" */
	if (!read_line("/sys/fs/cgroup", path, "cpu.max", line))
		return CPUS_MOST;
	quota = strtoll(line, &rest, 10);
	return rounded_up(quota, strtoll(rest, NULL, 10));
}

static int
quota_v1(const char *path)
{
	static const char directory[] = "/sys/fs/cgroup/cpu";
	char quota[PATH_SIZE], period[PATH_SIZE];

	if (!read_line(directory, path, "cpu.cfs_quota_us", quota) ||
	    !read_line(directory, path, "cpu.cfs_period_us", period))
		return CPUS_MOST;
	return rounded_up(strtoll(quota, NULL, 10), strtoll(period, NULL, 10));
}

/* The group and all above it: the tightest counts. */
static int
by_path(char *path, int (*quota)(const char *path))
{
	int least = quota(""), n;
	char *slash;

	while ((slash = strrchr(path, '/'))) {
		if (slash[1]) {
			n = quota(path);
			least = n < least ? n : least;
		}
		*slash = '\0';
	}
	return least;
}

static bool
names_cpu(char *controllers)
{
	char *rest, *name = strtok_r(controllers, ",", &rest);

	for (; name; name = strtok_r(NULL, ",", &rest))
		if (strcmp(name, "cpu") == 0)
			return true;
	return false;
}

/* Lines are as "4:cpu,cpuacct:/a/b" (v1) or "0::/a/b" (v2). */
static int
by_cgroup(void)
{
	FILE *in = fopen("/proc/self/cgroup", "re");
	int least = CPUS_MOST, n;
	char line[PATH_SIZE];

	while (in && fgets(line, sizeof(line), in)) {
		char *controllers = strchr(line, ':');
		char *path = controllers ? strchr(controllers + 1, ':') : NULL;

		if (!path)
			continue;
		*path++ = '\0';
		path[strcspn(path, "\n")] = '\0';
		controllers++;
		if (*controllers == '\0')
			n = by_path(path, quota_v2);
		else if (names_cpu(controllers))
			n = by_path(path, quota_v1);
		else
			continue;
		least = n < least ? n : least;
	}
	if (in)
		fclose(in);
	return least;
}

int
cpus_usable(void)
{
	int affinity = by_affinity(), cgroup = by_cgroup();
	int n = affinity < cgroup ? affinity : cgroup;

	return n > 0 ? n : 1;
}

int
cpus_default_workers(void)
{
	const char *text = secure_getenv("MPROXY_MAX_WORKERS");
	int n = cpus_usable();
	long most;
	char *end;

	if (!text || !*text)
		return n;
	most = strtol(text, &end, 10);
	return *end == '\0' && most >= 1 && most < n ? (int)most : n;
}
