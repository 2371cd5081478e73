/*
 * CPU time comes from the process's clock, which counts nanoseconds, not from
 * /proc, which counts hundredths of a second.
 */
#include "process.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

double
process_memory(pid_t pid)
{
	char path[64];
	char line[128] = "", *rest;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	file = fopen(path, "re");
	if (!file)
		bench_die(path);
	bench_check(!fgets(line, sizeof(line), file), path);
	fclose(file);
	strtol(line, &rest, 10); /* its size, resident or not */
	long pages = strtol(rest, NULL, 10);
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

double
process_cpu(pid_t pid)
{
	struct timespec used;
	clockid_t clock;

	bench_check(clock_getcpuclockid(pid, &clock), "the server's CPU clock");
	if (clock_gettime(clock, &used) < 0)
		bench_die("the server's CPU clock");
	return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

int
process_watch_delay(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* The file: nanoseconds on a CPU, nanoseconds waiting for one, turns. */
double
process_delay(int fd)
{
	char line[128], *rest;
	ssize_t n = fd < 0 ? 0 : pread(fd, line, sizeof(line) - 1, 0);

	if (n <= 0)
		return 0;
	line[n] = '\0';
	strtoull(line, &rest, 10);
	return (double)strtoull(rest, NULL, 10) / 1e9;
}

static void
put_on(pid_t pid, size_t cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(pid, sizeof(one), &one) < 0)
		bench_die("sched_setaffinity");
}

bool
process_part(pid_t other)
{
	cpu_set_t allowed;
	size_t cpus[2], n = 0;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
		bench_die("sched_getaffinity");
	for (size_t cpu = 0; cpu < CPU_SETSIZE && n < 2; cpu++) {
		if (CPU_ISSET(cpu, &allowed))
			cpus[n++] = cpu;
	}
	if (n < 2)
		return false;
	put_on(0, cpus[0]);
	put_on(other, cpus[1]);
	return true;
}

size_t
process_raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		bench_die("getrlimit");
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		bench_die("setrlimit");
	return limit.rlim_cur;
}
