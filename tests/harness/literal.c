/* Values from text. See literal.h. */
#include "tests/harness/literal.h"

#include <stdio.h>
#include <stdlib.h>

struct reader {
	const char *at;
	struct span (*type_of)(uint64_t object);
};

static void read_value(struct reader *reader, struct buffer *out);

static void
give_up(const struct reader *reader, const char *why)
{
	fprintf(stderr, "literal: %s at \"%s\"\n", why, reader->at);
	abort();
}

static void
skip(struct reader *reader)
{
	while (*reader->at && strchr(" ,:", *reader->at))
		reader->at++;
}

static bool
is_word(struct reader *reader, const char *word)
{
	if (strncmp(reader->at, word, strlen(word)) != 0)
		return false;
	reader->at += strlen(word);
	return true;
}

/* Values up to a bracket, or the end; each one's place. */
static size_t
read_many(struct reader *reader, char end, struct buffer *out,
	  struct span ret[LITERAL_MOST])
{
	size_t ends[LITERAL_MOST], n = 0, i, start = 0;

	for (skip(reader); *reader->at != end; skip(reader)) {
		if (!*reader->at || n == LITERAL_MOST)
			give_up(reader, "too many, or an open bracket");
		read_value(reader, out);
		ends[n++] = out->size;
	}
	for (i = 0; i < n; i++) {
		ret[i] = span_make(out->data + start, ends[i] - start);
		start = ends[i];
	}
	if (end)
		reader->at++;
	return n;
}

static void
read_container(struct reader *reader, struct buffer *out)
{
	bool is_map = *reader->at++ == '{';
	struct buffer inside = BUFFER_INIT;
	struct span parts[LITERAL_MOST];
	size_t n = read_many(reader, is_map ? '}' : ']', &inside, parts);

	if (is_map)
		value_put_map(out, parts, n / 2);
	else
		value_put_list(out, parts, n);
	buffer_deinit(&inside);
}

static void
read_text(struct reader *reader, struct buffer *out)
{
	const char *start = ++reader->at;
	const char *end = strchr(start, '"');

	if (!end)
		give_up(reader, "no end of text");
	value_put_text(out, span_make(start, (size_t)(end - start)));
	reader->at = end + 1;
}

static void
read_handle(struct reader *reader, struct buffer *out)
{
	const char *type = ++reader->at;
	struct span name;
	uint64_t object;
	char *end;

	while (*reader->at >= 'a' && *reader->at <= 'z')
		reader->at++;
	name = span_make(type, (size_t)(reader->at - type));
	object = strtoull(reader->at, &end, 10);
	if (*end != '>')
		give_up(reader, "no end of a handle");
	if (name.size == 0 && reader->type_of)
		name = reader->type_of(object);
	if (name.size == 0)
		name = span_text("list");
	value_put_handle(out, object, name);
	reader->at = end + 1;
}

static void
read_number(struct reader *reader, struct buffer *out)
{
	char *end;
	int64_t n = strtoll(reader->at, &end, 10);

	if (end == reader->at)
		give_up(reader, "no value");
	if (*end == '.' || *end == 'e')
		value_put_double(out, strtod(reader->at, &end));
	else
		value_put_int(out, n);
	reader->at = end;
}

static void
read_value(struct reader *reader, struct buffer *out)
{
	if (*reader->at == '[' || *reader->at == '{')
		read_container(reader, out);
	else if (*reader->at == '"')
		read_text(reader, out);
	else if (*reader->at == '<')
		read_handle(reader, out);
	else if (is_word(reader, "true"))
		value_put_bool(out, true);
	else if (is_word(reader, "false"))
		value_put_bool(out, false);
	else if (is_word(reader, "nil"))
		value_put_nil(out);
	else
		read_number(reader, out);
}

size_t
literal_values(const char *text, struct buffer *out,
	       struct span ret[LITERAL_MOST],
	       struct span (*type_of)(uint64_t object))
{
	struct reader reader = { .at = text, .type_of = type_of };

	buffer_clear(out);
	return read_many(&reader, '\0', out, ret);
}
