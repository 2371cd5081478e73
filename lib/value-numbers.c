/*
 * Arrays of numbers: whole C arrays in and out. The same type on both sides is
 * one copy; every other pair goes number by number, as scalar values do.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>

#include "value-inside.h"

/* name, C type, how a scalar is made of it, how it is made of a scalar, and
 * the range it has there */
#define NUMBER_TYPES(X)                                                        \
	X(I8, int8_t, int, int, INT8_MIN, INT8_MAX)                            \
	X(U8, uint8_t, uint, uint, 0, UINT8_MAX)                               \
	X(I16, int16_t, int, int, INT16_MIN, INT16_MAX)                        \
	X(U16, uint16_t, uint, uint, 0, UINT16_MAX)                            \
	X(I32, int32_t, int, int, INT32_MIN, INT32_MAX)                        \
	X(U32, uint32_t, uint, uint, 0, UINT32_MAX)                            \
	X(I64, int64_t, int, int, INT64_MIN, INT64_MAX)                        \
	X(U64, uint64_t, uint, uint, 0, UINT64_MAX)                            \
	X(F32, float, double, double, -FLT_MAX, FLT_MAX)                       \
	X(F64, double, double, double, -DBL_MAX, DBL_MAX)

union element {
	uint8_t bytes[8];
#define X(name, c_type, put, take, least, most) c_type name;
	NUMBER_TYPES(X)
#undef X
};

static const char *
c_type_name(enum mproxy_number type)
{
	switch (type) {
#define X(name, c_type, put, take, least, most)                                \
	case MPROXY_##name:                                                    \
		return #c_type;
		NUMBER_TYPES(X)
#undef X
	}
	return "";
}

/* --- from C --- */

static void
put_element(struct buffer *out, enum mproxy_number type,
	    const union element *element)
{
	switch (type) {
#define X(name, c_type, put, take, least, most)                                \
	case MPROXY_##name:                                                    \
		value_put_##put(out, element->name);                           \
		break;
		NUMBER_TYPES(X)
#undef X
	}
}

struct mproxy_value *
mproxy_value_list_from_numbers(enum mproxy_number type, const void *data,
			       size_t n)
{
	size_t size = value_number_size(type);
	struct buffer buffer, item = BUFFER_INIT;
	size_t mark;

	if (size == 0 || (!data && n > 0))
		return value_fail(MPROXY_ERR_INVALID,
				  "numbers of an unknown type, or NULL");
	buffer = value_begin(0);
	mark = value_list_begin(&buffer);
	for (size_t i = 0; i < n && !buffer_failed(&item); i++) {
		union element element;

		memcpy(&element, (const uint8_t *)data + i * size, size);
		buffer_clear(&item);
		put_element(&item, type, &element);
		value_list_item(&buffer, buffer_span(&item));
	}
	value_list_end(&buffer, mark);
	buffer.failed = buffer.failed || buffer_failed(&item);
	buffer_deinit(&item);
	return value_end(&buffer, 0);
}

/* --- to C --- */

static int
take_int(const struct value *value, int64_t least, int64_t most, int64_t *ret)
{
	int error = value_to_int(value, ret);

	if (!error && (*ret < least || *ret > most))
		error = MPROXY_ERR_RANGE;
	return error;
}

static int
take_uint(const struct value *value, uint64_t least, uint64_t most,
	  uint64_t *ret)
{
	int error = value_to_uint(value, ret);

	if (!error && (*ret < least || *ret > most))
		error = MPROXY_ERR_RANGE;
	return error;
}

static int
take_double(const struct value *value, double least, double most, double *ret)
{
	int error = value_to_double(value, ret);

	if (!error && isfinite(*ret) && (*ret < least || *ret > most))
		error = MPROXY_ERR_RANGE;
	return error;
}

#define SCALAR_int int64_t
#define SCALAR_uint uint64_t
#define SCALAR_double double

static int
take_element(const struct value *value, enum mproxy_number type,
	     union element *ret)
{
	int error = MPROXY_ERR_TYPE;

	switch (type) {
#define X(name, c_type, put, take, least, most)                                \
	case MPROXY_##name: {                                                  \
		SCALAR_##take scalar;                                          \
                                                                               \
		error = take_##take(value, least, most, &scalar);              \
		if (!error)                                                    \
			ret->name = (c_type)scalar;                            \
		break;                                                         \
	}
		NUMBER_TYPES(X)
#undef X
	}
	return error;
}

/* Element i of the array, in the machine's order. */
static union element
load_element(const struct value_numbers *numbers, size_t i)
{
	size_t size = value_number_size(numbers->type);
	union element element = { .U64 = 0 };

	for (size_t j = 0; j < size; j++) {
		size_t place = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
				       ? j
				       : size - 1 - j;

		element.bytes[place] = numbers->data.data[i * size + j];
	}
	return element;
}

/* Puts number i, a canonical scalar, into element i of data. */
static int
store(struct span number, size_t i, enum mproxy_number type, void *data)
{
	struct value value = value_decode(number);
	size_t size = value_number_size(type);
	union element element;
	char where[40];
	int error;

	error = take_element(&value, type, &element);
	if (!error) {
		memcpy((uint8_t *)data + i * size, &element, size);
		return 0;
	}
	snprintf(where, sizeof(where), "number %zu: ", i);
	return value_complain(
		error, where,
		type == MPROXY_F32 || type == MPROXY_F64 ? "number" : "integer",
		c_type_name(type), number);
}

static int
convert_array(const struct value_numbers *from, size_t n,
	      enum mproxy_number type, void *data)
{
	struct buffer number = BUFFER_INIT;
	int error = 0;

	if (from->type == type && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) {
		if (n > 0)
			memcpy(data, from->data.data,
			       n * value_number_size(type));
		return 0;
	}
	for (size_t i = 0; i < n && !error; i++) {
		union element element = load_element(from, i);

		buffer_clear(&number);
		put_element(&number, from->type, &element);
		if (buffer_failed(&number))
			error = error_set(MPROXY_ERR_NO_MEMORY,
					  "no memory to convert a number");
		else
			error = store(buffer_span(&number), i, type, data);
	}
	buffer_deinit(&number);
	return error;
}

static int
convert_list(const struct value *list, size_t n, enum mproxy_number type,
	     void *data)
{
	struct value_cursor cursor = value_items(list);
	struct span item;
	int error = 0;

	for (size_t i = 0; i < n && !error && value_next(&cursor, &item); i++)
		error = store(item, i, type, data);
	return error;
}

int
mproxy_value_get_numbers(const struct mproxy_value *value,
			 enum mproxy_number type, void *data, size_t n,
			 size_t *ret_n)
{
	struct value top = value_take_apart(value);
	size_t count;
	int error = 0;

	if (value_number_size(type) == 0)
		return error_set(MPROXY_ERR_INVALID, "no type %d of numbers",
				 (int)type);
	if (top.kind != MPROXY_NUMBERS && top.kind != MPROXY_LIST)
		return value_complain(MPROXY_ERR_TYPE, "", "numbers or list",
				      "", top.bytes);
	count = top.kind == MPROXY_LIST ? value_count(&top) : top.numbers.n;
	if (n > count)
		n = count;
	if (data && top.kind == MPROXY_NUMBERS)
		error = convert_array(&top.numbers, n, type, data);
	else if (data)
		error = convert_list(&top, n, type, data);
	if (!error && ret_n)
		*ret_n = count;
	return error;
}

int
value_number_item(const struct value_numbers *numbers, size_t index,
		  struct mproxy_value **ret)
{
	struct buffer buffer;
	struct mproxy_value *item;
	union element element;

	if (index >= numbers->n)
		return error_set(MPROXY_ERR_RANGE,
				 "no item %zu in a value of %zu", index,
				 numbers->n);
	element = load_element(numbers, index);
	buffer = value_begin(0);
	put_element(&buffer, numbers->type, &element);
	item = value_end(&buffer, 0);
	if (!item)
		return value_null_error();
	*ret = item;
	return 0;
}
