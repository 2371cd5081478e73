/*
 * Values for people: in traces, in error details, in mproxy_value_format().
 *
 * The output may end up on a terminal, so control characters, the 8-bit ones
 * too, are escaped. It stops at its limit, so that a line about a list of a
 * million items costs as much as one about ten.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "value-wire.h"

struct printer {
	struct buffer *out;
	size_t left; /* bytes it may still write */
	bool full;
};

struct printer_level {
	struct value_cursor cursor;
	bool is_map;
	size_t n; /* items printed */
};

/* A piece goes in whole or, when it does not fit, ends it all. */
static void
print_piece(struct printer *p, const void *piece, size_t size)
{
	if (p->full)
		return;
	if (size > p->left) {
		p->full = true;
		buffer_append_text(p->out, "…");
		return;
	}
	buffer_append(p->out, piece, size);
	p->left -= size;
}

static void
print_text(struct printer *p, const char *text)
{
	print_piece(p, text, strlen(text));
}

/* How long the character at at is, in valid UTF-8. */
static size_t
character_size(uint8_t first)
{
	if (first < 0x80)
		return 1;
	if (first < 0xe0)
		return 2;
	return first < 0xf0 ? 3 : 4;
}

static const char *
short_escape(uint8_t byte)
{
	switch (byte) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return "\\t";
	default:
		return NULL;
	}
}

static void
print_character(struct printer *p, const uint8_t *at, size_t size)
{
	const char *escape = short_escape(*at);
	char code[8];

	if (escape) {
		print_text(p, escape);
	} else if (*at < 0x20 || *at == 0x7f) {
		snprintf(code, sizeof(code), "\\u%04x", *at);
		print_text(p, code);
	} else if (at[0] == 0xc2 && at[1] < 0xa0) {
		snprintf(code, sizeof(code), "\\u%04x", at[1]);
		print_text(p, code);
	} else {
		print_piece(p, at, size);
	}
}

static void
print_string(struct printer *p, struct span text)
{
	size_t i = 0;

	print_text(p, "\"");
	while (i < text.size && !p->full) {
		size_t size = character_size(text.data[i]);

		print_character(p, text.data + i, size);
		i += size;
	}
	print_text(p, "\"");
}

static void
print_data(struct printer *p, struct span data)
{
	print_text(p, "b\"");
	for (size_t i = 0; i < data.size && !p->full; i++) {
		const char *escape = short_escape(data.data[i]);
		char code[8];

		if (escape) {
			print_text(p, escape);
		} else if (data.data[i] < 0x20 || data.data[i] >= 0x7f) {
			snprintf(code, sizeof(code), "\\x%02x", data.data[i]);
			print_text(p, code);
		} else {
			print_piece(p, &data.data[i], 1);
		}
	}
	print_text(p, "\"");
}

/* The program's locale may write 1,5: what is neither digit, sign nor letter
 * is its decimal point. */
static void
unlocalise(char *number)
{
	char *to = number;

	for (const char *from = number; *from; from++) {
		bool known = (*from >= '0' && *from <= '9') ||
			     (*from >= 'a' && *from <= 'z') || *from == '-' ||
			     *from == '+';

		if (known)
			*to++ = *from;
		else if (to[-1] != '.')
			*to++ = '.';
	}
	*to = '\0';
}

/* The fewest digits that give the same number back; a point even when none is
 * needed, so that 1.0 does not look like 1. */
static void
print_real(struct printer *p, double value, bool is_float)
{
	char digits[40];

	if (isnan(value) || isinf(value)) {
		print_text(p, isnan(value) ? "nan"
			      : value > 0  ? "inf"
					   : "-inf");
		return;
	}
	for (int precision = is_float ? 6 : 15; precision <= 17; precision++) {
		double back;

		snprintf(digits, sizeof(digits), "%.*g", precision, value);
		back = is_float ? (double)strtof(digits, NULL)
				: strtod(digits, NULL);
		if (!(back < value) && !(back > value))
			break;
	}
	unlocalise(digits);
	if (!strpbrk(digits, ".e"))
		memcpy(digits + strlen(digits), ".0", sizeof(".0"));
	print_text(p, digits);
}

static void
print_signed(struct printer *p, int64_t value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRId64, value);
	print_text(p, digits);
}

static void
print_unsigned(struct printer *p, uint64_t value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRIu64, value);
	print_text(p, digits);
}

static void
print_element(struct printer *p, enum mproxy_number type, const uint8_t *at)
{
	uint32_t bits;
	float real;

	switch (type) {
	case MPROXY_I8:
		print_signed(p, (int8_t)at[0]);
		break;
	case MPROXY_U8:
		print_unsigned(p, at[0]);
		break;
	case MPROXY_I16:
		print_signed(p, (int16_t)(at[0] | at[1] << 8));
		break;
	case MPROXY_U16:
		print_unsigned(p, (uint16_t)(at[0] | at[1] << 8));
		break;
	case MPROXY_I32:
		print_signed(p, (int32_t)wire_load32(at));
		break;
	case MPROXY_U32:
		print_unsigned(p, wire_load32(at));
		break;
	case MPROXY_I64:
		print_signed(p, (int64_t)wire_load64(at));
		break;
	case MPROXY_U64:
		print_unsigned(p, wire_load64(at));
		break;
	case MPROXY_F32:
		bits = wire_load32(at);
		memcpy(&real, &bits, sizeof(real));
		print_real(p, (double)real, true);
		break;
	case MPROXY_F64:
		print_real(p, wire_load_double(at), false);
		break;
	}
}

static void
print_numbers(struct printer *p, const struct value_numbers *numbers)
{
	static const char *const names[] = {
		[MPROXY_I8] = "i8[",   [MPROXY_U8] = "u8[",
		[MPROXY_I16] = "i16[", [MPROXY_U16] = "u16[",
		[MPROXY_I32] = "i32[", [MPROXY_U32] = "u32[",
		[MPROXY_I64] = "i64[", [MPROXY_U64] = "u64[",
		[MPROXY_F32] = "f32[", [MPROXY_F64] = "f64[",
	};
	size_t size = value_number_size(numbers->type);

	print_text(p, names[numbers->type]);
	for (size_t i = 0; i < numbers->n && !p->full; i++) {
		if (i > 0)
			print_text(p, ", ");
		print_element(p, numbers->type, numbers->data.data + i * size);
	}
	print_text(p, "]");
}

static void
print_handle(struct printer *p, const struct value_handle *handle)
{
	struct span type = handle->type;

	if (type.size == 0)
		type = span_text("object");
	print_text(p, "<");
	for (size_t i = 0; i < type.size && !p->full;) {
		size_t size = character_size(type.data[i]);

		print_character(p, type.data + i, size);
		i += size;
	}
	print_text(p, " ");
	print_unsigned(p, handle->object);
	print_text(p, ">");
}

/* The whole of a scalar, the bracket that opens a container. */
static void
print_first_level(struct printer *p, const struct value *value)
{
	switch (value->kind) {
	case MPROXY_NIL:
		print_text(p, "nil");
		break;
	case MPROXY_BOOL:
		print_text(p, value->boolean ? "true" : "false");
		break;
	case MPROXY_INT:
		print_signed(p, value->integer);
		break;
	case MPROXY_UINT:
		print_unsigned(p, value->unsigned_);
		break;
	case MPROXY_DOUBLE:
		print_real(p, value->real, false);
		break;
	case MPROXY_STRING:
		print_string(p, value->text);
		break;
	case MPROXY_BYTES:
		print_data(p, value->text);
		break;
	case MPROXY_NUMBERS:
		print_numbers(p, &value->numbers);
		break;
	case MPROXY_LIST:
		print_text(p, "[");
		break;
	case MPROXY_MAP:
		print_text(p, "{");
		break;
	case MPROXY_HANDLE:
		print_handle(p, &value->handle);
		break;
	}
}

static void
print_separator(struct printer *p, struct printer_level *level)
{
	if (level->is_map && level->n % 2 == 1)
		print_text(p, ": ");
	else if (level->n > 0)
		print_text(p, ", ");
	level->n++;
}

void
value_format(struct buffer *out, struct span bytes, size_t max)
{
	struct printer_level levels[VALUE_MAX_DEPTH];
	struct printer p = { .out = out, .left = max };
	struct span item = bytes;
	unsigned depth = 0;

	for (;;) {
		struct value value = value_decode(item);

		print_first_level(&p, &value);
		if (value_is_container(value.kind))
			levels[depth++] = (struct printer_level){
				.cursor = value_items(&value),
				.is_map = value.kind == MPROXY_MAP,
			};
		while (depth > 0 && !p.full &&
		       !value_next(&levels[depth - 1].cursor, &item))
			print_text(&p, levels[--depth].is_map ? "}" : "]");
		if (depth == 0 || p.full)
			return;
		print_separator(&p, &levels[depth - 1]);
	}
}
