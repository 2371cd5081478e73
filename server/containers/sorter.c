/*
 * Runs of eight are sorted by insertion, then merged pairwise, each round
 * from one array into the other. Two runs that follow each other in order
 * already are copied without looking at them, so sorting what is sorted costs
 * one comparison a run.
 */
#include "server/containers/sorter.h"

#include <string.h>

#define RUN 8u

void
sorter_init(struct sorter *sorter, void **items, void **spare, size_t n,
	    int (*compare)(const void *a, const void *b), bool descending)
{
	*sorter = (struct sorter){
		.compare = compare,
		.descending = descending,
		.n = n,
		.items = items,
		.spare = spare,
	};
}

/* Whether b has to come before a, which stands before it. */
static bool
is_wrong(const struct sorter *sorter, const void *a, const void *b)
{
	int order = sorter->compare(a, b);

	return sorter->descending ? order < 0 : order > 0;
}

static size_t
min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void
sort_run(const struct sorter *sorter, void **items, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		void *item = items[i];
		size_t place = i;

		while (place > 0 && is_wrong(sorter, items[place - 1], item)) {
			items[place] = items[place - 1];
			place--;
		}
		items[place] = item;
	}
}

/* Gives how much of the budget it took. */
static size_t
sort_runs(struct sorter *sorter, size_t budget)
{
	size_t done = 0;

	for (; done < budget && sorter->begin < sorter->n;
	     done += 3 * RUN, sorter->begin += RUN)
		sort_run(sorter, sorter->items + sorter->begin,
			 min(RUN, sorter->n - sorter->begin));
	if (sorter->begin >= sorter->n) {
		sorter->begin = 0;
		sorter->width = RUN;
	}
	return done;
}

/* Copies up to n items of one run, and gives how many budget units that
 * takes: it is quicker than comparing. */
static size_t
copy(void **to, void **from, size_t n)
{
	memcpy(to, from, n * sizeof(*to));
	return n / RUN + 1;
}

/* Goes on copying what is left of two runs, of which one is used up, or which
 * are in order. */
static size_t
copy_rest(struct sorter *sorter, size_t a, size_t b, size_t budget)
{
	void **first = sorter->items + sorter->begin;
	void **to = sorter->spare + sorter->begin;
	size_t n = min(a - sorter->left, budget * RUN);
	size_t done = 0;

	to += sorter->left + sorter->right;
	if (n > 0) {
		done = copy(to, first + sorter->left, n);
		sorter->left += n;
	}
	if (sorter->left < a)
		return done;
	to += n;
	n = min(b - sorter->right, budget * RUN);
	if (n > 0) {
		done += copy(to, first + a + sorter->right, n);
		sorter->right += n;
	}
	return done;
}

/* Goes on merging the two runs at begin, the first of which has a items and
 * the second b. Gives about how many comparisons' worth it did, at most twice
 * the budget. */
static size_t
merge(struct sorter *sorter, size_t a, size_t b, size_t budget)
{
	void **first = sorter->items + sorter->begin;
	void **second = first + a;
	void **to = sorter->spare + sorter->begin;
	size_t i = sorter->left, j = sorter->right, moved = 0;

	if (i + j == 0)
		sorter->in_order = b == 0 ||
				   !is_wrong(sorter, first[a - 1], second[0]);
	if (sorter->in_order || i == a || j == b)
		return copy_rest(sorter, a, b, budget);
	for (; moved < budget && i < a && j < b; moved++) {
		if (is_wrong(sorter, first[i], second[j])) {
			to[i + j] = second[j];
			j++;
		} else {
			to[i + j] = first[i];
			i++;
		}
	}
	sorter->left = i;
	sorter->right = j;
	return moved;
}

bool
sorter_some(struct sorter *sorter, size_t budget)
{
	size_t done = 0;

	if (sorter->width == 0)
		done = sort_runs(sorter, budget);
	while (sorter->width && sorter->width < sorter->n && done < budget) {
		size_t rest = sorter->n - sorter->begin;
		size_t a = min(sorter->width, rest);
		size_t b = min(sorter->width, rest - a);

		done += merge(sorter, a, b, budget - done);
		if (sorter->left < a || sorter->right < b)
			continue;
		sorter->left = sorter->right = 0;
		sorter->begin += a + b;
		if (sorter->begin == sorter->n) {
			void **items = sorter->items;

			sorter->items = sorter->spare;
			sorter->spare = items;
			sorter->begin = 0;
			sorter->width *= 2;
		}
	}
	return sorter->width && sorter->width >= sorter->n;
}
