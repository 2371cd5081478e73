/*
 * Large values on their way out of the server: they arrive as they were when
 * they were asked for, whatever becomes of them meanwhile.
 */
#include <stdlib.h>

#include "proto/block.h"
#include "proto/value.h"
#include "server/core/item.h"
#include "tests/harness/check-main.h"
#include "tests/harness/inside.h"
#include "tests/harness/leak.h"

#define SIZE ((size_t)3 << 20)

static struct inside inside;
static struct raw slow;	 /* asks, and reads later */
static struct raw quick; /* changes things meanwhile */
static struct buffer big;
static struct buffer other; /* as large */
static struct buffer one;

static void
set_up(void)
{
	uint8_t *data = malloc(SIZE);

	leak_check_begin();
	inside_init(&inside, NULL);
	inside_open(&inside, &slow);
	inside_open(&inside, &quick);
	for (size_t i = 0; i < SIZE; i++)
		data[i] = (uint8_t)(i * 7 + (i >> 8) + (i >> 16));
	value_put_bytes(&big, span_make(data, SIZE));
	memset(data, 'x', SIZE);
	value_put_bytes(&other, span_make(data, SIZE));
	value_put_int(&one, 1);
	free(data);
}

static void
tear_down(void)
{
	buffer_deinit(&big);
	buffer_deinit(&other);
	buffer_deinit(&one);
	raw_deinit(&slow);
	raw_deinit(&quick);
	inside_deinit(&inside);
	block_forget();
	leak_check_end();
}

static void
change(uint64_t object, const char *method, struct span first,
       struct span second, size_t n)
{
	const struct span args[] = { first, second };

	ck_assert_int_eq(raw_call(&quick, object, method, args, n, 0).status,
			 0);
}

/* slow asks, and the server has answered as far as it can. */
static uint64_t
ask(uint64_t object, const char *method, struct span arg, size_t n)
{
	uint64_t id = raw_send_call(&slow, object, method, &arg, n, 0);

	raw_ping(&quick);
	raw_ping(&quick);
	return id;
}

static void
expect_big(uint64_t id)
{
	struct message_reply reply = raw_reply(&slow);

	ck_assert_uint_eq(reply.id, id);
	ck_assert_int_eq(reply.status, 0);
	ck_assert_uint_eq(reply.n_results, 1);
	ck_assert_bytes(reply.results[0], buffer_span(&big));
}

static uint64_t
shared(const char *type)
{
	uint64_t object = raw_open_object(&slow, type, "it");

	ck_assert_uint_eq(raw_open_object(&quick, type, "it"), object);
	return object;
}

START_TEST(item_of_a_dict_that_is_replaced_arrives_as_it_was)
{
	uint64_t dict = shared("dict"), id;
	struct span key = buffer_span(&one);

	change(dict, "set", key, buffer_span(&big), 2);
	id = ask(dict, "get", key, 1);
	change(dict, "set", key, buffer_span(&one), 2);
	/* for which its memory would be there */
	change(dict, "set", key, buffer_span(&other), 2);
	expect_big(id);
}
END_TEST

START_TEST(item_of_a_list_that_is_cleared_arrives)
{
	uint64_t list = shared("list"), id;
	struct buffer zero = BUFFER_INIT;

	value_put_int(&zero, 0);
	change(list, "append", buffer_span(&big), buffer_span(&one), 1);
	id = ask(list, "get", buffer_span(&zero), 1);
	change(list, "clear", buffer_span(&one), buffer_span(&one), 0);
	expect_big(id);
	buffer_deinit(&zero);
}
END_TEST

START_TEST(item_that_was_taken_out_of_a_queue_arrives)
{
	uint64_t queue = shared("queue"), id;

	change(queue, "put", buffer_span(&big), buffer_span(&one), 1);
	id = ask(queue, "get", buffer_span(&one), 0);
	change(queue, "qsize", buffer_span(&one), buffer_span(&one), 0);
	expect_big(id);
	ck_assert_int_eq(raw_call(&slow, queue, "qsize", NULL, 0, 0).status, 0);
}
END_TEST

START_TEST(answers_of_all_sizes_come_in_order)
{
	uint64_t dict = shared("dict");
	uint64_t ids[6];
	struct span key = buffer_span(&one);

	change(dict, "set", key, buffer_span(&big), 2);
	for (unsigned i = 0; i < 6; i++)
		ids[i] = raw_send_call(&slow, dict, i % 2 ? "len" : "get", &key,
				       i % 2 ? 0 : 1, 0);
	raw_ping(&quick);
	change(dict, "clear", key, key, 0);
	for (unsigned i = 0; i < 6; i++) {
		struct message_reply reply;

		if (i == 0) {
			expect_big(ids[i]);
			continue;
		}
		reply = raw_reply(&slow);
		ck_assert_uint_eq(reply.id, ids[i]);
	}
}
END_TEST

START_TEST(death_in_the_middle_of_an_answer_harms_nobody)
{
	uint64_t dict = shared("dict"), id;
	struct span key = buffer_span(&one);

	change(dict, "set", key, buffer_span(&big), 2);
	ask(dict, "get", key, 1);
	raw_deinit(&slow);
	inside_until_lanes(&inside, 1);
	inside_open(&inside, &slow);
	ck_assert_uint_eq(raw_open_object(&slow, "dict", "it"), dict);
	id = ask(dict, "get", key, 1);
	expect_big(id);
}
END_TEST

/* What comes before a value leaves it more or less room, or none. */
START_TEST(values_are_stored_behind_keys_of_any_length)
{
	uint64_t dict = shared("dict");
	char text[1100];

	memset(text, 'k', sizeof(text));
	for (size_t size = 940; size < 1040; size++) {
		struct buffer key = BUFFER_INIT;
		struct value_cursor keys;
		struct message_reply reply;
		struct value list;
		struct span first;

		text[0] = (char)('a' + size % 26);
		text[size - 1] = (char)('a' + size % 25);
		value_put_text(&key, span_make(text, size));
		change(dict, "set", buffer_span(&key), buffer_span(&big), 2);
		reply = raw_call(&quick, dict, "keys", NULL, 0, 0);
		list = value_decode(reply.results[0]);
		keys = value_items(&list);
		ck_assert(value_next(&keys, &first));
		ck_assert_bytes(first, buffer_span(&key));
		expect_big(ask(dict, "pop", buffer_span(&key), 1));
		buffer_deinit(&key);
	}
}
END_TEST

START_TEST(item_takes_the_block_that_is_offered)
{
	struct core *core = server_core(inside.server);
	size_t size = ITEM_OFFERED;
	uint8_t *block = block_alloc(ITEM_PLACE + size);
	struct span bytes = span_make(block + ITEM_PLACE, size);
	struct item *first, *second;

	memset(block + ITEM_PLACE, 'x', size);
	item_offer(core, block);
	first = item_make(core, bytes, false);
	second = item_make(core, bytes, false);
	ck_assert_ptr_eq(first->bytes, bytes.data);
	ck_assert_ptr_ne(second->bytes, bytes.data);
	item_free(core, first);
	/* it is there as long as the call is handled */
	ck_assert_bytes(bytes, item_span(second));
	item_end_offer(core, block);
	item_free(core, second);
}
END_TEST

START_TEST(item_does_not_take_a_block_that_is_much_larger)
{
	struct core *core = server_core(inside.server);
	size_t size = ITEM_OFFERED;
	uint8_t *block = block_alloc(2 * size);
	struct span bytes = span_make(block + ITEM_PLACE, size);
	struct item *item;

	memset(block, 'x', 2 * size);
	item_offer(core, block);
	item = item_make(core, bytes, false);
	ck_assert_ptr_ne(item->bytes, bytes.data);
	ck_assert_bytes(item_span(item), bytes);
	item_end_offer(core, block);
	item_free(core, item);
}
END_TEST

static Suite *
large_suite(void)
{
	Suite *suite = suite_create("large");
	TCase *tcase = tcase_create("large");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase,
		       item_of_a_dict_that_is_replaced_arrives_as_it_was);
	tcase_add_test(tcase, item_of_a_list_that_is_cleared_arrives);
	tcase_add_test(tcase, item_that_was_taken_out_of_a_queue_arrives);
	tcase_add_test(tcase, answers_of_all_sizes_come_in_order);
	tcase_add_test(tcase, death_in_the_middle_of_an_answer_harms_nobody);
	tcase_add_test(tcase, values_are_stored_behind_keys_of_any_length);
	tcase_add_test(tcase, item_takes_the_block_that_is_offered);
	tcase_add_test(tcase, item_does_not_take_a_block_that_is_much_larger);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return check_run(large_suite());
}
