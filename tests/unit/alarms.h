/*
 * Signals that disturb a system call, again and again.
 */
#ifndef MPROXY_TESTS_ALARMS_H
#define MPROXY_TESTS_ALARMS_H

#include <signal.h>
#include <stdbool.h>
#include <sys/time.h>

static void
on_alarm(int number)
{
	(void)number;
}

/* Signals every millisecond from now on, or no more. */
static void
set_alarms(bool on)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct itimerval timer = {
		.it_interval = { .tv_usec = on ? 1000 : 0 },
		.it_value = { .tv_usec = on ? 1000 : 0 },
	};

	if (on)
		sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

#endif
