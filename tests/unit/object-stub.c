/*
 * Takes the place of lib/proxy.c: values ask it for no more than this.
 */
#include "tests/unit/object-stub.h"

#include <stdlib.h>

static char managers[2];
static size_t live, released;

struct mproxy_manager *const stub_manager = (void *)&managers[0];
struct mproxy_manager *const stub_other_manager = (void *)&managers[1];

struct mproxy_object *
object_new_proxy(struct mproxy_manager *m, uint64_t id, struct span type)
{
	struct mproxy_object *object = malloc(sizeof(*object) + type.size + 1);

	if (!object)
		return NULL;
	atomic_init(&object->refs, 1);
	object->manager = m;
	object->id = id;
	memcpy(object->type, type.data, type.size);
	object->type[type.size] = '\0';
	live++;
	return object;
}

struct mproxy_object *
stub_object(struct mproxy_manager *m, uint64_t id, const char *type)
{
	return object_new_proxy(m, id, span_text(type));
}

struct mproxy_object *
mproxy_object_ref(struct mproxy_object *object)
{
	atomic_fetch_add(&object->refs, 1);
	return object;
}

struct mproxy_object *
mproxy_object_free(struct mproxy_object *object)
{
	if (object && atomic_fetch_sub(&object->refs, 1) == 1) {
		free(object);
		live--;
	}
	return NULL;
}

void
manager_release(struct mproxy_manager *m, uint64_t object, uint64_t count)
{
	(void)m;
	(void)object;
	released += count;
}

size_t
stub_live(void)
{
	return live;
}

size_t
stub_released(void)
{
	return released;
}
