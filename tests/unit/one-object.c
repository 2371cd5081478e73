/* See one-object.h. */
#include "tests/unit/one-object.h"

#include "tests/harness/check-main.h"
#include "tests/harness/fault.h"
#include "tests/harness/literal.h"

struct world *w;
struct lane *lane;
uint64_t object;

void
one_object_setup(const char *type)
{
	w = world_new(NULL);
	lane = world_client(w, 1);
	object = world_make(w, lane, type, "");
}

void
one_object_teardown(void)
{
	world_free(w);
}

const char *
detail(const char *method, const char *args)
{
	return world_detail(world_ask(w, lane, object, method, "%s", args));
}

void
call_with_many(const char *method, int64_t n,
	       void (*put_part)(struct buffer *out, int64_t i))
{
	struct buffer out = BUFFER_INIT;
	struct buffer part = BUFFER_INIT;
	size_t mark = value_list_begin(&out);
	struct span arg;
	uint64_t id;

	for (int64_t i = 0; i < n; i++) {
		buffer_clear(&part);
		put_part(&part, i);
		value_list_item(&out, buffer_span(&part));
	}
	value_list_end(&out, mark);
	arg = buffer_span(&out);
	id = world_ask_raw(w, lane, object, method, &arg, 1);
	ck_assert_str_eq(world_answer(id), "ok");
	buffer_deinit(&part);
	buffer_deinit(&out);
}

const char *
call_without_memory(const char *method, const char *args, unsigned n,
		    void (*begin)(unsigned n))
{
	static struct buffer parsed;
	struct span values[LITERAL_MOST];
	size_t n_values = literal_values(args, &parsed, values, NULL);
	uint64_t id;

	w->unchecked = true; /* nothing may be asserted meanwhile */
	w->idle = true;
	begin(n);
	id = world_ask_raw(w, lane, object, method, values, n_values);
	while (core_work(w->core, w->now))
		;
	fault_reset();
	w->unchecked = false;
	w->idle = false;
	world_work(w);
	return world_answer(id);
}
