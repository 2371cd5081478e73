/*
 * Changes that depend on the value that is there: what would otherwise need
 * a lock round a get and a set.
 */
#include "mproxy/error.h"
#include "server/types/contents.h"
#include "server/types/dict.h"

static bool
is_number(const struct value *value)
{
	return value->kind == MPROXY_INT || value->kind == MPROXY_UINT ||
	       value->kind == MPROXY_DOUBLE;
}

static double
real_of(const struct value *value)
{
	if (value->kind == MPROXY_DOUBLE)
		return value->real;
	if (value->kind == MPROXY_UINT)
		return (double)value->unsigned_;
	return (double)value->integer;
}

static __int128
integer_of(const struct value *value)
{
	if (value->kind == MPROXY_UINT)
		return (__int128)value->unsigned_;
	return value->integer;
}

/*
 * Writes the stored number, or 0 if there is none, plus another one. False after
 * call_fail().
 */
static bool
put_sum(struct call *call, struct span key, const struct dict_entry *entry,
	const struct value *by, struct buffer *out)
{
	struct value old = { .kind = MPROXY_INT, .integer = 0 };
	__int128 sum;

	if (entry)
		old = value_decode(dict_value(entry));
	if (!is_number(&old)) {
		dict_fail(call, MPROXY_ERR_TYPE, key, "the value of ",
			  " is not a number");
		return false;
	}
	if (old.kind == MPROXY_DOUBLE || by->kind == MPROXY_DOUBLE) {
		value_put_double(out, real_of(&old) + real_of(by));
	} else {
		sum = integer_of(&old) + integer_of(by);
		if (sum < INT64_MIN || sum > INT64_MAX) {
			dict_fail(call, MPROXY_ERR_RANGE, key, "the sum for ",
				  " does not fit 64 bits");
			return false;
		}
		value_put_int(out, (int64_t)sum);
	}
	if (!buffer_failed(out))
		return true;
	call_fail_memory(call);
	return false;
}

/* The sum, whose bytes are in the scratch buffer; false after call_fail(). */
static bool
sum_of(struct call *call, struct span key, const struct dict_entry *entry,
       const struct value *by, struct value *ret)
{
	struct buffer *out = call_scratch(call);

	if (!put_sum(call, key, entry, by, out))
		return false;
	*ret = value_decode(buffer_span(out));
	return true;
}

void
dict_do_add(struct call *call, struct object *object, const struct value *args,
	    size_t n_args)
{
	struct dict *dict = dict_of(object);
	struct span key = args[0].bytes;
	struct table_entry *place = dict_find(dict, key);
	struct value sum;

	(void)n_args;
	if (sum_of(call, key, dict_entry(place), &args[1], &sum) &&
	    dict_put(call, dict, place, key, &sum))
		call_reply_scratch(call, false);
}

static int
take_sum(struct call *call, struct dict *dict, struct dict_changes *changes,
	 struct dict_source *source)
{
	struct value by, sum;
	struct span key, part;

	if (!value_next(&source->cursor, &key) ||
	    !value_next(&source->cursor, &part))
		return 0;
	by = value_decode(part);
	if (!is_number(&by)) {
		dict_fail(call, MPROXY_ERR_TYPE, key, "what is to be added to ",
			  " is not a number");
		return -1;
	}
	if (!sum_of(call, key, dict_entry(dict_find(dict, key)), &by, &sum) ||
	    !dict_change(call, dict, changes, key, &sum))
		return -1;
	return 1;
}

void
dict_do_add_many(struct call *call, struct object *object,
		 const struct value *args, size_t n_args)
{
	struct dict_source source = { .take = take_sum, .value = args[0] };

	(void)n_args;
	dict_change_all(call, dict_of(object), &source);
}

void
dict_do_compare_and_set(struct call *call, struct object *object,
			const struct value *args, size_t n_args)
{
	struct dict *dict = dict_of(object);
	struct table_entry *place = dict_find(dict, args[0].bytes);
	bool same;

	(void)n_args;
	if (place)
		same = span_equal(dict_value(place->data), args[1].bytes);
	else
		same = args[1].kind == MPROXY_NIL;
	if (!same)
		call_reply_bool(call, false);
	else if (dict_put(call, dict, place, args[0].bytes, &args[2]))
		call_reply_bool(call, true);
}
