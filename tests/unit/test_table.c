/* The ordered hash table, against a plain list. */
#include <stdlib.h>

#include "mproxy/error.h"
#include "server/containers/table.h"
#include "tests/harness/check-main.h"
#include "tests/harness/fault.h"

/* Keys are small numbers from 1 on; data is a key and, above it, a value. The
 * model is the data in order. */
#define KEYS 6000
#define KEY(data) ((uintptr_t)(data)&0xffff)

struct pair {
	struct table table;
	uintptr_t order[KEYS];
	uint64_t sequences[KEYS];
	size_t n;
	bool bad_hash; /* many keys share one */
	bool short_of_memory;
	uint64_t seed;
};

static struct pair pair;

static bool
matches(const void *data, const void *probe)
{
	return KEY(data) == KEY(probe);
}

static void
pair_init(uint64_t seed)
{
	pair = (struct pair){ .seed = seed };
	table_init(&pair.table, matches);
}

static size_t
below(size_t n)
{
	return check_random_below(&pair.seed, n);
}

static uint64_t
hash_of(uintptr_t key)
{
	uint64_t state = pair.bad_hash ? key / 50 : key;

	return check_random(&state);
}

static struct table_entry *
find(uintptr_t key)
{
	return table_find(&pair.table, hash_of(key), (void *)key);
}

/* Where the model has a key; n: nowhere. */
static size_t
position(uintptr_t key)
{
	size_t i = 0;

	while (i < pair.n && KEY(pair.order[i]) != key)
		i++;
	return i;
}

static bool
add(uintptr_t key, uintptr_t value)
{
	uintptr_t data = key | value << 16;
	uint64_t sequence = pair.table.sequence;

	if (!table_add(&pair.table, hash_of(key), (void *)data))
		return false;
	pair.order[pair.n] = data;
	pair.sequences[pair.n++] = sequence;
	return true;
}

static void
take(size_t at)
{
	table_remove(&pair.table, find(KEY(pair.order[at])));
	pair.n--;
	memmove(pair.order + at, pair.order + at + 1,
		(pair.n - at) * sizeof(pair.order[0]));
	memmove(pair.sequences + at, pair.sequences + at + 1,
		(pair.n - at) * sizeof(pair.sequences[0]));
}

static void
assert_same(uint64_t seed)
{
	const char *wrong = table_check(&pair.table);
	const struct table_entry *last = table_last(&pair.table);
	struct table_cursor cursor;

	ck_assert_msg(!wrong, "seed %llu: %s", (unsigned long long)seed, wrong);
	ck_assert_uint_eq(pair.table.n, pair.n);
	ck_assert_ptr_eq(last ? last->data : NULL,
			 pair.n ? (void *)pair.order[pair.n - 1] : NULL);
	table_seek(&pair.table, 0, &cursor);
	for (size_t i = 0; i < pair.n; i++) {
		const struct table_entry *entry = table_next(&cursor);

		if (!entry || entry->data != (void *)pair.order[i] ||
		    table_sequence(&cursor) != pair.sequences[i] ||
		    find(KEY(pair.order[i])) != entry)
			ck_abort_msg("seed %llu: entry %zu differs",
				     (unsigned long long)seed, i);
	}
	ck_assert_ptr_null(table_next(&cursor));
}

/* Seeking any number finds the first entry that has no smaller one. */
static void
assert_seeks(void)
{
	uint64_t sequence = below((size_t)pair.table.sequence + 2);
	const struct table_entry *entry;
	struct table_cursor cursor;
	size_t i = 0;

	while (i < pair.n && pair.sequences[i] < sequence)
		i++;
	table_seek(&pair.table, sequence, &cursor);
	entry = table_next(&cursor);
	ck_assert_ptr_eq(entry ? entry->data : NULL,
			 i < pair.n ? (void *)pair.order[i] : NULL);
}

static void
clear(void)
{
	while (!table_clear_some(&pair.table, 100, NULL, NULL))
		;
	pair.n = 0;
}

static void
random_step(unsigned growth)
{
	uintptr_t key = 1 + below(KEYS - 1);
	size_t at = position(key);

	if (at < pair.n) {
		take(at);
	} else if (below(10) < growth) {
		ck_assert_ptr_null(find(key));
		ck_assert(add(key, below(1000)));
	} else if (pair.n > 0) {
		/* from the ends, too */
		at = below(3);
		at = at == 0 ? 0 : at == 1 ? pair.n - 1 : below(pair.n);
		/* gaps may be closed or not */
		if (pair.short_of_memory && below(2))
			fault_fail_from(1);
		take(at);
		fault_reset();
	}
}

START_TEST(table_behaves_as_a_list_of_pairs)
{
	uint64_t seed = check_seed((uint64_t)_i + 1);

	pair_init(seed);
	pair.bad_hash = _i % 4 == 3;
	pair.short_of_memory = _i % 3 == 2;
	for (int round = 0; round < 40; round++) {
		unsigned growth = (unsigned)below(11);

		for (int i = 0; i < 300; i++)
			random_step(growth);
		assert_same(seed);
		for (int i = 0; i < 10; i++)
			assert_seeks();
		if (below(15) == 0)
			clear();
	}
	clear();
	ck_assert_ptr_null(pair.table.segments);
}
END_TEST

/* Walks a few entries at a time while others come and go. */
START_TEST(table_walk_sees_once_what_stays)
{
	static unsigned seen[KEYS];
	const struct table_entry *entry;
	struct table_cursor cursor;
	uint64_t next = 0;

	pair_init((uint64_t)_i + 1);
	memset(seen, 0, sizeof(seen));
	for (uintptr_t key = 1; key < 3000; key++)
		add(key, 0);
	do {
		table_seek(&pair.table, next, &cursor);
		for (int i = 0; i < 10 && (entry = table_next(&cursor)); i++) {
			seen[KEY(entry->data)]++;
			next = table_sequence(&cursor) + 1;
		}
		/* keys that are divisible by seven stay */
		for (int i = 0; i < 30; i++) {
			uintptr_t key = 1 + below(2999);

			if (key % 7 == 0)
				continue;
			if (find(key))
				take(position(key));
			else if (below(4) == 0)
				add(key, 0);
		}
		ck_assert_ptr_null(table_check(&pair.table));
	} while (entry);
	for (uintptr_t key = 7; key < 3000; key += 7)
		ck_assert_uint_eq(seen[key], 1);
	clear();
}
END_TEST

START_TEST(table_sequence_goes_on_after_clear)
{
	struct table_cursor cursor;

	pair_init(1);
	for (uintptr_t key = 1; key <= 10; key++)
		add(key, 0);
	clear();
	add(1, 0);
	table_seek(&pair.table, 0, &cursor);
	ck_assert_ptr_nonnull(table_next(&cursor));
	ck_assert_uint_eq(table_sequence(&cursor), 10);
	clear();
}
END_TEST

START_TEST(table_gives_memory_back_as_it_shrinks)
{
	pair_init(1);
	for (uintptr_t key = 1; key < KEYS; key++)
		add(key, 0);
	ck_assert_uint_ge(pair.table.n_segments, 20);
	while (pair.n > 100)
		take(below(pair.n));
	assert_same(1);
	ck_assert_uint_le(pair.table.n_segments, 3);
	ck_assert_uint_le(pair.table.n_buckets, 250);
	clear();
}
END_TEST

START_TEST(table_stays_small_when_one_key_comes_and_goes)
{
	pair_init(1);
	add(1, 0);
	add(2, 0);
	for (int i = 0; i < 10000; i++) {
		add(3, 0);
		take(2);
		take(1);
		add(2, 0);
	}
	assert_same(1);
	ck_assert_uint_le(pair.table.n_segments, 2);
	clear();
}
END_TEST

/* The newest comes and goes: its places are used again, its numbers are not. */
START_TEST(table_stays_small_when_the_last_comes_and_goes)
{
	static const size_t sizes[] = { 0, 1, 3, 4, 190, 192, 193, 255, 256 };
	size_t n = sizes[_i];

	pair_init(1);
	for (uintptr_t key = 1; key <= n; key++)
		add(key, 0);
	for (int i = 0; i < 2000; i++) {
		add(n + 1, 0);
		assert_same(1);
		take(pair.n - 1);
	}
	assert_same(1);
	ck_assert_uint_le(pair.table.n_segments, 1 + n / 200);
	clear();
}
END_TEST

START_TEST(table_add_fails_cleanly_without_memory)
{
	unsigned n = 1;

	pair_init(1);
	for (uintptr_t key = 1; key < 2000; n++) {
		bool added;

		fault_fail_at(n % 3 + 1);
		added = add(key, 0);
		fault_reset();
		if (added)
			key++;
		else
			assert_same(1);
	}
	assert_same(1);
	clear();
}
END_TEST

START_TEST(table_adds_what_was_reserved_without_memory)
{
	static const size_t begin[] = { 0, 3, 4, 255, 256, 1000 };

	for (size_t i = 0; i < 6; i++) {
		uintptr_t key;
		unsigned n = 1;
		int code;

		pair_init(1);
		for (key = 1; key <= begin[i]; key++)
			add(key, 0);
		do {
			fault_fail_at(n++);
			code = table_reserve(&pair.table, 2000);
			fault_reset();
			assert_same(1);
		} while (code < 0);
		ck_assert_uint_gt(n, 5);
		fault_fail_from(1);
		for (; key <= begin[i] + 2000; key++)
			if (!add(key, 0))
				break;
		fault_reset();
		ck_assert_uint_eq(pair.n, begin[i] + 2000);
		assert_same(1);
		table_trim(&pair.table);
		assert_same(1);
		clear();
	}
}
END_TEST

static size_t n_dropped;

static void
drop(void *context, void *data)
{
	ck_assert_ptr_null(context);
	ck_assert_ptr_nonnull(data);
	n_dropped++;
}

START_TEST(table_clears_a_little_at_a_time)
{
	size_t before = 0;

	pair_init(1);
	for (uintptr_t key = 1; key < 3000; key++)
		add(key, 0);
	for (size_t i = 0; i < 500; i++)
		take(below(pair.n));
	while (!table_clear_some(&pair.table, 70, drop, NULL)) {
		ck_assert_uint_le(n_dropped - before, 70);
		ck_assert_uint_eq(pair.table.n, pair.n - n_dropped);
		before = n_dropped;
	}
	ck_assert_uint_eq(n_dropped, pair.n);
}
END_TEST

static Suite *
table_suite(void)
{
	Suite *suite = suite_create("table");
	TCase *tcase = tcase_create("table");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, table_behaves_as_a_list_of_pairs, 0, 20);
	tcase_add_loop_test(tcase, table_walk_sees_once_what_stays, 0, 10);
	tcase_add_test(tcase, table_sequence_goes_on_after_clear);
	tcase_add_test(tcase, table_gives_memory_back_as_it_shrinks);
	tcase_add_test(tcase, table_stays_small_when_one_key_comes_and_goes);
	tcase_add_loop_test(
		tcase, table_stays_small_when_the_last_comes_and_goes, 0, 9);
	tcase_add_test(tcase, table_add_fails_cleanly_without_memory);
	tcase_add_test(tcase, table_adds_what_was_reserved_without_memory);
	tcase_add_test(tcase, table_clears_a_little_at_a_time);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(table_suite());
}
