/*
 * Why one formatter for both sides: the line the client prints and the line
 * the server prints about one call can be compared by eye, and by diff.
 *
 * A trace sees calls that were refused, so it trusts nothing it prints.
 */
#include <stdlib.h>
#include <unistd.h>

#include "trace.h"

#include "mproxy/error.h"
#include "value.h"

#define VALUE_MAX 80 /* bytes of one value in a line */
#define VALUES_MAX 6 /* values in a line */

bool
trace_calls_wanted(void)
{
	/* 0: not asked yet. Threads that ask at once come to the same. */
	static int known;
	int answer = __atomic_load_n(&known, __ATOMIC_RELAXED);
	const char *at;

	if (answer == 0) {
		answer = -1;
		at = secure_getenv("MPROXY_DEBUG");
		while (at && *at) {
			size_t size = strcspn(at, ", ");

			if (span_equal(span_make(at, size),
				       span_text("calls")) ||
			    span_equal(span_make(at, size), span_text("all")))
				answer = 1;
			at += size + (at[size] != '\0');
		}
		__atomic_store_n(&known, answer, __ATOMIC_RELAXED);
	}
	return answer > 0;
}

/* Text as it is, but one line of it and nothing a terminal would obey. */
static void
append_plain(struct buffer *out, struct span text)
{
	for (size_t i = 0; i < text.size; i++) {
		uint8_t byte = text.data[i];
		bool c1 = byte == 0xc2 && i + 1 < text.size &&
			  text.data[i + 1] < 0xa0;

		if (byte < 0x20 || byte == 0x7f || c1) {
			buffer_append_text(out, "?");
			i += c1;
		} else {
			buffer_append(out, &text.data[i], 1);
		}
	}
}

/* The i-th of several. */
static void
append_value(struct buffer *out, size_t i, struct span bytes)
{
	struct value value;
	const char *why;

	if (i >= VALUES_MAX)
		return;
	if (i > 0)
		buffer_append_text(out, ", ");
	if (value_validate(bytes, &value, &why) == 0)
		value_format(out, bytes, VALUE_MAX);
	else
		buffer_printf(out, "<no value: %s>", why);
}

/* Values, and after them the items of a list. */
static void
append_values(struct buffer *out, const struct span *values, size_t n,
	      struct span items)
{
	struct value_cursor cursor = { .rest = items };
	struct span item;
	size_t i;

	for (i = 0; i < n; i++)
		append_value(out, i, values[i]);
	while (value_next(&cursor, &item))
		append_value(out, i++, item);
	if (i > VALUES_MAX)
		buffer_printf(out, ", … %zu more", i - VALUES_MAX);
}

static void
append_outcome(struct buffer *out, const struct message_reply *reply)
{
	const char *name = mproxy_error_name(reply->status);

	if (reply->status == 0) {
		buffer_append_text(out, "ok");
		if (reply->n_results == 0)
			return;
		buffer_append_text(out, " (");
		append_values(out, reply->results, reply->n_results,
			      span_make(NULL, 0));
		buffer_append_text(out, ")");
		return;
	}
	buffer_append_text(out, name + strlen("MPROXY_ERR_"));
	if (reply->detail.size == 0)
		return;
	buffer_append_text(out, " (");
	append_plain(out, reply->detail);
	buffer_append_text(out, ")");
}

static void
append_time(struct buffer *out, int64_t ns)
{
	if (ns < INT64_C(10000000))
		buffer_printf(out, " %lld us", (long long)(ns / 1000));
	else if (ns < INT64_C(10000000000))
		buffer_printf(out, " %lld ms", (long long)(ns / 1000000));
	else
		buffer_printf(out, " %lld s", (long long)(ns / 1000000000));
}

void
trace_format_call(struct buffer *out, const char *who, struct span type,
		  const struct message_call *call,
		  const struct message_reply *reply, int64_t elapsed_ns)
{
	if (type.size == 0 && call->object == MESSAGE_MANAGER)
		type = span_text("manager");
	buffer_append_text(out, who);
	buffer_append_text(out, ": ");
	append_plain(out, type);
	buffer_printf(out, "#%llu.", (unsigned long long)call->object);
	append_plain(out, call->method);
	buffer_append_text(out, "(");
	append_values(out, call->args, call->n_args, call->items);
	buffer_append_text(out, ") -> ");
	append_outcome(out, reply);
	append_time(out, elapsed_ns);
}

void
trace_call(const char *who, struct span type, const struct message_call *call,
	   const struct message_reply *reply, int64_t elapsed_ns)
{
	struct buffer line = BUFFER_INIT;

	trace_format_call(&line, who, type, call, reply, elapsed_ns);
	buffer_append_text(&line, "\n");
	/* one write, so that lines of several processes do not mix; a trace
	 * that cannot be written is no reason to fail a call */
	if (!buffer_failed(&line) &&
	    write(STDERR_FILENO, line.data, line.size) < 0)
		line.size = 0;
	buffer_deinit(&line);
}
