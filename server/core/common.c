/* What every object can be asked, whatever its type. */
#include "server/core/machine.h"
#include "server/core/record.h"

#define STR_DEFAULT 4096
#define STR_LONGEST ((int64_t)1 << 20)

static void
common_str(struct call *call, struct object *object, const struct value *args,
	   size_t n_args)
{
	int64_t max = n_args > 0 ? args[0].integer : STR_DEFAULT;
	struct buffer *text = call_scratch(call);

	if (max < 0)
		max = 0;
	if (max > STR_LONGEST)
		max = STR_LONGEST;
	if (object->type->format)
		object->type->format(object, text, (size_t)max);
	else
		buffer_printf(text, "<%s %llu>", object->type->name,
			      (unsigned long long)(uint32_t)object->id);
	if (buffer_failed(text))
		call_fail_memory(call);
	else
		call_reply_text(call, buffer_span(text));
}

static void
common_info(struct call *call, struct object *object, const struct value *args,
	    size_t n_args)
{
	struct record record = RECORD_INIT;

	(void)args;
	(void)n_args;
	record_text(&record, "type", object->type->name);
	record_text(&record, "name", object->name);
	record_uint(&record, "id", object->id);
	record_uint(&record, "refs", object->outer_refs);
	record_uint(&record, "inner_refs", object->inner_refs);
	record_uint(&record, "version", object->version);
	record_reply(&record, call);
}

const struct method common_methods[] = {
	{ "str", "|i", "s", common_str, METHOD_READONLY,
	  "its contents as text, at most that many bytes" },
	{ "info", "", "m", common_info, METHOD_READONLY,
	  "type, name, references and version" },
	METHOD_END,
};
