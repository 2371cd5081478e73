/*
 * Lists and dicts. See model.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/model/model.h"

static char reply[M_TEXT];

static bool
is(const char *method, const char *name)
{
	return strcmp(method, name) == 0;
}

static bool
is_one_of(const char *method, const char *names)
{
	size_t size = strlen(method);

	for (; names; names = strchr(names, ' ')) {
		names += *names == ' ';
		if (strncmp(names, method, size) == 0 &&
		    (names[size] == ' ' || names[size] == '\0'))
			return true;
	}
	return false;
}

static const char *
ok(const char *value)
{
	snprintf(reply, sizeof(reply), "ok %.*s", M_TEXT - 4, value);
	return reply;
}

static const char *
ok_number(long long n)
{
	snprintf(reply, sizeof(reply), "ok %lld", n);
	return reply;
}

static const char *
ok_list(const struct m_values *values)
{
	static char text[M_TEXT];

	m_print(text, values);
	return ok(text);
}

/* --- list --- */

/* A list value or the list of a handle; false: neither. */
static bool
list_of(const struct model *m, const char *value, struct m_values *out)
{
	int other = m_handle(m, value);

	if (*value == '[')
		m_parse(out, value);
	else if (other >= 0 && m->objects[other].type == M_LIST)
		*out = m->objects[other].items;
	else
		return false;
	return true;
}

/* What Python's slice(a, b, c).indices(n) gives. */
struct slice {
	int start, step, n;
};

static int
bound(const char *value, int n, int low, int high, int otherwise)
{
	long i;

	if (!value || is(value, "nil"))
		return otherwise;
	i = atol(value);
	if (i < 0)
		i += n;
	return i < low ? low : i > high ? high : (int)i;
}

static const char *
arg(const struct m_values *args, int i)
{
	return i < args->n ? args->v[i] : NULL;
}

static struct slice
slice_of(const struct m_values *args, int n)
{
	struct slice slice;
	int stop;

	slice.step = bound(arg(args, 2), 0, -1000, 1000, 1);
	if (slice.step > 0) {
		slice.start = bound(arg(args, 0), n, 0, n, 0);
		stop = bound(arg(args, 1), n, 0, n, n);
	} else {
		slice.start = bound(arg(args, 0), n, -1, n - 1, n - 1);
		stop = bound(arg(args, 1), n, -1, n - 1, -1);
	}
	slice.n = 0;
	for (int i = slice.start;
	     slice.step > 0 ? i < stop : slice.step < 0 && i > stop;
	     i += slice.step)
		slice.n++;
	return slice;
}

static const char *
list_slice(struct m_values *list, const char *method,
	   const struct m_values *args)
{
	struct slice slice = slice_of(args, list->n);
	struct m_values out = {}, fresh;

	if (slice.step == 0)
		return "INVALID";
	for (int i = 0; i < slice.n; i++)
		m_insert(&out, i, list->v[slice.start + i * slice.step]);
	if (is(method, "slice"))
		return ok_list(&out);
	if (is(method, "slice_delete")) {
		for (int i = 0; i < slice.n; i++) {
			int k = slice.step < 0 ? i : slice.n - 1 - i;

			m_remove(list, slice.start + k * slice.step);
		}
		return "ok";
	}
	m_parse(&fresh, args->v[3]);
	if (slice.step != 1 && fresh.n != slice.n)
		return "INVALID";
	for (int i = 0; i < slice.n && slice.step == 1; i++)
		m_remove(list, slice.start);
	for (int i = 0; i < fresh.n; i++) {
		if (slice.step == 1)
			m_insert(list, slice.start + i, fresh.v[i]);
		else
			strcpy(list->v[slice.start + i * slice.step],
			       fresh.v[i]);
	}
	return "ok";
}

/* The simplest stable sort there is. */
static void
sort(struct m_values *list, bool descending)
{
	int sign = descending ? -1 : 1;
	char value[M_VALUE];

	for (int i = 1; i < list->n; i++) {
		int k = i;

		strcpy(value, list->v[i]);
		while (k > 0 && m_compare(list->v[k - 1], value) * sign > 0)
			k--;
		m_remove(list, i);
		m_insert(list, k, value);
	}
}

/* Methods with an index as their first argument. */
static const char *
list_indexed(struct m_values *list, const char *method,
	     const struct m_values *args)
{
	long i = args->n ? atol(args->v[0]) : -1;

	if (is(method, "insert")) {
		m_insert(list, bound(args->v[0], list->n, 0, list->n, 0),
			 args->v[1]);
		return "ok";
	}
	if (is(method, "pop") && list->n == 0)
		return "EMPTY";
	if (i < 0)
		i += list->n;
	if (i < 0 || i >= list->n)
		return "RANGE";
	if (is(method, "set")) {
		strcpy(list->v[i], args->v[1]);
		return "ok";
	}
	ok(list->v[i]);
	if (is(method, "get"))
		return reply;
	m_remove(list, (int)i);
	return is(method, "pop") ? reply : "ok";
}

static const char *
list_search(struct m_values *list, const char *method,
	    const struct m_values *args)
{
	int start = bound(arg(args, 1), list->n, 0, list->n, 0), n = 0;
	int stop = bound(arg(args, 2), list->n, 0, list->n, list->n);
	int first = -1;

	for (int i = stop - 1; i >= start; i--) {
		if (!is(list->v[i], args->v[0]))
			continue;
		first = i;
		n++;
	}
	if (is(method, "count"))
		return ok_number(n);
	if (is(method, "contains"))
		return n ? "ok true" : "ok false";
	if (n == 0)
		return "NOT_FOUND";
	if (is(method, "index"))
		return ok_number(first);
	m_remove(list, first); /* remove */
	return "ok";
}

/* Methods that make the list, or a copy of it, longer. */
static const char *
list_longer(const struct model *m, struct m_values *list, const char *method,
	    const struct m_values *args)
{
	struct m_values out = *list, more = {};
	long times;

	if (is(method, "append")) {
		m_insert(list, list->n, args->v[0]);
		return "ok";
	}
	if (strncmp(method, "repeat", 6) == 0) {
		out.n = 0;
		for (times = atol(args->v[0]); times > 0; times--)
			for (int i = 0; i < list->n; i++)
				m_insert(&out, out.n, list->v[i]);
	} else {
		if (!list_of(m, args->v[0], &more))
			return "TYPE";
		for (int i = 0; i < more.n; i++)
			m_insert(&out, out.n, more.v[i]);
	}
	if (is(method, "concat") || is(method, "repeat"))
		return ok_list(&out);
	*list = out;
	return "ok";
}

const char *
model_list(struct model *m, struct m_object *object, const char *method,
	   const struct m_values *args)
{
	struct m_values *list = &object->items;
	char value[M_VALUE];

	if (is_one_of(method, "get set delete insert pop"))
		return list_indexed(list, method, args);
	if (is_one_of(method, "slice slice_set slice_delete"))
		return list_slice(list, method, args);
	if (is_one_of(method, "append extend concat repeat repeat_in_place"))
		return list_longer(m, list, method, args);
	if (is(method, "len"))
		return ok_number(list->n);
	if (is(method, "copy"))
		return ok_list(list);
	if (is(method, "clear")) {
		list->n = 0;
	} else if (is(method, "sort")) {
		sort(list, args->n && is(args->v[0], "true"));
	} else if (is(method, "reverse")) {
		for (int i = 0; i < list->n; i++) {
			strcpy(value, list->v[i]);
			m_remove(list, i);
			m_insert(list, 0, value);
		}
	} else {
		return list_search(list, method, args);
	}
	return "ok";
}

/* --- dict --- */

static void
set(struct m_object *dict, const char *key, const char *value)
{
	int i = m_find(&dict->items, key);

	if (i < 0) {
		i = dict->items.n;
		m_insert(&dict->items, i, key);
		m_insert(&dict->values, i, value);
	} else {
		strcpy(dict->values.v[i], value);
	}
}

static void
unset(struct m_object *dict, int i)
{
	m_remove(&dict->items, i);
	m_remove(&dict->values, i);
}

/* [k, v] of each, in an order; most of them. */
static const char *
ok_items(const struct m_object *dict, const int *order, int most)
{
	size_t n = (size_t)sprintf(reply, "ok [");

	for (int i = 0; i < dict->items.n && i < most; i++)
		n += (size_t)snprintf(reply + n, M_TEXT - n, "%s[%s, %s]",
				      i ? ", " : "",
				      dict->items.v[order ? order[i] : i],
				      dict->values.v[order ? order[i] : i]);
	snprintf(reply + n, M_TEXT - n, "]");
	return reply;
}

/* Places in the order of their keys, or of their values, largest first. */
static void
order_by(const struct m_object *dict, bool values, int order[M_VALUES])
{
	for (int i = 0; i < dict->items.n; i++) {
		int k = i;

		for (; k > 0; k--) {
			int c = values ? m_compare(dict->values.v[i],
						   dict->values.v[order[k - 1]])
				       : m_compare(dict->items.v[order[k - 1]],
						   dict->items.v[i]);
			if (c <= 0)
				break;
			order[k] = order[k - 1];
		}
		order[k] = i;
	}
}

static const char *
dict_copy(const struct m_object *dict)
{
	size_t n = (size_t)sprintf(reply, "ok {");
	int order[M_VALUES] = { 0 };

	order_by(dict, false, order);
	for (int i = 0; i < dict->items.n; i++)
		n += (size_t)snprintf(reply + n, M_TEXT - n, "%s%s: %s",
				      i ? ", " : "", dict->items.v[order[i]],
				      dict->values.v[order[i]]);
	snprintf(reply + n, M_TEXT - n, "}");
	return reply;
}

static const char *
dict_update(const struct model *m, struct m_object *dict, const char *value)
{
	int from = m_handle(m, value);
	struct m_values parts, pair;

	if (from >= 0) {
		if (m->objects[from].type != M_DICT)
			return "TYPE";
		if (&m->objects[from] == dict)
			return "ok";
		for (int i = 0; i < m->objects[from].items.n; i++)
			set(dict, m->objects[from].items.v[i],
			    m->objects[from].values.v[i]);
		return "ok";
	}
	if (*value != '[' && *value != '{')
		return "TYPE";
	m_parse(&parts, value);
	for (int i = 0; *value == '[' && i < parts.n; i++)
		if (parts.v[i][0] != '[')
			return "TYPE"; /* before anything is changed */
	for (int i = 0; *value == '{' && i < parts.n; i += 2)
		set(dict, parts.v[i], parts.v[i + 1]);
	for (int i = 0; *value == '[' && i < parts.n; i++) {
		m_parse(&pair, parts.v[i]);
		set(dict, pair.v[0], pair.v[1]);
	}
	return "ok";
}

/* The sum as text, or a code. */
static const char *
sum_of(const struct m_object *dict, const char *key, const char *by)
{
	int i = m_find(&dict->items, key);
	const char *old = i < 0 ? "0" : dict->values.v[i];
	static char text[M_VALUE];
	long long n;
	double x;

	if (!m_is_number(old) || !m_is_number(by))
		return "TYPE";
	if (!strpbrk(old, ".e") && !strpbrk(by, ".e")) {
		if (__builtin_add_overflow(atoll(old), atoll(by), &n))
			return "RANGE";
		snprintf(text, sizeof(text), "%lld", n);
		return text;
	}
	x = strtod(old, NULL) + strtod(by, NULL);
	/* only halves are added, and the largest integer */
	if (x < 1e9 && x > -1e9)
		snprintf(text, sizeof(text), "%.1f", x);
	else
		snprintf(text, sizeof(text), "%.16g", x);
	return text;
}

/* All or nothing: the changes are made to a copy. */
static const char *
dict_add(struct m_object *dict, const char *method, const struct m_values *args)
{
	struct m_object copy = *dict;
	struct m_values parts;
	const char *sum = "";

	if (is(method, "add"))
		parts = *args;
	else
		m_parse(&parts, args->v[0]);
	for (int i = 0; i < parts.n; i += 2) {
		sum = sum_of(&copy, parts.v[i], parts.v[i + 1]);
		if (!m_is_number(sum))
			return sum;
		set(&copy, parts.v[i], sum);
	}
	*dict = copy;
	return is(method, "add") ? ok(sum) : "ok";
}

/* Methods with a key as their first argument. */
static const char *
dict_keyed(struct m_object *dict, const char *method,
	   const struct m_values *args)
{
	int i = m_find(&dict->items, args->v[0]);

	if (is(method, "contains"))
		return i < 0 ? "ok false" : "ok true";
	if (is(method, "compare_and_set")) {
		if (!is(args->v[1], i < 0 ? "nil" : dict->values.v[i]))
			return "ok false";
		set(dict, args->v[0], args->v[2]);
		return "ok true";
	}
	if (is(method, "set")) {
		set(dict, args->v[0], args->v[1]);
		return "ok";
	}
	if (i < 0 && is(method, "setdefault"))
		set(dict, args->v[0], args->v[1]);
	if (i < 0)
		return args->n > 1 ? ok(args->v[1]) : "NOT_FOUND";
	ok(dict->values.v[i]);
	if (is(method, "pop") || is(method, "delete"))
		unset(dict, i);
	return is(method, "delete") ? "ok" : reply;
}

const char *
model_dict(struct model *m, struct m_object *dict, const char *method,
	   const struct m_values *args)
{
	int order[M_VALUES] = { 0 }, last = dict->items.n - 1;

	if (is(method, "len"))
		return ok_number(dict->items.n);
	if (is(method, "keys"))
		return ok_list(&dict->items);
	if (is(method, "values"))
		return ok_list(&dict->values);
	if (is(method, "items"))
		return ok_items(dict, NULL, M_VALUES);
	if (is(method, "copy"))
		return dict_copy(dict);
	if (is(method, "top")) {
		order_by(dict, true, order);
		return ok_items(dict, order, atoi(args->v[0]));
	}
	if (is(method, "update"))
		return dict_update(m, dict, args->v[0]);
	if (strncmp(method, "add", 3) == 0)
		return dict_add(dict, method, args);
	if (is(method, "clear")) {
		dict->items.n = dict->values.n = 0;
		return "ok";
	}
	if (is(method, "popitem")) {
		if (last < 0)
			return "EMPTY";
		snprintf(reply, sizeof(reply), "ok [%s, %s]",
			 dict->items.v[last], dict->values.v[last]);
		unset(dict, last);
		return reply;
	}
	return dict_keyed(dict, method, args);
}
