/*
 * What all proxies have in common.
 *
 * A proxy stands for an object in the manager. Each of the typed ones (struct
 * mproxy_list, …) is a struct mproxy_object too: mproxy_list_object() and the
 * like give this view of it. Proxies are counted: ref, unref. While a proxy
 * exists, here or inside a value, the object lives.
 *
 * Threads: a proxy may be used by any thread at any time.
 * Fork: a child may use the proxies it inherited; it connects for itself on
 * first use. What other threads were just being given at that very moment may
 * be unknown to it (MPROXY_ERR_NO_OBJECT).
 * Errors: whatever makes a round trip can also fail as a connection does:
 * MPROXY_ERR_SERVER_GONE, _SERVER_SILENT, _CLOSED, _FORKED, _PROTOCOL,
 * _NO_MEMORY, _NO_DESCRIPTORS, and _TOO_BIG for arguments larger than the
 * manager takes. These are not repeated below.
 */
#ifndef MPROXY_OBJECT_H
#define MPROXY_OBJECT_H

#include <mproxy/manager.h>
#include <mproxy/value.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mproxy_object;

/**
 * mproxy_object_new() - make an anonymous object of any type.
 * @m:    borrowed.
 * @type: its name, as "list"; borrowed.
 * @args: taken: a list value with the arguments of its constructor; NULL: none.
 * @ret:  given; release with mproxy_object_free().
 *
 * It lives while somebody refers to it.
 *
 * Blocks: one round trip.
 * Returns: 0; MPROXY_ERR_NO_TYPE; MPROXY_ERR_TYPE or MPROXY_ERR_INVALID, the
 *          arguments do not fit; MPROXY_ERR_LIMIT.
 * Since: 0.1
 */
int mproxy_object_new(struct mproxy_manager *m, const char *type,
		      struct mproxy_value *args, struct mproxy_object **ret);

/**
 * mproxy_object_open() - find the object of this name, or make it.
 * @m:    borrowed.
 * @type: its name, as "list"; borrowed.
 * @name: UTF-8 text; borrowed.
 * @args: taken: as for mproxy_object_new(); an object that is found ignores
 *        them.
 * @ret:  given; release with mproxy_object_free().
 *
 * It lives until mproxy_manager_unlink(), also while nobody refers to it.
 *
 * Blocks: one round trip.
 * Returns: as mproxy_object_new(), and: MPROXY_ERR_TYPE when the name belongs to
 *          an object of another type.
 * Since: 0.1
 */
int mproxy_object_open(struct mproxy_manager *m, const char *type,
		       const char *name, struct mproxy_value *args,
		       struct mproxy_object **ret);

/**
 * mproxy_object_ref() - one more owner.
 * @object: borrowed.
 *
 * Returns: @object, to be released with mproxy_object_free() once more.
 * Since: 0.1
 */
struct mproxy_object *mproxy_object_ref(struct mproxy_object *object);

/**
 * mproxy_object_free() - one owner less.
 * @object: taken; NULL is fine.
 *
 * With the last one the manager is told that this process does not refer to
 * the object any more; that is not waited for. Not in a signal handler.
 *
 * Returns: NULL.
 * Since: 0.1
 */
struct mproxy_object *mproxy_object_free(struct mproxy_object *object);

/**
 * mproxy_object_type() - the name of its type, as "list".
 * @object: borrowed.
 *
 * Returns: a string that lives as long as @object.
 * Since: 0.1
 */
const char *mproxy_object_type(const struct mproxy_object *object);

/**
 * mproxy_object_id() - the number that identifies it within its manager.
 * @object: borrowed.
 *
 * Since: 0.1
 */
uint64_t mproxy_object_id(const struct mproxy_object *object);

/**
 * mproxy_object_manager() - the connection it belongs to.
 * @object: borrowed.
 *
 * Returns: the manager, borrowed: it lives as long as @object.
 * Since: 0.1
 */
struct mproxy_manager *mproxy_object_manager(
	const struct mproxy_object *object);

/**
 * mproxy_object_call() - call any method by name.
 * @object:     borrowed.
 * @method:     its name; borrowed.
 * @args:       taken: a list value; NULL: no arguments.
 * @timeout_ms: for methods that may wait: -1 for ever, 0 not at all; others
 *              ignore it, 0 is right for them.
 * @ret:        given: the result; a list value when there are several, nil
 *              when there is none. May be NULL.
 *
 * Blocks: one round trip, and at most @timeout_ms more.
 * Returns: 0 or what the method says; MPROXY_ERR_NO_METHOD; MPROXY_ERR_NO_OBJECT;
 *          MPROXY_ERR_TYPE or MPROXY_ERR_INVALID, the arguments do not fit;
 *          MPROXY_ERR_TIMEOUT and MPROXY_ERR_INTERRUPTED of methods that wait.
 * Since: 0.1
 */
int mproxy_object_call(struct mproxy_object *object, const char *method,
		       struct mproxy_value *args, int timeout_ms,
		       struct mproxy_value **ret);

/**
 * mproxy_object_format() - its contents as text, as [1, 2, "x"].
 * @object: borrowed.
 * @ret:    given; release with free(). Long contents end in "…".
 *
 * Blocks: one round trip.
 * Returns: 0; MPROXY_ERR_NO_OBJECT.
 * Since: 0.1
 */
int mproxy_object_format(struct mproxy_object *object, char **ret);

#ifdef __cplusplus
}
#endif

#endif
