/*
 * Why by the linker: the code under test stays as it is, and the sanitizers'
 * own allocators stay below.
 */
#include "tests/harness/fault.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *pointer, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *pointer, size_t size);

static atomic_uint count;
static atomic_uint first; /* to fail; 0: none */
static atomic_uint last;

static void
begin(unsigned from, unsigned to)
{
	atomic_store(&first, 0);
	atomic_store(&count, 0);
	atomic_store(&last, to);
	atomic_store(&first, from);
}

void
fault_fail_at(unsigned n)
{
	begin(n, n);
}

void
fault_fail_from(unsigned n)
{
	begin(n, ~0u);
}

void
fault_reset(void)
{
	begin(0, 0);
}

unsigned
fault_count(void)
{
	return atomic_load(&count);
}

static bool
fails(void)
{
	unsigned n = atomic_fetch_add(&count, 1) + 1;
	unsigned from = atomic_load(&first);

	if (from == 0 || n < from || n > atomic_load(&last))
		return false;
	errno = ENOMEM;
	return true;
}

void *
__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *pointer, size_t size)
{
	return fails() ? NULL : __real_realloc(pointer, size);
}
