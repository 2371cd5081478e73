/*
 * The face of shared queues: mproxy/queue.h says what each function does.
 */
#include "mproxy/queue.h"

#include "types/face.h"

FACE_DEFINE(queue)

int
mproxy_queue_new(struct mproxy_manager *m, size_t max,
		 struct mproxy_queue **ret)
{
	return FACE_NEW(m, "queue", ret, face_size(max));
}

int
mproxy_queue_open(struct mproxy_manager *m, const char *name, size_t max,
		  struct mproxy_queue **ret)
{
	return FACE_OPEN(m, "queue", name, ret, face_size(max));
}

int
mproxy_queue_put(struct mproxy_queue *queue, struct mproxy_value *value,
		 int timeout_ms)
{
	return FACE_CALL_WAITS(queue, "put", timeout_ms, NULL, value);
}

int
mproxy_queue_get(struct mproxy_queue *queue, int timeout_ms,
		 struct mproxy_value **ret)
{
	return FACE_CALL_WAITS(queue, "get", timeout_ms, ret);
}

int
mproxy_queue_put_many(struct mproxy_queue *queue, struct mproxy_value *items,
		      int timeout_ms, size_t *ret_put)
{
	return face_call_size(FACE_OBJECT(queue), "put_many", timeout_ms, 1,
			      &items, ret_put);
}

int
mproxy_queue_get_many(struct mproxy_queue *queue, size_t max, int timeout_ms,
		      struct mproxy_value **ret)
{
	return FACE_CALL_WAITS(queue, "get_many", timeout_ms, ret,
			       face_size(max));
}

int
mproxy_queue_qsize(struct mproxy_queue *queue, size_t *ret)
{
	return FACE_CALL_SIZE(queue, "qsize", ret);
}

int
mproxy_queue_is_empty(struct mproxy_queue *queue, bool *ret)
{
	return FACE_CALL_BOOL(queue, "empty", ret);
}

int
mproxy_queue_is_full(struct mproxy_queue *queue, bool *ret)
{
	return FACE_CALL_BOOL(queue, "full", ret);
}

int
mproxy_queue_task_done(struct mproxy_queue *queue, size_t n)
{
	return FACE_CALL(queue, "task_done", NULL, face_size(n));
}

int
mproxy_queue_join(struct mproxy_queue *queue, int timeout_ms)
{
	return FACE_CALL_WAITS(queue, "join", timeout_ms, NULL);
}

int
mproxy_queue_close(struct mproxy_queue *queue, bool drain)
{
	return FACE_CALL(queue, "close", NULL, mproxy_value_bool(drain));
}

int
mproxy_queue_is_closed(struct mproxy_queue *queue, bool *ret)
{
	return FACE_CALL_BOOL(queue, "is_closed", ret);
}
