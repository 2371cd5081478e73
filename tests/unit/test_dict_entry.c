/*
 * Entries of a dict whose values grow and shrink past every size at which
 * they are kept in another way, against a plain array.
 */
#include <stdlib.h>

#include "server/types/dict-entry.h"
#include "tests/harness/check-main.h"
#include "tests/harness/fault.h"
#include "tests/unit/one-object.h"

#define KEYS 12
#define LONGEST 400
#define HANDLE SIZE_MAX /* instead of a size: the value is a handle */

/* Round the sizes that fill a piece of memory, and round DICT_INSIDE, of which
 * tag and length take three bytes. */
static const size_t sizes[] = {
	0,   1,	  5,   6,   7,	 13,  14,  15,	16,  17,  21,	  22,  23,
	29,  30,  31,  32,  33,	 37,  38,  39,	100, 126, 127,	  128, 129,
	250, 251, 252, 253, 254, 255, 256, 257, 300, 400, HANDLE,
};

#define N_SIZES (sizeof(sizes) / sizeof(sizes[0]))

/* Keys of their own sizes, two of which lie outside of the entry. */
static const size_t key_sizes[KEYS] = { 1,  2,	 8,   12,  13,	14,
					15, 100, 252, 253, 254, 400 };

struct content {
	bool there;
	struct buffer bytes; /* canonical */
};

static struct content model[KEYS];
static struct buffer keys[KEYS];
static uint64_t seed;

static void
make_keys(void)
{
	char text[LONGEST];

	for (size_t i = 0; i < KEYS; i++) {
		memset(text, 'a' + (int)i, sizeof(text));
		value_put_text(&keys[i], span_make(text, key_sizes[i]));
	}
}

static void
setup(void)
{
	one_object_setup("dict");
	make_keys();
}

static void
teardown(void)
{
	for (size_t i = 0; i < KEYS; i++) {
		buffer_deinit(&keys[i]);
		buffer_deinit(&model[i].bytes);
		model[i] = (struct content){};
	}
	one_object_teardown();
}

static void
put_value(struct buffer *out, size_t size)
{
	char text[LONGEST];

	if (size == HANDLE) {
		value_put_handle(out, object, span_text("dict"));
		return;
	}
	memset(text, 'A' + (int)check_random_below(&seed, 26), sizeof(text));
	value_put_text(out, span_make(text, size));
}

static const char *
ask(const char *method, size_t key, const struct buffer *value)
{
	struct span args[2] = { buffer_span(&keys[key]) };

	if (value)
		args[1] = buffer_span(value);
	return world_answer(
		world_ask_raw(w, lane, object, method, args, value ? 2 : 1));
}

/* What get() answers for the value of a key. */
static void
assert_value(size_t key)
{
	struct buffer want = BUFFER_INIT;
	const char *answer = ask("get", key, NULL);

	if (!model[key].there) {
		ck_assert_str_eq(answer, "NOT_FOUND");
		return;
	}
	buffer_append_text(&want, "ok ");
	value_format(&want, buffer_span(&model[key].bytes), SIZE_MAX);
	buffer_append(&want, "", 1);
	ck_assert_str_eq(answer, (const char *)want.data);
	buffer_deinit(&want);
}

static void
random_step(void)
{
	size_t key = check_random_below(&seed, KEYS);
	struct content *content = &model[key];

	if (check_random_below(&seed, 6) == 0) {
		ck_assert_str_eq(ask("delete", key, NULL),
				 content->there ? "ok" : "NOT_FOUND");
		content->there = false;
	} else {
		buffer_clear(&content->bytes);
		put_value(&content->bytes,
			  sizes[check_random_below(&seed, N_SIZES)]);
		content->there = true;
		ck_assert_str_eq(ask("set", key, &content->bytes), "ok");
	}
	world_forget();
	assert_value(key);
}

START_TEST(entries_hold_values_of_any_size)
{
	size_t before = core_memory_used(w->core);

	seed = check_seed((uint64_t)_i + 1);
	for (int i = 0; i < 1500; i++) {
		random_step();
		if (i % 10 == 0)
			for (size_t key = 0; key < KEYS; key++)
				assert_value(key);
		world_forget();
	}
	ASSERT_CALL("ok", "clear", "%s", "");
	ck_assert_uint_eq(core_memory_used(w->core), before);
}
END_TEST

/* From every size to every other, and back. */
START_TEST(values_of_any_size_replace_each_other)
{
	size_t key = (size_t)_i;

	for (size_t i = 0; i < N_SIZES; i++)
		for (size_t j = 0; j < N_SIZES; j++)
			for (int back = 0; back < 2; back++) {
				buffer_clear(&model[key].bytes);
				put_value(&model[key].bytes,
					  sizes[back ? i : j]);
				model[key].there = true;
				ask("set", key, &model[key].bytes);
				assert_value(key);
				world_forget();
			}
}
END_TEST

static unsigned fail_at;

static void
before(void)
{
	fault_fail_at(fail_at);
}

/* Without memory the old value stays. */
START_TEST(values_stay_when_memory_runs_out)
{
	size_t key = (size_t)_i;
	struct buffer value = BUFFER_INIT;
	const char *answer;

	for (size_t i = 0; i < N_SIZES; i++)
		for (size_t j = 0; j < N_SIZES; j++) {
			buffer_clear(&model[key].bytes);
			put_value(&model[key].bytes, sizes[i]);
			model[key].there = true;
			ask("set", key, &model[key].bytes);
			buffer_clear(&value);
			put_value(&value, sizes[j]);
			for (fail_at = 1;; fail_at++) {
				w->before = before;
				w->after = fault_reset;
				answer = ask("set", key, &value);
				w->before = w->after = NULL;
				if (strcmp(answer, "NO_MEMORY") != 0)
					break;
				assert_value(key);
			}
			ck_assert_str_eq(answer, "ok");
			world_forget();
		}
	buffer_deinit(&value);
}
END_TEST

static Suite *
dict_entry_suite(void)
{
	Suite *suite = suite_create("dict_entry");
	TCase *tcase = tcase_create("dict_entry");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, entries_hold_values_of_any_size, 0, 5);
	tcase_add_loop_test(tcase, values_of_any_size_replace_each_other, 0,
			    KEYS);
	tcase_add_loop_test(tcase, values_stay_when_memory_runs_out, 0, KEYS);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(dict_entry_suite());
}
