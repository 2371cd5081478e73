/*
 * Cells: how values lie packed, one right behind the other.
 *
 * A cell is
 *   - of an integer: its varint without the tag in front. One that is a single
 *     byte gets a second one (0x80 | byte, 0), so that every cell of an
 *     integer begins with a byte from 0x80 on, and its last byte is the only
 *     one below: no tag of a value is so high;
 *   - of any other small value: its canonical bytes;
 *   - of what lies outside, in an item: CELL_OUTSIDE and a pointer. So lies all
 *     that is long, or has handles in it.
 * So a cell tells by itself how long it is, and two values are equal exactly
 * when their cells are, as long as none lies outside.
 */
#ifndef MPROXY_SERVER_CONTAINERS_CELL_H
#define MPROXY_SERVER_CONTAINERS_CELL_H

#include "proto/value-wire.h"
#include "server/core/item.h"

/* A longer cell is not made: its value lies outside. */
#define CELL_MAX 128u

/* A tag no value has; of a kind of field that is as long as a pointer. */
#define CELL_OUTSIDE WIRE_TAG(0, WIRE_FIXED64)
#define CELL_OUTSIDE_SIZE 9u

/* Room for the cell of an integer or of an item, or for an integer. */
#define CELL_ROOM 12u

static inline bool
cell_is_int(const uint8_t *cell)
{
	return *cell >= 0x80;
}

static inline bool
cell_is_outside(const uint8_t *cell)
{
	return *cell == CELL_OUTSIDE;
}

static inline struct item *
cell_item(const uint8_t *cell)
{
	struct item *item;

	memcpy(&item, cell + 1, sizeof(item));
	return item;
}

static inline size_t
cell_size(const uint8_t *cell)
{
	const uint8_t *at = cell;
	size_t length = 0;

	if (!cell_is_int(cell)) {
		if ((*at & 7) == WIRE_FIXED64)
			return 1 + sizeof(uint64_t);
		/* no more than CELL_MAX, so two bytes at most say it */
		if ((*at & 7) == WIRE_LENGTH)
			length = at[1] < 0x80 ? at[1]
					      : (at[1] & 0x7fu) |
							(uint32_t)at[2] << 7;
		at++;
	}
	while (*at & 0x80)
		at++;
	return (size_t)(at + 1 - cell) + length;
}

/*
 * The cell of a value, in room or in the bytes of the value. Not for what has
 * to lie outside.
 */
static inline struct span
cell_of_value(struct span value, uint8_t room[CELL_ROOM])
{
	if (value.data[0] != VALUE_TAG_INT)
		return value;
	if (value.size > 2)
		return span_make(value.data + 1, value.size - 1);
	room[0] = value.data[1] | 0x80;
	room[1] = 0;
	return span_make(room, 2);
}

static inline bool
cell_must_be_outside(struct span value, bool has_handles)
{
	return value.size > CELL_MAX || has_handles;
}

static inline struct span
cell_of_item(struct item *item, uint8_t room[CELL_ROOM])
{
	room[0] = CELL_OUTSIDE;
	memcpy(room + 1, &item, sizeof(item));
	memset(room + 1 + sizeof(item), 0,
	       CELL_OUTSIDE_SIZE - 1 - sizeof(item));
	return span_make(room, CELL_OUTSIDE_SIZE);
}

/* The value of a cell; it lies there, in its item or in room. */
static inline struct span
cell_value(const uint8_t *cell, uint8_t room[CELL_ROOM])
{
	uint8_t *to = room;

	if (cell_is_outside(cell))
		return item_span(cell_item(cell));
	if (!cell_is_int(cell))
		return span_make(cell, cell_size(cell));
	*to++ = VALUE_TAG_INT;
	while (*cell & 0x80)
		*to++ = *cell++;
	if (*cell)
		*to++ = *cell;
	else
		to[-1] &= 0x7f;
	return span_make(room, (size_t)(to - room));
}

/* What a cell of an integer says. */
static inline int64_t
cell_int(const uint8_t *cell)
{
	unsigned shift = 7;
	uint64_t bits;

	bits = *cell & 0x7fu;
	do {
		cell++;
		bits |= (uint64_t)(*cell & 0x7f) << shift;
		shift += 7;
	} while (*cell & 0x80);
	return wire_unzigzag(bits);
}

static inline bool
cell_has_handles(const uint8_t *cell)
{
	return cell_is_outside(cell) && cell_item(cell)->has_handles;
}

#endif
