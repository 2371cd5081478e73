/* See contents.h. */
#include "server/types/contents.h"

#include "mproxy/error.h"

size_t
contents_item_size(size_t size)
{
	size_t length = 1;

	for (size_t rest = size; rest >= 0x80; rest >>= 7)
		length++;
	return 1 + length + size;
}

bool
contents_fit(struct call *call, size_t size)
{
	if (size <= call_max_value(call))
		return true;
	call_fail(call, MPROXY_ERR_TOO_BIG,
		  "the result has at least %zu bytes, the limit is %zu", size,
		  call_max_value(call));
	return false;
}

bool
contents_may_grow(struct call *call, const struct buffer *out)
{
	if (!buffer_failed(out))
		return contents_fit(call, out->size);
	call_fail_memory(call);
	return false;
}

static void
note_handle(void *context, struct value_handle handle)
{
	bool *found = context;

	(void)handle;
	*found = true;
}

bool
contents_has_handles(struct span value)
{
	bool found = false;

	value_each_handle(value, note_handle, &found);
	return found;
}

struct value
contents_value(struct span part, bool handles)
{
	struct value value = value_decode(part);

	value.has_handles = handles && contents_has_handles(part);
	return value;
}

size_t
contents_begin_list(struct buffer *out)
{
	buffer_extend(out, VALUE_HEAD_MAX);
	value_list_begin(out);
	return out->size;
}

void
contents_reply_list(struct call *call, struct buffer *out, size_t begin,
		    bool has_handles)
{
	struct buffer *head = call_scratch(call);
	size_t size = out->size - begin;
	uint8_t *at;

	value_put_head(head, MPROXY_LIST, size);
	if (buffer_failed(head) || buffer_failed(out)) {
		call_fail_memory(call);
		return;
	}
	at = out->data + begin - head->size;
	memcpy(at, head->data, head->size);
	call_reply_span(call, span_make(at, head->size + size), has_handles);
}

bool
contents_is_given(const struct value *args, size_t n_args, size_t i)
{
	return i < n_args && args[i].kind != MPROXY_NIL;
}

void
contents_print_text(struct contents_printer *printer, const char *text)
{
	size_t size = strlen(text);

	if (printer->full)
		return;
	printer->full = size > printer->left;
	buffer_append_text(printer->out, printer->full ? "…" : text);
	printer->left -= printer->full ? 0 : size;
}

void
contents_print_value(struct contents_printer *printer, struct span value)
{
	size_t before = printer->out->size;
	size_t size, mark = strlen("…");

	if (printer->full)
		return;
	value_format(printer->out, value, printer->left);
	size = printer->out->size - before;
	/* a whole value ends with a digit, a letter, a quote or a bracket */
	if (size >= mark &&
	    memcmp(printer->out->data + before + size - mark, "…", mark) == 0)
		printer->full = true;
	printer->left -= size < printer->left ? size : printer->left;
}
