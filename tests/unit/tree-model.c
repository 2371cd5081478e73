/* See tree-model.h. */
#include "tests/unit/tree-model.h"

#include <stdlib.h>

#include "tests/harness/check-main.h"

struct pair pair;

/* --- values --- */

static void
put_int(struct buffer *out, uint64_t number)
{
	/* of any size between one byte and ten, either sign */
	uint64_t bits = number * UINT64_C(0x9e3779b97f4a7c15);

	value_put_int(out,
		      (int64_t)(bits >> number % 64) * (number % 3 ? 1 : -1));
}

static void
put_text(struct buffer *out, uint64_t number, size_t size)
{
	char text[2 * CELL_MAX];

	for (size_t i = 0; i < size; i++, number = number * 31 + 7)
		text[i] = (char)('a' + number / 64 % 26);
	value_put_text(out, span_make(text, size));
}

/* The value that a number stands for. */
struct span
pair_value_of(uint64_t number)
{
	static struct buffer out;

	buffer_clear(&out);
	if (pair.mixture == INTS) {
		put_int(&out, number);
		return buffer_span(&out);
	}
	if (pair.mixture == WIDE) { /* some of them too long for a leaf */
		put_text(&out, number,
			 CELL_MAX / 2 + number % (CELL_MAX / 2 + 8));
		return buffer_span(&out);
	}
	switch (number % 9) {
	case 0:
		value_put_nil(&out);
		break;
	case 1:
		value_put_bool(&out, number % 2);
		break;
	case 2:
		value_put_uint(&out, UINT64_MAX - number);
		break;
	case 3:
		value_put_double(&out, (double)number / 8);
		break;
	case 4:
		put_text(&out, number, number % (CELL_MAX + 8));
		break;
	case 5:
		value_put_list(&out, NULL, 0);
		break;
	default:
		put_int(&out, number);
	}
	return buffer_span(&out);
}

static bool
is_outside(struct span value)
{
	return value.size > 128; /* CELL_MAX */
}

/* Appends the cell of a number to some others. */
void
pair_put_cell(struct buffer *out, uint64_t number)
{
	struct span value = pair_value_of(number);
	uint8_t room[CELL_ROOM];
	struct item *item;

	if (!is_outside(value)) {
		buffer_append_span(out, cell_of_value(value, room));
		return;
	}
	item = malloc(sizeof(*item) + value.size);
	ck_assert_ptr_nonnull(item);
	*item = (struct item){ .size = (uint32_t)value.size };
	memcpy(item->bytes, value.data, value.size);
	pair.n_outside++;
	buffer_append_span(out, cell_of_item(item, room));
}

bool
pair_stands_for(const uint8_t *cell, uint64_t number)
{
	uint8_t room[CELL_ROOM];

	return span_equal(cell_value(cell, room), pair_value_of(number));
}

/* --- the owner --- */

/* No assertions in here: they need memory. */
static bool
charge(void *context, size_t size)
{
	if (context != &pair)
		abort();
	if (pair.charged + size > pair.max_charged)
		return false;
	pair.charged += size;
	return true;
}

static void
discharge(void *context, size_t size)
{
	if (context != &pair || size > pair.charged)
		abort();
	pair.charged -= size;
}

void
pair_drop(void *context, struct item *item)
{
	if (context != &pair)
		abort();
	pair.n_outside--;
	free(item);
}

const struct tree_owner pair_owner = { charge, discharge, pair_drop };

void
pair_init(enum mixture mixture, uint64_t seed)
{
	pair = (struct pair){ .seed = check_seed(seed),
			      .next = 1,
			      .mixture = mixture,
			      .max_charged = SIZE_MAX };
	tree_init(&pair.tree, &pair_owner, &pair);
}

void
pair_end(void)
{
	tree_clear(&pair.tree);
	ck_assert_uint_eq(pair.tree.n, 0);
	ck_assert_uint_eq(pair.charged, 0);
	ck_assert_uint_eq(pair.n_outside, 0);
}

size_t
pair_below(size_t n)
{
	return check_random_below(&pair.seed, n);
}

static size_t
size_below(const struct tree_node *node)
{
	size_t size;

	if (!node)
		return 0;
	size = tree_node_size(node->level, node->capacity);
	for (unsigned i = 0; node->level && i < node->n; i++)
		size += size_below(
			((const struct tree_inner *)(const void *)node)
				->children[i]);
	return size;
}

void
pair_assert_sound(void)
{
	const char *wrong = tree_check(&pair.tree);

	ck_assert_msg(!wrong, "%s", wrong);
	ck_assert_uint_eq(pair.tree.n, pair.n);
	ck_assert_uint_eq(pair.charged, size_below(pair.tree.root));
}

void
pair_assert_same(void)
{
	struct tree_cursor cursor;
	size_t outside = 0;

	pair_assert_sound();
	tree_seek(&pair.tree, 0, &cursor);
	for (size_t i = 0; i < pair.n; i++) {
		const uint8_t *cell = tree_next(&cursor);

		if (!cell || !pair_stands_for(cell, pair.model[i]))
			ck_abort_msg("item %zu differs", i);
		outside += cell_is_outside(cell);
	}
	ck_assert_ptr_null(tree_next(&cursor));
	ck_assert_uint_eq(pair.n_outside, outside);
}

/* --- the same done to both --- */

struct tree_run
pair_make_run(struct buffer *cells, size_t n)
{
	struct tree_run run = { .n = n };

	buffer_clear(cells);
	for (size_t i = 0; i < n; i++) {
		size_t at = cells->size;

		pair_put_cell(cells, pair.next + i);
		run.kinds |= tree_kinds_of(cells->data + at);
	}
	run.cells = cells->data;
	run.size = cells->size;
	return run;
}

void
pair_note_insert(size_t at, size_t n)
{
	memmove(pair.model + at + n, pair.model + at,
		(pair.n - at) * sizeof(pair.model[0]));
	for (size_t i = 0; i < n; i++)
		pair.model[at + i] = pair.next++;
	pair.n += n;
}

void
pair_insert(size_t at, size_t n)
{
	static struct buffer cells;
	struct tree_run run = pair_make_run(&cells, n);

	ck_assert_int_eq(tree_insert(&pair.tree, at, &run), 0);
	pair_note_insert(at, n);
}

void
pair_forget(size_t from, size_t to)
{
	memmove(pair.model + from, pair.model + to,
		(pair.n - to) * sizeof(pair.model[0]));
	pair.n -= to - from;
}

void
pair_take(size_t at)
{
	struct tree_cursor cursor;

	tree_seek(&pair.tree, at, &cursor);
	ck_assert(pair_stands_for(tree_peek(&cursor), pair.model[at]));
	if (pair_below(2))
		tree_remove_at(&pair.tree, &cursor);
	else
		tree_remove(&pair.tree, at);
	pair_forget(at, at + 1);
}

void
pair_replace(size_t at)
{
	static struct buffer cells;

	pair_make_run(&cells, 1);
	ck_assert(pair_stands_for(tree_get(&pair.tree, at), pair.model[at]));
	ck_assert_int_eq(tree_set(&pair.tree, at, buffer_span(&cells)), 0);
	pair.model[at] = pair.next++;
}

void
pair_cut(size_t from, size_t to)
{
	struct tree_waste waste = {};

	tree_remove_range(&pair.tree, from, to, &waste);
	pair_forget(from, to);
	while (!tree_waste_free(&pair.tree, &waste, 1 + pair_below(500)))
		;
}

/* The mixture and the seed of a loop. */
void
pair_init_for(int i)
{
	pair_init((enum mixture)(i % N_MIXTURES), (uint64_t)i + 1);
}

void
pair_drop_run(const struct tree_run *run)
{
	for (size_t i = 0, at = 0; i < run->n; i++) {
		const uint8_t *cell = run->cells + at;

		at += cell_size(cell);
		if (cell_is_outside(cell))
			pair_drop(&pair, cell_item(cell));
	}
}
