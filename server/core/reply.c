/*
 * The answer of a call: exactly one, whatever a type does.
 */
#include <stdarg.h>
#include <stdio.h>

#include "mproxy/error.h"
#include "server/core/machine.h"

#define TEXT_SHOWN 64

/* Larger scratch memory is given back. */
#define SCRATCH_KEPT ((size_t)1 << 20)

/* The lane keeps at most what its last reply gave away. */
static void
keep_unread(struct call *call, int status)
{
	struct lane *lane = call->lane;

	if (call->unread.object && status != 0)
		unread_end(&call->unread, true);
	lane_confirm(lane);
	lane->unread = call->unread;
	call->unread = (struct unread){};
}

static void
end(struct call *call, const struct message_reply *reply)
{
	struct core *core = call->core;
	enum call_state state = call->state;

	if (state == CALL_ENDED) {
		core->fault = "a handler ended its call twice";
		return;
	}
	if (reply->status == 0 && !(call->method->flags & METHOD_READONLY))
		call->object->version++;
	core->output.reply(core->output.context, call->lane, reply);
	if (call->unread.object || call->lane->unread.object)
		keep_unread(call, reply->status);
	if (state != CALL_RUNNING) {
		call_release_data(call);
		call_land(call);
		list_append(&core->ended, &call->link);
	}
	call->state = CALL_ENDED;
}

void
call_reply_spans(struct call *call, const struct span *values, size_t n,
		 bool has_handles)
{
	struct message_reply reply = { .id = call->id,
				       .results = values,
				       .n_results = n };
	struct session *session = call->lane->session;
	size_t size = 0, handles = 0, i;

	for (i = 0; i < n; i++)
		size += values[i].size;
	if (size > call->core->config.max_value) {
		call_fail(call, MPROXY_ERR_TOO_BIG,
			  "the result has %zu bytes, the limit is %zu", size,
			  call->core->config.max_value);
		return;
	}
	if (has_handles && call->state != CALL_ENDED) {
		for (i = 0; i < n; i++)
			handles += count_handles(values[i]);
		if (!session_reserve(session, handles)) {
			call_fail_memory(call);
			return;
		}
		for (i = 0; i < n; i++)
			session_book_all(session, values[i]);
	}
	end(call, &reply);
}

void
call_reply_span(struct call *call, struct span value, bool has_handles)
{
	const struct message_reply reply = { .id = call->id,
					     .results = &value,
					     .n_results = 1 };

	if (has_handles || value.size > call->core->config.max_value)
		call_reply_spans(call, &value, 1, has_handles);
	else
		end(call, &reply);
}

void
call_reply(struct call *call)
{
	const struct message_reply reply = { .id = call->id };

	end(call, &reply);
}

static void
reply_small(struct call *call)
{
	struct buffer *small = &call->core->small;

	if (buffer_failed(small))
		call_fail_memory(call);
	else
		call_reply_span(call, buffer_span(small), false);
}

static struct buffer *
small_buffer(struct call *call)
{
	buffer_clear(&call->core->small);
	return &call->core->small;
}

void
call_reply_bool(struct call *call, bool value)
{
	value_put_bool(small_buffer(call), value);
	reply_small(call);
}

void
call_reply_int(struct call *call, int64_t value)
{
	value_put_int(small_buffer(call), value);
	reply_small(call);
}

void
call_reply_text(struct call *call, struct span utf8)
{
	value_put_text(small_buffer(call), utf8);
	reply_small(call);
}

void
call_reply_item(struct call *call, const struct item *item)
{
	struct span value = item_span(item);
	const struct message_reply reply = { .id = call->id,
					     .results = &value,
					     .n_results = 1,
					     .loan = item_loan(item) };

	if (!reply.loan || item->has_handles ||
	    value.size > call->core->config.max_value)
		call_reply_span(call, value, item->has_handles);
	else
		end(call, &reply);
}

static void
put_small_item(struct call *call)
{
	struct buffer *scratch = &call->core->scratch;
	struct buffer *small = &call->core->small;

	if (buffer_failed(small))
		scratch->failed = true;
	else
		value_list_item(scratch, buffer_span(small));
}

struct buffer *
call_scratch(struct call *call)
{
	struct buffer *scratch = &call->core->scratch;

	if (scratch->capacity > SCRATCH_KEPT)
		buffer_deinit(scratch);
	buffer_clear(scratch);
	return scratch;
}

void
call_reply_scratch(struct call *call, bool has_handles)
{
	struct buffer *scratch = &call->core->scratch;

	if (buffer_failed(scratch))
		call_fail_memory(call);
	else
		call_reply_span(call, buffer_span(scratch), has_handles);
}

int
shown_size(struct span text)
{
	size_t size = text.size < TEXT_SHOWN ? text.size : TEXT_SHOWN;
	size_t cut = size;

	while (cut > 0 && size - cut < 4 &&
	       !value_is_utf8(span_make(text.data, cut)))
		cut--;
	return value_is_utf8(span_make(text.data, cut)) ? (int)cut : 0;
}

/* Cuts what vsnprintf() may have cut in the middle of a character. */
static struct span
whole_text(char *text)
{
	size_t size = strlen(text);
	size_t cut = size;

	while (!value_is_utf8(span_make(text, cut)) && size - cut < 4 && cut)
		cut--;
	if (value_is_utf8(span_make(text, cut)))
		return span_make(text, cut);
	return span_text("an error whose text is not UTF-8");
}

void
call_fail(struct call *call, int code, const char *format, ...)
{
	struct message_reply reply = { .id = call->id, .status = code };
	char text[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	reply.detail = whole_text(text);
	end(call, &reply);
}

void
call_fail_memory(struct call *call)
{
	const struct core *core = call->core;

	if (core->memory >= core->config.max_memory / 2)
		call_fail(call, MPROXY_ERR_NO_MEMORY,
			  "out of memory: stored values take %zu bytes, the "
			  "limit is %zu",
			  core->memory, core->config.max_memory);
	else
		call_fail(call, MPROXY_ERR_NO_MEMORY, "out of memory");
}

void
call_on_unread(struct call *call,
	       void (*give_back)(struct object *object, void *data),
	       void (*forget)(struct object *object, void *data), void *data)
{
	object_hold(call->object);
	call->unread = (struct unread){ .object = call->object,
					.give_back = give_back,
					.forget = forget,
					.data = data };
}

void
call_item_uint(struct call *call, uint64_t value)
{
	value_put_uint(small_buffer(call), value);
	put_small_item(call);
}

void
call_item_text(struct call *call, struct span utf8)
{
	value_put_text(small_buffer(call), utf8);
	put_small_item(call);
}
