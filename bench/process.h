/*
 * What another process of the machine uses: the server under measurement.
 */
#ifndef MPROXY_BENCH_PROCESS_H
#define MPROXY_BENCH_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

double process_memory(pid_t pid); /* bytes that are resident */
double process_cpu(pid_t pid);	  /* seconds of all its threads so far */

/*
 * How long a process was ready to run while others had the CPU, in seconds:
 * what process_delay() says now less what it said before. The descriptor is for
 * process_delay() alone; -1 when the kernel does not tell: then it says 0.
 */
int process_watch_delay(pid_t pid);
double process_delay(int fd);

/* Puts this process on one CPU and the other on another. False, and nothing is
 * changed, when there is only one that this process may use. */
bool process_part(pid_t other);

/* As many descriptors as this process may have; returns how many. */
size_t process_raise_descriptors(void);

#endif
