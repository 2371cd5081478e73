/*
 * Taking a list apart. All items are converted into slots first and copied to
 * the caller's variables after the last one has passed, so that a failure
 * leaves them as they were.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "value-inside.h"

#define MAX_SLOTS 32

/* What one letter gives. */
struct slot {
	char letter;
	void *target;
	size_t *target_size; /* of y */
	union {
		int64_t integer;
		uint64_t unsigned_;
		double real;
		bool boolean;
		void *memory;		      /* s and y */
		struct mproxy_value *value;   /* v */
		struct mproxy_object *object; /* h and the types */
	};
	size_t size;
};

struct unpack {
	const struct mproxy_value *value;
	struct value_walk walk;
	bool single; /* the value is no list, and counts as its one item */
	size_t n_taken, n_items;
	bool optional; /* after | */
	size_t n_slots;
	struct slot slots[MAX_SLOTS];
};

static const struct {
	char letter;
	const char *type, *wanted;
} object_types[] = { { 'h', NULL, "handle" },
#define X(name, letter) { letter, #name, "handle of a " #name },
		     MPROXY_TYPE_LIST(X)
#undef X
};

#define N_OBJECT_TYPES (sizeof(object_types) / sizeof(object_types[0]))

static int
complain(const struct unpack *unpack, int code, const char *wanted,
	 const char *c_type, struct span is)
{
	char where[64] = "";

	if (!unpack->single)
		snprintf(where, sizeof(where),
			 "item %zu of %zu: ", unpack->n_taken, unpack->n_items);
	return value_complain(code, where, wanted, c_type, is);
}

/* --- one letter each --- */

/* A copy with a NUL behind it; NULL without memory. */
static void *
copy_span(struct span span)
{
	char *copy = malloc(span.size + 1);

	if (!copy)
		return NULL;
	if (span.size > 0)
		memcpy(copy, span.data, span.size);
	copy[span.size] = '\0';
	return copy;
}

static int
take_memory(struct unpack *unpack, struct slot *slot, const struct value *item,
	    enum mproxy_kind kind)
{
	if (item->kind != kind)
		return complain(unpack, MPROXY_ERR_TYPE, mproxy_kind_name(kind),
				"", item->bytes);
	slot->memory = copy_span(item->text);
	slot->size = item->text.size;
	if (!slot->memory)
		return error_set(MPROXY_ERR_NO_MEMORY,
				 "no memory for a copy of item %zu",
				 unpack->n_taken);
	return 0;
}

static int
take_value(const struct unpack *unpack, struct slot *slot,
	   struct value_part part)
{
	slot->value = unpack->single ? mproxy_value_ref(unpack->value)
				     : value_part_copy(unpack->value, part);
	if (!slot->value && unpack->single)
		slot->value = mproxy_value_nil();
	return slot->value ? 0 : value_null_error();
}

static int
take_object(const struct unpack *unpack, struct slot *slot,
	    const struct value *item, struct value_part part)
{
	size_t i = 0;

	while (i < N_OBJECT_TYPES && object_types[i].letter != slot->letter)
		i++;
	if (i == N_OBJECT_TYPES)
		return error_set(MPROXY_ERR_INVALID,
				 "'%c' is no letter of a format", slot->letter);
	if (item->kind != MPROXY_HANDLE ||
	    (object_types[i].type &&
	     !span_equal(item->handle.type, span_text(object_types[i].type))))
		return complain(unpack, MPROXY_ERR_TYPE, object_types[i].wanted,
				"", item->bytes);
	slot->object = mproxy_object_ref(
		unpack->value->objects[part.first_object]);
	return 0;
}

static int
take_item(struct unpack *unpack, struct slot *slot, struct value_part part)
{
	struct value item = value_decode(part.bytes);
	int error;

	switch (slot->letter) {
	case '.':
		return 0;
	case 'i':
		error = value_to_int(&item, &slot->integer);
		return error ? complain(unpack, error, "integer", "int64_t",
					part.bytes)
			     : 0;
	case 'u':
		error = value_to_uint(&item, &slot->unsigned_);
		return error ? complain(unpack, error, "integer", "uint64_t",
					part.bytes)
			     : 0;
	case 'd':
		error = value_to_double(&item, &slot->real);
		return error ? complain(unpack, error, "number", "double",
					part.bytes)
			     : 0;
	case 'b':
		if (item.kind != MPROXY_BOOL)
			return complain(unpack, MPROXY_ERR_TYPE, "bool", "",
					part.bytes);
		slot->boolean = item.boolean;
		return 0;
	case 's':
		return take_memory(unpack, slot, &item, MPROXY_STRING);
	case 'y':
		return take_memory(unpack, slot, &item, MPROXY_BYTES);
	case 'v':
		return take_value(unpack, slot, part);
	default:
		return take_object(unpack, slot, &item, part);
	}
}

/* --- all together --- */

static bool
next_item(struct unpack *unpack, struct value_part *ret)
{
	if (unpack->n_taken == unpack->n_items)
		return false;
	unpack->n_taken++;
	if (!unpack->single)
		return value_walk_next(&unpack->walk, ret);
	*ret = (struct value_part){ .bytes = value_bytes(unpack->value) };
	return true;
}

static int
complain_number(const struct unpack *unpack, size_t wanted, const char *least)
{
	return error_set(MPROXY_ERR_INVALID,
			 "wanted %s%zu items, there are %zu", least, wanted,
			 unpack->n_items);
}

/* How many items the format wants at the least. */
static size_t
count_wanted(const char *format)
{
	return strcspn(format, "|*");
}

/* One letter and the variables it fills. */
static int
take_letter(struct unpack *unpack, const char *format, char letter,
	    void *target, size_t *target_size)
{
	struct slot *slot = &unpack->slots[unpack->n_slots];
	struct value_part part;
	int error;

	if (!next_item(unpack, &part)) {
		if (unpack->optional)
			return 0;
		return complain_number(unpack, count_wanted(format),
				       format[count_wanted(format)] == '\0'
					       ? ""
					       : "at least ");
	}
	if (unpack->optional && letter != 'v' &&
	    value_decode(part.bytes).kind == MPROXY_NIL)
		return 0;
	if (unpack->n_slots == MAX_SLOTS)
		return error_set(MPROXY_ERR_INVALID,
				 "a format has at most %d letters", MAX_SLOTS);
	*slot = (struct slot){ .letter = letter,
			       .target = target,
			       .target_size = target_size };
	error = take_item(unpack, slot, part);
	if (!error)
		unpack->n_slots++;
	return error;
}

static void
commit(const struct slot *slot)
{
	switch (slot->letter) {
	case '.':
		break;
	case 'i':
		*(int64_t *)slot->target = slot->integer;
		break;
	case 'u':
		*(uint64_t *)slot->target = slot->unsigned_;
		break;
	case 'd':
		*(double *)slot->target = slot->real;
		break;
	case 'b':
		*(bool *)slot->target = slot->boolean;
		break;
	case 'y':
		*slot->target_size = slot->size;
		/* fall through */
	case 's':
		/* the variable may be a char *, a void *, … */
		memcpy(slot->target, &slot->memory, sizeof(slot->memory));
		break;
	case 'v':
		*(struct mproxy_value **)slot->target = slot->value;
		break;
	default:
		/* the variable may be a struct mproxy_list *, … */
		memcpy(slot->target, &slot->object, sizeof(slot->object));
	}
}

static void
roll_back(const struct slot *slot)
{
	if (strchr("sy", slot->letter))
		free(slot->memory);
	else if (slot->letter == 'v')
		mproxy_value_free(slot->value);
	else if (!strchr(".iudb", slot->letter))
		mproxy_object_free(slot->object);
}

static int
take_all(struct unpack *unpack, const char *format, va_list targets)
{
	size_t n_letters = strlen(format);

	for (const char *at = format; *at; at++) {
		void *target = NULL;
		size_t *target_size = NULL;
		int error;

		if (*at == '|' && !unpack->optional) {
			unpack->optional = true;
			n_letters--;
			continue;
		}
		if (*at == '*' && at[1] == '\0')
			return 0;
		if (*at != '.')
			target = va_arg(targets, void *);
		if (*at == 'y')
			target_size = va_arg(targets, size_t *);
		error = take_letter(unpack, format, *at, target, target_size);
		if (error)
			return error;
	}
	if (unpack->n_taken < unpack->n_items)
		return complain_number(unpack, n_letters,
				       unpack->optional ? "at most " : "");
	return 0;
}

int
mproxy_unpack(const struct mproxy_value *value, const char *format, ...)
{
	struct value top = value_take_apart(value);
	struct unpack unpack = { .value = value, .n_items = 1 };
	va_list targets;
	int error;

	unpack.single = top.kind != MPROXY_LIST;
	if (!unpack.single) {
		unpack.walk = value_walk_begin(value);
		unpack.n_items = value_count(&top);
	}
	va_start(targets, format);
	error = take_all(&unpack, format, targets);
	va_end(targets);
	for (size_t i = 0; i < unpack.n_slots; i++) {
		if (error)
			roll_back(&unpack.slots[i]);
		else
			commit(&unpack.slots[i]);
	}
	return error;
}
