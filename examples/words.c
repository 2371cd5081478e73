/*
 * A tree of words, by tsearch(3).
 */
#include "words.h"

#include <search.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { BINARY_CHECK = 8192, ROOM = 56 };

static int
by_text(const void *a, const void *b)
{
	return strcmp(((const struct word *)a)->text,
		      ((const struct word *)b)->text);
}

/* One more character; 0 ends the word. False without memory. */
static bool
feed(struct words *words, char c)
{
	if (words->size + 1 >= words->room) {
		size_t room = words->room ? words->room * 2 : ROOM;
		void *next = realloc(words->next, sizeof(struct word) + room);

		if (!next)
			return false;
		words->next = next;
		words->room = room;
	}
	words->next->text[words->size++] = c;
	if (c)
		return true;
	words->next->count = 0;
	struct word **found = tsearch(words->next, &words->tree, by_text);
	if (!found)
		return false;
	(*found)->count++;
	words->total++;
	words->size = 0;
	if (*found == words->next) /* a new one: it is in the tree now */
		words->next = NULL, words->room = 0;
	return true;
}

const char *
words_read(struct words *words, FILE *file)
{
	char buffer[BINARY_CHECK];
	size_t n;

	while ((n = fread(buffer, 1, sizeof(buffer), file)) > 0) {
		if (words->bytes == 0 && memchr(buffer, '\0', n))
			return "a binary file";
		words->bytes += (int64_t)n;
		for (size_t i = 0; i < n; i++) {
			char c = (char)(buffer[i] | 0x20);
			bool is_letter = c >= 'a' && c <= 'z';

			if ((is_letter || words->size > 0) &&
			    !feed(words, is_letter ? c : '\0'))
				return "out of memory";
		}
	}
	if (words->size > 0 && !feed(words, '\0'))
		return "out of memory";
	return ferror(file) ? "cannot be read" : NULL;
}

struct visitor {
	void (*visit)(const struct word *word, void *context);
	void *context;
};

static void
visit_node(const void *node, VISIT when, void *context)
{
	const struct visitor *visitor = context;

	if (when == postorder || when == leaf)
		visitor->visit(*(struct word *const *)node, visitor->context);
}

void
words_each(const struct words *words,
	   void (*visit)(const struct word *word, void *context), void *context)
{
	struct visitor visitor = { visit, context };

	twalk_r(words->tree, visit_node, &visitor);
}

void
words_free(struct words *words)
{
	tdestroy(words->tree, free);
	free(words->next);
}
