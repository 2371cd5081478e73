/*
 * Calls drawn at random. See story.h.
 *
 * What each letter of a method's arguments stands for:
 *	v value  k key  i index  I index or nil  n number  b bool  c count
 *	l list   L list or handle of one   m map of numbers
 *	D map, list of pairs, or handle of a dict
 *	|  from here on by chance
 */
#include "tests/model/story.h"

#include <stdio.h>
#include <string.h>

/* Objects larger than that are not made longer. */
#define LARGE 18

struct way {
	const char *method;
	const char *args;
	bool grows;
};

static const struct way list_ways[] = {
	{ "append", "v", true },
	{ "append", "v", true },
	{ "extend", "L", true },
	{ "insert", "iv", true },
	{ "get", "i", false },
	{ "set", "iv", false },
	{ "delete", "i", false },
	{ "pop", "|i", false },
	{ "remove", "v", false },
	{ "index", "v|II", false },
	{ "count", "v", false },
	{ "contains", "v", false },
	{ "len", "", false },
	{ "slice", "|III", false },
	{ "slice_set", "IIIl", true },
	{ "slice_delete", "|III", false },
	{ "reverse", "", false },
	{ "sort", "|b", false },
	{ "clear", "", false },
	{ "copy", "", false },
	{ "concat", "L", false },
	{ "repeat", "c", true },
	{ "repeat_in_place", "c", true },
	{ "extend", "v", true },
	{ NULL, NULL, false },
};

static const struct way dict_ways[] = {
	{ "get", "k", false },	      { "get_default", "kv", false },
	{ "set", "kv", true },	      { "set", "kv", true },
	{ "delete", "k", false },     { "contains", "k", false },
	{ "len", "", false },	      { "keys", "", false },
	{ "values", "", false },      { "items", "", false },
	{ "pop", "k|v", false },      { "popitem", "", false },
	{ "setdefault", "kv", true }, { "update", "D", true },
	{ "update", "v", true },      { "clear", "", false },
	{ "copy", "", false },	      { "add", "kn", true },
	{ "add_many", "m", true },    { "compare_and_set", "kvv", true },
	{ "top", "c", false },	      { "add", "kn", true },
	{ NULL, NULL, false },
};

static const struct way queue_ways[] = {
	{ "put", "v", true },	   { "put", "v", true },
	{ "put", "v", true },	   { "put", "v", true },
	{ "put", "v", true },	   { "get", "", false },
	{ "get", "", false },	   { "get", "", false },
	{ "put_many", "l", true }, { "get_many", "c", false },
	{ "qsize", "", false },	   { "empty", "", false },
	{ "full", "", false },	   { "task_done", "|c", false },
	{ "join", "", false },	   { "is_closed", "", false },
	{ "close", "|b", false },  { NULL, NULL, false },
};

static const struct way lock_ways[] = {
	{ "acquire", "", false }, { "acquire", "", false },
	{ "release", "", false }, { "release", "", false },
	{ "locked", "", false },  { "holder", "", false },
	{ NULL, NULL, false },
};

static const struct way *const ways[M_TYPES] = { list_ways, dict_ways,
						 queue_ways, lock_ways };

/* --- chance --- */

size_t
story_below(struct story *story, size_t n)
{
	uint64_t z = story->state += 0x9e3779b97f4a7c15u; /* splitmix64 */

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (size_t)((z ^ z >> 31) % n);
}

int
story_lane(struct story *story, const struct model *m)
{
	int lane;

	do
		lane = (int)story_below(story, (size_t)m->n_lanes);
	while (!m->lanes[lane].open);
	return lane;
}

static const char *
one_of(struct story *story, const char *const *values)
{
	size_t n = 0;

	while (values[n])
		n++;
	return values[story_below(story, n)];
}

/* An object the lane may use, mostly, and of that type, if it is not -1. */
static int
object_for(struct story *story, const struct model *m, int type)
{
	const long *refs = m->sessions[m->lanes[story->lane].session].refs;
	size_t n = (size_t)m->n_objects, tries = story_below(story, 50);
	int object;

	for (;;) {
		object = (int)story_below(story, n);
		if (tries-- == 0 ||
		    (refs[object] > 0 &&
		     (type < 0 || (int)m->objects[object].type == type)))
			return object;
	}
}

/* --- arguments --- */

static void
add(struct story *story, const char *value)
{
	m_insert(&story->args, story->args.n, value);
}

static void
add_handle(struct story *story, const struct model *m, int type)
{
	int object;
	char text[M_VALUE];

	if (m->n_objects == 0) {
		add(story, "[]");
		return;
	}
	object = object_for(story, m, type);
	snprintf(text, sizeof(text), "<%s %llu>",
		 m_type_names[m->objects[object].type],
		 (unsigned long long)m->objects[object].id);
	add(story, text);
}

static const char *
scalar(struct story *story)
{
	static const char *const values[] = {
		"nil",	 "true",  "false",  "0",
		"1",	 "2",	  "-1",	    "7",
		"1.0",	 "1.5",	  "-3",	    "\"\"",
		"\"a\"", "\"b\"", "\"ab\"", "9223372036854775807",
		NULL
	};

	return one_of(story, values);
}

static void
add_value(struct story *story, const struct model *m)
{
	size_t what = story_below(story, 12);

	if (what == 0)
		add_handle(story, m, -1);
	else if (what == 1)
		add(story, story_below(story, 2) ? "[]" : "[7]");
	else
		add(story, scalar(story));
}

static const char *
key(struct story *story)
{
	static const char *const keys[] = { "\"a\"", "\"b\"", "\"c\"", "1",
					    "1.0",   "true",  "nil",   "2",
					    "-1",    "\"\"",  NULL };

	return one_of(story, keys);
}

static void
add_list(struct story *story)
{
	struct m_values list = {};
	char text[M_VALUE] = "[";
	size_t n = story_below(story, 5);

	for (size_t i = 0; i < n; i++) {
		const char *value = scalar(story);

		if (strlen(text) + strlen(value) > M_VALUE - 4)
			break;
		m_insert(&list, list.n, value);
		if (i)
			strcat(text, ", ");
		strcat(text, value);
	}
	strcat(text, "]");
	add(story, text);
}

static void
add_map(struct story *story, bool pairs)
{
	static const char *const numbers[] = { "1", "-1",   "0.5",
					       "2", "true", NULL };
	char text[M_VALUE];
	/* in the order of the keys, as in a map */
	const char *first = story_below(story, 2) ? "1" : "2";
	const char *second = story_below(story, 2) ? "\"a\"" : "\"b\"";

	if (pairs)
		snprintf(text, sizeof(text), "[[%s, %s], [%s, %s]]", second,
			 scalar(story), first, one_of(story, numbers));
	else
		snprintf(text, sizeof(text), "{%s: %s, %s: %s}", first,
			 one_of(story, numbers), second,
			 one_of(story, numbers));
	add(story, text);
}

static void
add_argument(struct story *story, const struct model *m, char letter)
{
	static const char *const indexes[] = { "0",   "1",   "2", "-1",
					       "-2",  "3",   "5", "17",
					       "-18", "100", NULL };
	static const char *const counts[] = { "1", "1",	 "0", "2",
					      "3", "-1", NULL };
	static const char *const numbers[] = { "1",   "1",  "-1", "0.5",
					       "1.5", "10", NULL };

	switch (letter) {
	case 'v':
		add_value(story, m);
		break;
	case 'k':
		add(story, key(story));
		break;
	case 'I':
		if (story_below(story, 3) == 0) {
			add(story, "nil");
			break;
		}
		/* fall through */
	case 'i':
		add(story, one_of(story, indexes));
		break;
	case 'n':
		add(story, one_of(story, numbers));
		break;
	case 'b':
		add(story, story_below(story, 2) ? "true" : "false");
		break;
	case 'c':
		add(story, one_of(story, counts));
		break;
	case 'l':
		add_list(story);
		break;
	case 'm':
		add_map(story, false);
		break;
	case 'L':
	case 'D':
		if (story_below(story, 2))
			add_handle(story, m, letter == 'L' ? M_LIST : M_DICT);
		else if (letter == 'L')
			add_list(story);
		else
			add_map(story, story_below(story, 2));
		break;
	}
}

static void
add_arguments(struct story *story, const struct model *m, const char *letters)
{
	bool chance = false;

	story->args.n = 0;
	for (; *letters; letters++) {
		if (*letters == '|')
			chance = true;
		else if (chance && story_below(story, 3) == 0)
			return;
		else
			add_argument(story, m, *letters);
	}
}

/* --- calls --- */

/* How handles are ordered is not promised. */
static bool
has_handles(const struct m_object *object)
{
	for (int i = 0; i < object->items.n; i++)
		if (object->items.v[i][0] == '<')
			return true;
	for (int i = 0; i < object->values.n; i++)
		if (object->values.v[i][0] == '<')
			return true;
	return false;
}

/* How much the call may add to the object. */
static int
size_after(const struct story *story, const struct model *m)
{
	const struct m_object *object = &m->objects[story->object];
	int other = story->args.n ? m_handle(m, story->args.v[0]) : -1;

	if (strncmp(story->method, "repeat", 6) == 0)
		return object->items.n * 3;
	return object->items.n + (other >= 0 ? m->objects[other].items.n : 4);
}

bool
story_call(struct story *story, const struct model *m)
{
	const struct m_object *object;
	const struct way *way;
	size_t n = 1; /* there is one at least */

	story->lane = story_lane(story, m);
	story->object = object_for(story, m, -1);
	object = &m->objects[story->object];
	while (ways[object->type][n].method)
		n++;
	way = &ways[object->type][story_below(story, n)];
	/* a queue once closed tells no more stories */
	if (strcmp(way->method, "close") == 0 && story_below(story, 4))
		return false;
	story->method = way->method;
	add_arguments(story, m, way->args);
	story->timeout = -1;
	if (story_below(story, 2))
		story->timeout = (int64_t)story_below(story, 3) * 7;
	if (way->grows && size_after(story, m) > LARGE) {
		if (object->type == M_QUEUE)
			return false;
		story->method = "clear";
		story->args.n = 0;
	}
	return !has_handles(object) || (strcmp(story->method, "sort") != 0 &&
					strcmp(story->method, "top") != 0);
}

bool
story_make(struct story *story, const struct model *m)
{
	static const char *const letters[M_TYPES] = { "|l", "|D", "|c", "" };

	if (m->n_objects == M_OBJECTS)
		return false;
	story->lane = story_lane(story, m);
	story->type = (enum m_type)story_below(story, M_TYPES);
	story->name = (int)story_below(story, M_NAMES + 2);
	if (story->name >= M_NAMES)
		story->name = -1;
	if (story->name >= 0 && story_below(story, 10))
		story->type = (enum m_type)(story->name % M_TYPES);
	add_arguments(story, m, letters[story->type]);
	if (story->type == M_DICT && story->args.n &&
	    story->args.v[0][0] == '<')
		story->args.n = 0;
	return true;
}
