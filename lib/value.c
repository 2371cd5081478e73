/*
 * Why a value is its own bytes: what is sent most often is sent as it is, what
 * is received is kept as it came, and comparing is comparing bytes. Beside the
 * bytes a value holds the objects its handles mean, in the order of the
 * handles, so that they live as long as it does.
 */
#include <stdlib.h>

#include "proto/block.h"
#include "value-inside.h"

static _Thread_local struct {
	int code;
	const char *sentence;
} last_failure;

struct mproxy_value *
value_fail(int code, const char *sentence)
{
	last_failure.code = code;
	last_failure.sentence = sentence;
	error_set(code, "%s", sentence);
	return NULL;
}

struct mproxy_value *
value_fail_memory(void)
{
	return value_fail(MPROXY_ERR_NO_MEMORY, "no memory for a value");
}

/* Told once: the next NULL is another one. */
int
value_null_error(void)
{
	int code = last_failure.code;

	if (code == 0)
		return error_set(MPROXY_ERR_INVALID,
				 "a value is NULL: none was given");
	last_failure.code = 0;
	return error_set(code, "%s", last_failure.sentence);
}

/* --- building --- */

/* All but the size. */
static struct mproxy_value *
set_head(void *memory, bool is_small, struct mproxy_object **objects, size_t n)
{
	struct mproxy_value *value = memory;

	atomic_init(&value->refs, 1);
	value->n_objects = (uint32_t)n;
	value->objects = objects;
	atomic_init(&value->index, NULL);
	value->depth = 0;
	value->is_small = is_small;
	return value;
}

struct mproxy_value *
value_alloc(size_t most)
{
	size_t head = offsetof(struct mproxy_value, bytes);
	bool is_small = most < VALUE_BLOCK - head;
	void *memory = NULL;

	if (is_small)
		memory = value_block_new();
	else if (most < PTRDIFF_MAX - head)
		memory = block_alloc(head + most + 1);
	return memory ? set_head(memory, is_small, NULL, 0)
		      : value_fail_memory();
}

struct buffer
value_begin(size_t expected)
{
	size_t head = offsetof(struct mproxy_value, bytes);
	struct buffer buffer = { .capacity = VALUE_BLOCK, .size = head };

	if (expected > PTRDIFF_MAX)
		expected = 0; /* for which there will not be the memory */
	if (expected >= VALUE_BLOCK - head) {
		buffer.capacity = head + expected + 1;
		buffer.data = block_alloc(buffer.capacity);
	} else {
		buffer.data = value_block_new();
	}
	buffer.failed = !buffer.data;
	return buffer;
}

struct mproxy_value *
value_end(struct buffer *buffer, size_t n_objects)
{
	struct mproxy_object **objects = NULL;
	uint8_t *end = buffer_extend(buffer, 1);
	bool is_small = buffer->capacity == VALUE_BLOCK;

	if (n_objects > 0 && n_objects <= UINT32_MAX)
		objects = calloc(n_objects, sizeof(*objects));
	if (buffer_failed(buffer) || (n_objects > 0 && !objects)) {
		free(objects);
		buffer_deinit(buffer);
		return value_fail_memory();
	}
	return value_seal(set_head(buffer->data, is_small, objects, n_objects),
			  end);
}

struct mproxy_value *
value_new(struct span bytes)
{
	struct mproxy_value *value = value_alloc(bytes.size);

	if (!value)
		return NULL;
	memcpy(value->bytes, bytes.data, bytes.size);
	return value_seal(value, value->bytes + bytes.size);
}

/* --- owners --- */

struct mproxy_value *
mproxy_value_ref(const struct mproxy_value *value)
{
	struct mproxy_value *owned = (struct mproxy_value *)(uintptr_t)value;

	if (owned)
		atomic_fetch_add_explicit(&owned->refs, 1,
					  memory_order_relaxed);
	return owned;
}

struct mproxy_value *
mproxy_value_free(struct mproxy_value *value)
{
	if (!value || atomic_fetch_sub_explicit(&value->refs, 1,
						memory_order_acq_rel) != 1)
		return NULL;
	for (size_t i = 0; i < value->n_objects; i++)
		mproxy_object_free(value->objects[i]);
	free(value->objects);
	value_index_free(value);
	if (value->is_small)
		value_block_free(value);
	else
		block_free(value, value->size);
	return NULL;
}

/* --- what came in a reply --- */

struct receiver {
	struct mproxy_manager *manager;
	struct mproxy_value *value; /* NULL: give all back */
	size_t n;
	bool failed;
};

static void
count_handle(void *context, struct value_handle handle)
{
	(void)handle;
	++*(size_t *)context;
}

size_t
value_count_handles(const struct mproxy_value *whole, struct span part)
{
	size_t n = 0;

	if (whole && whole->n_objects > 0)
		value_each_handle(part, count_handle, &n);
	return n;
}

static void
receive_handle(void *context, struct value_handle handle)
{
	struct receiver *receiver = context;
	struct mproxy_object *object = NULL;

	if (receiver->value)
		object = object_new_proxy(receiver->manager, handle.object,
					  handle.type);
	if (object) {
		receiver->value->objects[receiver->n++] = object;
		return;
	}
	receiver->failed = true;
	manager_release(receiver->manager, handle.object, 1);
}

int
value_receive(struct mproxy_manager *m, struct span bytes,
	      struct mproxy_value **ret)
{
	struct receiver receiver = { .manager = m };
	struct buffer buffer;
	const char *why = "";
	struct value top;
	size_t n_objects = 0;

	if (value_validate(bytes, &top, &why))
		return error_set(MPROXY_ERR_PROTOCOL,
				 "a value in the reply is not well-formed: %s",
				 why);
	if (top.has_handles)
		value_each_handle(bytes, count_handle, &n_objects);
	buffer = value_begin(bytes.size);
	buffer_append_span(&buffer, bytes);
	receiver.value = value_end(&buffer, n_objects);
	if (n_objects > 0)
		value_each_handle(bytes, receive_handle, &receiver);
	if (receiver.value && !receiver.failed) {
		*ret = receiver.value;
		return 0;
	}
	mproxy_value_free(receiver.value);
	return error_set(MPROXY_ERR_NO_MEMORY,
			 "no memory for a value of %zu "
			 "bytes in the reply",
			 bytes.size);
}

int
value_receive_block(struct mproxy_manager *m, void *block, struct span bytes,
		    struct mproxy_value **ret)
{
	struct buffer buffer = {
		.data = block,
		.size = offsetof(struct mproxy_value, bytes) + bytes.size,
		.capacity = offsetof(struct mproxy_value, bytes) + bytes.size +
			    1,
	};
	const char *why = "";
	struct value top;
	int error;

	if (value_validate(bytes, &top, &why) == 0 && !top.has_handles) {
		*ret = value_end(&buffer, 0);
		return 0;
	}
	error = value_receive(m, bytes, ret);
	buffer_deinit(&buffer);
	return error;
}

/* --- asking --- */

struct span
value_bytes(const struct mproxy_value *value)
{
	static const uint8_t nil[] = { 0x08, 0x01 };

	return value ? value_span(value) : span_make(nil, sizeof(nil));
}

struct value
value_take_apart(const struct mproxy_value *value)
{
	return value_decode(value_bytes(value));
}

enum mproxy_kind
mproxy_value_kind(const struct mproxy_value *value)
{
	return value_take_apart(value).kind;
}

const char *
mproxy_kind_name(enum mproxy_kind kind)
{
	static const char *const names[] = {
		[MPROXY_NIL] = "nil",	    [MPROXY_BOOL] = "bool",
		[MPROXY_INT] = "integer",   [MPROXY_UINT] = "integer",
		[MPROXY_DOUBLE] = "double", [MPROXY_STRING] = "string",
		[MPROXY_BYTES] = "bytes",   [MPROXY_NUMBERS] = "numbers",
		[MPROXY_LIST] = "list",	    [MPROXY_MAP] = "map",
		[MPROXY_HANDLE] = "handle",
	};
	size_t i = (size_t)kind;

	if (i >= sizeof(names) / sizeof(names[0]) || !names[i])
		return "unknown kind";
	return names[i];
}

bool
mproxy_value_equal(const struct mproxy_value *a, const struct mproxy_value *b)
{
	return span_equal(value_bytes(a), value_bytes(b));
}

int
mproxy_value_compare(const struct mproxy_value *a, const struct mproxy_value *b)
{
	return value_compare(value_bytes(a), value_bytes(b));
}

int
mproxy_value_format(const struct mproxy_value *value, char **ret)
{
	struct buffer text = BUFFER_INIT;
	size_t size;

	value_format(&text, value_bytes(value), SIZE_MAX);
	buffer_append(&text, "", 1);
	if (buffer_failed(&text)) {
		buffer_deinit(&text);
		return error_set(MPROXY_ERR_NO_MEMORY,
				 "no memory for the text of a value");
	}
	*ret = (char *)buffer_take(&text, &size);
	return 0;
}

/* Levels of nesting, counted level by level: no recursion. */
unsigned
value_depth(const struct mproxy_value *value)
{
	struct value_cursor levels[VALUE_MAX_DEPTH];
	struct value part = value_take_apart(value);
	unsigned depth = 0, deepest = 1;
	struct span item;

	if (value->depth != 0)
		return value->depth;
	levels[0] = value_items(&part);
	for (;;) {
		if (!value_next(&levels[depth], &item)) {
			if (depth-- == 0)
				return deepest;
			continue;
		}
		if (depth + 2 > deepest)
			deepest = depth + 2;
		part = value_decode(item);
		if (part.kind == MPROXY_LIST || part.kind == MPROXY_MAP)
			levels[++depth] = value_items(&part);
	}
}
