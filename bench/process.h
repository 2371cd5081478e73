/*
 * What another process of the machine uses: the server under measurement.
 */
#ifndef MPROXY_BENCH_PROCESS_H
#define MPROXY_BENCH_PROCESS_H

#include <sys/types.h>

double process_memory(pid_t pid); /* bytes that are resident */
double process_cpu(pid_t pid);	  /* seconds of all its threads so far */

/* As many descriptors as this process may have; returns how many. */
size_t process_raise_descriptors(void);

#endif
