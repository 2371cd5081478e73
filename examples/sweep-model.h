/*
 * A task from a static library: structs in, structs out.
 */
#ifndef SWEEP_MODEL_H
#define SWEEP_MODEL_H

#include <mproxy/mproxy.h>

struct params {
	double angle; /* degrees */
	double speed; /* m/s */
	int steps;
};

struct result {
	double range;  /* m, without air */
	double height; /* m, the largest of all steps */
};

/* Refer to mproxy_task_simulate, and the linker brings the task along. */
MPROXY_TASK_DECLARE(simulate);

#endif
