/*
 * The words of one text and how often each occurs; nothing shared in here.
 */
#ifndef WORDS_H
#define WORDS_H

#include <stdint.h>
#include <stdio.h>

struct word {
	int64_t count;
	char text[]; /* lower case */
};

struct words {
	void *tree;	   /* of struct word; see tsearch(3) */
	struct word *next; /* the one being read */
	size_t size, room; /* of its text */
	int64_t total;
	int64_t bytes;
};

/* Reads all of a file; begin with a zeroed struct. NULL, or why not. */
const char *words_read(struct words *words, FILE *file);

void words_each(const struct words *words,
		void (*visit)(const struct word *word, void *context),
		void *context);

void words_free(struct words *words);

#endif
