/*
 * A walk by fts(3), sorted so that it is the same each time.
 */
#include "find-files.h"

#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

char **
find_files(char *const *paths,
	   void (*skip)(const char *path, const char *reason), size_t *ret_n)
{
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR,
			     by_name);
	char **files = NULL;
	FTSENT *entry;
	size_t n = 0;

	while (tree && (entry = fts_read(tree))) {
		if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_NS)
			skip(entry->fts_path, strerror(entry->fts_errno));
		if (entry->fts_info != FTS_F)
			continue;
		char **more = realloc(files, (n + 1) * sizeof(*files));
		if (!more || !(more[n++] = strdup(entry->fts_path))) {
			fprintf(stderr, "out of memory\n");
			exit(EXIT_FAILURE);
		}
		files = more;
	}
	if (tree)
		fts_close(tree);
	*ret_n = n;
	return files;
}
