/* See machine.h. */
#include "tests/pool/machine.h"

struct world *w;
struct lane *owner, *boss;
uint64_t pool;
uint64_t post;

struct lane *
staff(uint32_t pid)
{
	struct lane *lane = world_client(w, pid);

	world_call(w, lane, M, "find", "%s", "\"post\"");
	ck_assert_uint_eq(world_handle(world_ask(w, lane, post, "get", "0")),
			  pool);
	return lane;
}

struct lane *
hire(uint32_t pid)
{
	struct lane *lane = staff(pid);

	world_ask(w, lane, pool, "enlist", "%u", pid);
	ck_assert_int_eq(strncmp(world_answer(w->asked), "ok", 2), 0);
	return lane;
}

uint64_t
begin(struct lane *worker)
{
	return world_ask(w, worker, pool, "next", "0, 0, nil, nil");
}

uint64_t
report(struct lane *worker, int ticket, const char *outcome)
{
	return world_ask(w, worker, pool, "next", "%d, %s", ticket, outcome);
}

void
machine_setup(void)
{
	w = world_new(NULL);
	owner = world_client(w, 100);
	pool = world_make(w, owner, "pool", "2, \"\", nil, [\"a\", \"b\"]");
	post = world_handle(world_ask(w, owner, M, "open",
				      "\"list\", \"post\", [<%llu>]",
				      LLU(pool)));
	boss = staff(200);
	world_call(w, boss, pool, "supervise", "-1");
}

void
machine_teardown(void)
{
	world_free(w);
}

uint64_t
submit(const char *args)
{
	return world_handle(world_ask(w, owner, pool, "submit", "%s", args));
}
