/*
 * What the typed faces share: a face is a header with the signatures and a file
 * that turns each into one call.
 *
 * The typed structs are never defined. A struct mproxy_list * is a struct
 * mproxy_object * that the compiler tells apart from others.
 */
#ifndef MPROXY_LIB_TYPES_FACE_H
#define MPROXY_LIB_TYPES_FACE_H

#include "lib-private.h"

/*
 * One call: takes the values behind ret, any of which may be NULL; gives the one
 * result in *ret when ret is not NULL. FACE_CALL(list, "insert", NULL,
 * mproxy_value_int(7), value).
 */
#define FACE_CALL(face, method, ret, ...)                                      \
	FACE_CALL_WAITS(face, method, CALL_NO_WAIT, ret, ##__VA_ARGS__)
#define FACE_CALL_WAITS(face, method, timeout_ms, ret, ...)                    \
	object_call(FACE_OBJECT(face), method, timeout_ms,                     \
		    FACE_ARGS(__VA_ARGS__), ret)
#define FACE_CALL_BOOL(face, method, ret, ...)                                 \
	object_call_bool(FACE_OBJECT(face), method, CALL_NO_WAIT,              \
			 FACE_ARGS(__VA_ARGS__), ret)
#define FACE_CALL_INT(face, method, ret, ...)                                  \
	object_call_int(FACE_OBJECT(face), method, CALL_NO_WAIT,               \
			FACE_ARGS(__VA_ARGS__), ret)
#define FACE_CALL_SIZE(face, method, ret, ...)                                 \
	face_call_size(FACE_OBJECT(face), method, CALL_NO_WAIT,                \
		       FACE_ARGS(__VA_ARGS__), ret)

#define FACE_OBJECT(face) ((struct mproxy_object *)(face))
#define FACE_ARGS(...)                                                         \
	sizeof((struct mproxy_value *[]){ __VA_ARGS__ }) /                     \
		sizeof(struct mproxy_value *),                                 \
		(struct mproxy_value *[])                                      \
	{                                                                      \
		__VA_ARGS__                                                    \
	}

/* An integer result that counts something. ret may be NULL. */
int face_call_size(struct mproxy_object *object, const char *method,
		   int timeout_ms, size_t n_args,
		   struct mproxy_value *const *args, size_t *ret);

/* A call with several results, given; n_results of them. Takes the args. */
int face_call_many(struct mproxy_object *object, const char *method,
		   int timeout_ms, size_t n_args,
		   struct mproxy_value *const *args, size_t n_results,
		   struct mproxy_value **ret);

/* Makes an object, or finds it by its name. args: taken; of the constructor. */
int face_new(struct mproxy_manager *m, const char *type, size_t n_args,
	     struct mproxy_value *const *args, struct mproxy_object **ret);
int face_open(struct mproxy_manager *m, const char *type, const char *name,
	      size_t n_args, struct mproxy_value *const *args,
	      struct mproxy_object **ret);

/* An integer, or nil for one that was left out. */
struct mproxy_value *face_bound(int64_t bound);

/* A count as a value; past int64 it is as good as the largest. */
struct mproxy_value *face_size(size_t size);

/*
 * The same, with the typed proxy in *ret. It comes in a variable of its own
 * type first: the two kinds of pointers are not to be mixed in memory.
 */
#define FACE_NEW(m, type, ret, ...)                                            \
	FACE_MADE_(face_new(m, type, FACE_ARGS(__VA_ARGS__), &made), ret)
#define FACE_OPEN(m, type, name, ret, ...)                                     \
	FACE_MADE_(face_open(m, type, name, FACE_ARGS(__VA_ARGS__), &made), ret)
#define FACE_MADE_(call, ret)                                                  \
	({                                                                     \
		struct mproxy_object *made;                                    \
		int failed = call;                                             \
                                                                               \
		if (!failed)                                                   \
			*(ret) = (void *)made;                                 \
		failed;                                                        \
	})

/* The functions that are the same for every type. */
#define FACE_DEFINE(name)                                                      \
	struct mproxy_##name *mproxy_##name##_ref(struct mproxy_##name *name)  \
	{                                                                      \
		mproxy_object_ref(FACE_OBJECT(name));                          \
		return name;                                                   \
	}                                                                      \
                                                                               \
	struct mproxy_##name *mproxy_##name##_free(struct mproxy_##name *name) \
	{                                                                      \
		mproxy_object_free(FACE_OBJECT(name));                         \
		return NULL;                                                   \
	}                                                                      \
                                                                               \
	struct mproxy_object *mproxy_##name##_object(                          \
		struct mproxy_##name *name)                                    \
	{                                                                      \
		return FACE_OBJECT(name);                                      \
	}                                                                      \
                                                                               \
	int mproxy_##name##_from_value(const struct mproxy_value *value,       \
				       struct mproxy_##name **ret)             \
	{                                                                      \
		struct mproxy_object *object;                                  \
		int error = mproxy_value_get_object(value, #name, &object);    \
                                                                               \
		if (!error)                                                    \
			*ret = (struct mproxy_##name *)object;                 \
		return error;                                                  \
	}

#endif
