/* Records. See record.h. */
#include "server/core/record.h"

#include "server/core/call.h"

static void
mark(struct record *record)
{
	record->ends[record->n++] = record->bytes.size;
}

static bool
put_key(struct record *record, const char *key)
{
	if (record->n >= RECORD_FIELDS * 2)
		return false;
	value_put_text(&record->bytes, span_text(key));
	mark(record);
	return true;
}

void
record_uint(struct record *record, const char *key, uint64_t value)
{
	if (!put_key(record, key))
		return;
	value_put_uint(&record->bytes, value);
	mark(record);
}

void
record_text(struct record *record, const char *key, const char *text)
{
	if (!put_key(record, key))
		return;
	if (text)
		value_put_text(&record->bytes, span_text(text));
	else
		value_put_nil(&record->bytes);
	mark(record);
}

void
record_reply(struct record *record, struct call *call)
{
	struct span parts[RECORD_FIELDS * 2];
	size_t i, start = 0;

	if (buffer_failed(&record->bytes)) {
		call_fail_memory(call);
	} else {
		for (i = 0; i < record->n; i++) {
			parts[i] = span_make(record->bytes.data + start,
					     record->ends[i] - start);
			start = record->ends[i];
		}
		value_put_map(call_scratch(call), parts, record->n / 2);
		call_reply_scratch(call, false);
	}
	buffer_deinit(&record->bytes);
}
