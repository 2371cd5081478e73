/* The first line of main(). */
#include "lib/pool/pool-private.h"

static atomic_bool called;

bool
init_was_called(void)
{
	return atomic_load(&called);
}

int
mproxy_init(void)
{
	struct crew_setup setup;

	atomic_store(&called, true);
	if (handover_take(&setup)) {
		if (setup.role == ROLE_SUPERVISOR)
			supervisor_run(&setup);
		worker_run(&setup);
	}
	return tasks_check();
}
