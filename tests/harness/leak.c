/*
 * Why the kernel is asked, and not our own books: what the books do not know
 * is what leaks.
 */
#include "tests/harness/leak.h"

#include <check.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_FD 4096

static bool open_before[MAX_FD];
static size_t children_before;

/* Marks what is open, without the descriptor that looks. */
static size_t
look_at_fds(bool *open_now)
{
	DIR *folder = opendir("/proc/self/fd");
	struct dirent *entry;
	size_t n = 0;

	ck_assert_ptr_nonnull(folder);
	while ((entry = readdir(folder))) {
		int fd = atoi(entry->d_name);

		if (entry->d_name[0] == '.' || fd == dirfd(folder))
			continue;
		n++;
		if (open_now && fd < MAX_FD)
			open_now[fd] = true;
	}
	closedir(folder);
	return n;
}

size_t
leak_count_fds(void)
{
	return look_at_fds(NULL);
}

static size_t
count_children_of_thread(const char *tid)
{
	char path[64];
	FILE *file;
	size_t n = 0;
	int pid;

	snprintf(path, sizeof(path), "/proc/self/task/%.20s/children", tid);
	file = fopen(path, "re");
	if (!file)
		return 0; /* that thread has just ended */
	while (fscanf(file, "%d", &pid) == 1)
		n++;
	fclose(file);
	return n;
}

size_t
leak_count_children(void)
{
	DIR *folder = opendir("/proc/self/task");
	struct dirent *entry;
	size_t n = 0;

	ck_assert_ptr_nonnull(folder);
	while ((entry = readdir(folder))) {
		if (entry->d_name[0] != '.')
			n += count_children_of_thread(entry->d_name);
	}
	closedir(folder);
	return n;
}

void
leak_check_begin(void)
{
	memset(open_before, 0, sizeof(open_before));
	look_at_fds(open_before);
	children_before = leak_count_children();
}

void
leak_check_end(void)
{
	static bool open_now[MAX_FD];
	size_t children = leak_count_children();

	memset(open_now, 0, sizeof(open_now));
	look_at_fds(open_now);
	for (int fd = 0; fd < MAX_FD; fd++) {
		char path[32];
		char name[200] = "";

		if (open_now[fd] == open_before[fd])
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		if (readlink(path, name, sizeof(name) - 1) < 0)
			name[0] = '\0';
		ck_abort_msg("descriptor %d %s: %s", fd,
			     open_now[fd] ? "leaked" : "was closed", name);
	}
	ck_assert_msg(children == children_before, "%zu children, %zu before",
		      children, children_before);
}
