/*
 * The files below some paths.
 */
#ifndef FIND_FILES_H
#define FIND_FILES_H

#include <stddef.h>

/*
 * Names of all regular files, in order; links are followed only when they are
 * given. skip is told what cannot be read. NULL when there are none; else free
 * each, and the array.
 */
char **find_files(char *const *paths,
		  void (*skip)(const char *path, const char *reason),
		  size_t *ret_n);

#endif
