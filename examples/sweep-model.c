/*
 * A throw without air, height sampled in parallel by OpenMP inside the task.
 */
#include "sweep-model.h"

#include <math.h>

static const double gravity = 9.81;

static int
simulate(struct mproxy_task *task, const struct params *in, struct result *out)
{
	const double pi = acos(-1.0);
	double up, along, time, height = 0;

	if (in->steps < 1)
		return mproxy_task_fail(task, MPROXY_ERR_INVALID,
					"%d steps are too few", in->steps);
	up = in->speed * sin(in->angle * pi / 180);
	along = in->speed * cos(in->angle * pi / 180);
	time = 2 * up / gravity;
	/* without OpenMP this is an ordinary loop */
#ifdef _OPENMP
#pragma omp parallel for reduction(max : height)
#endif
	for (int i = 0; i <= in->steps; i++) {
		double t = time * i / in->steps;
		double h = up * t - gravity * t * t / 2;

		if (h > height)
			height = h;
	}
	out->range = along * time;
	out->height = height;
	return 0;
}
MPROXY_TASK_FLAT(simulate, struct params, struct result);
