/*
 * What a value is as a C variable, and the sentence that says it is not.
 */
#include <stdio.h>

#include "value-inside.h"

/* --- conversions --- */

int
value_to_int(const struct value *value, int64_t *ret)
{
	if (value->kind == MPROXY_UINT)
		return MPROXY_ERR_RANGE;
	if (value->kind != MPROXY_INT)
		return MPROXY_ERR_TYPE;
	*ret = value->integer;
	return 0;
}

int
value_to_uint(const struct value *value, uint64_t *ret)
{
	if (value->kind != MPROXY_INT && value->kind != MPROXY_UINT)
		return MPROXY_ERR_TYPE;
	if (value->kind == MPROXY_INT && value->integer < 0)
		return MPROXY_ERR_RANGE;
	*ret = value->kind == MPROXY_INT ? (uint64_t)value->integer
					 : value->unsigned_;
	return 0;
}

int
value_to_double(const struct value *value, double *ret)
{
	if (value->kind == MPROXY_INT)
		*ret = (double)value->integer;
	else if (value->kind == MPROXY_UINT)
		*ret = (double)value->unsigned_;
	else if (value->kind == MPROXY_DOUBLE)
		*ret = value->real;
	else
		return MPROXY_ERR_TYPE;
	return 0;
}

int
value_complain(int code, const char *where, const char *wanted,
	       const char *c_type, struct span is)
{
	struct value value = value_decode(is);
	struct buffer text = BUFFER_INIT;

	if (code == MPROXY_ERR_TYPE && value.kind == MPROXY_HANDLE)
		return error_set(code, "%swanted %s, is handle of a %.*s",
				 where, wanted, (int)value.handle.type.size,
				 (const char *)value.handle.type.data);
	if (code == MPROXY_ERR_TYPE)
		return error_set(code, "%swanted %s, is %s", where, wanted,
				 mproxy_kind_name(value.kind));
	value_format(&text, is, 40);
	error_set(code, "%s%.*s does not fit %s", where, (int)text.size,
		  text.data ? (const char *)text.data : "", c_type);
	buffer_deinit(&text);
	return code;
}

/* --- scalars --- */

int
mproxy_value_get_bool(const struct mproxy_value *value, bool *ret)
{
	struct value top = value_take_apart(value);

	if (top.kind != MPROXY_BOOL)
		return value_complain(MPROXY_ERR_TYPE, "", "bool", "",
				      top.bytes);
	*ret = top.boolean;
	return 0;
}

int
mproxy_value_get_int(const struct mproxy_value *value, int64_t *ret)
{
	struct value top = value_take_apart(value);
	int error = value_to_int(&top, ret);

	return error ? value_complain(error, "", "integer", "int64_t",
				      top.bytes)
		     : 0;
}

int
mproxy_value_get_uint(const struct mproxy_value *value, uint64_t *ret)
{
	struct value top = value_take_apart(value);
	int error = value_to_uint(&top, ret);

	return error ? value_complain(error, "", "integer", "uint64_t",
				      top.bytes)
		     : 0;
}

int
mproxy_value_get_double(const struct mproxy_value *value, double *ret)
{
	struct value top = value_take_apart(value);
	int error = value_to_double(&top, ret);

	return error ? value_complain(error, "", "number", "double", top.bytes)
		     : 0;
}

int
mproxy_value_get_string(const struct mproxy_value *value, const char **ret,
			size_t *ret_size)
{
	struct value top = value_take_apart(value);

	if (top.kind != MPROXY_STRING)
		return value_complain(MPROXY_ERR_TYPE, "", "string", "",
				      top.bytes);
	*ret = (const char *)top.text.data;
	if (ret_size)
		*ret_size = top.text.size;
	return 0;
}

int
mproxy_value_get_bytes(const struct mproxy_value *value, const void **ret,
		       size_t *ret_size)
{
	struct value top = value_take_apart(value);

	if (top.kind != MPROXY_BYTES)
		return value_complain(MPROXY_ERR_TYPE, "", "bytes", "",
				      top.bytes);
	*ret = top.text.data;
	*ret_size = top.text.size;
	return 0;
}

int
mproxy_value_copy_bytes(const struct mproxy_value *value, void *data,
			size_t size)
{
	const void *bytes = NULL;
	size_t has = 0;
	int error = mproxy_value_get_bytes(value, &bytes, &has);

	if (error)
		return error;
	if (has != size)
		return error_set(MPROXY_ERR_RANGE,
				 "wanted %zu bytes, there are %zu", size, has);
	if (size > 0)
		memcpy(data, bytes, size);
	return 0;
}

int
mproxy_value_get_object(const struct mproxy_value *value, const char *type,
			struct mproxy_object **ret)
{
	struct value top = value_take_apart(value);
	char wanted[64];

	if (top.kind == MPROXY_HANDLE &&
	    (!type || span_equal(top.handle.type, span_text(type)))) {
		*ret = mproxy_object_ref(value->objects[0]);
		return 0;
	}
	snprintf(wanted, sizeof(wanted), type ? "handle of a %s" : "handle%s",
		 type ? type : "");
	return value_complain(MPROXY_ERR_TYPE, "", wanted, "", top.bytes);
}
