/* SPDX-License-Identifier: MIT */
#include "servers/core/stacks.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	STACKS_SLAB_SIZE = 4 << 20, /* of one mapping, if stacks are small */
	STACKS_HOT = 64,	    /* free stacks that keep their memory */
	STACKS_COLOURS = 16,
	STACKS_LINE = 64, /* of the cache */
	/* madvise(2), since Linux 6.13: a guard without a mapping of its own.
	 * Older headers do not name it. */
	STACKS_GUARD_INSTALL = 102,
};

struct stacks {
	pthread_mutex_t lock; /* of all below */
	size_t size, page;
	size_t per_slab;
	size_t given; /* of the newest slab: those never used yet follow */
	char **slabs;
	size_t slab_count;

	void *hot[STACKS_HOT];
	size_t hot_count;
	/* Free, and without memory. There is room for all stacks. */
	void **cold;
	size_t cold_count;
};

struct stacks *stacks_new(size_t size)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct stacks *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	if (size < STACKS_SIZE_MIN)
		size = STACKS_SIZE_MIN;
	s->page = page;
	s->size = (size + page - 1) / page * page;
	s->per_slab =
		s->size < STACKS_SLAB_SIZE ? STACKS_SLAB_SIZE / s->size : 1;
	s->given = s->per_slab;
	pthread_mutex_init(&s->lock, NULL);
	return s;
}

void stacks_free(struct stacks *s)
{
	for (size_t i = 0; i < s->slab_count; i++)
		munmap(s->slabs[i], s->per_slab * s->size);
	pthread_mutex_destroy(&s->lock);
	free(s->slabs);
	free(s->cold);
	free(s);
}

/* Room in both tables for one more slab and its stacks. */
static int stacks_grow_tables(struct stacks *s)
{
	const size_t slabs = s->slab_count + 1;
	void *grown = realloc(s->slabs, slabs * sizeof(*s->slabs));

	if (!grown)
		return -1;
	s->slabs = grown;
	grown = realloc(s->cold, slabs * s->per_slab * sizeof(*s->cold));
	if (!grown)
		return -1;
	s->cold = grown;
	return 0;
}

static int stacks_add_slab(struct stacks *s)
{
	const size_t size = s->per_slab * s->size;
	char *slab;

	if (stacks_grow_tables(s) < 0)
		return -1;
	slab = mmap(NULL, size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (slab == MAP_FAILED)
		return -1;
	/* A huge page would make memory of 32 stacks at the first touch of
	 * one. A kernel without huge pages refuses, and is as good. */
	madvise(slab, size, MADV_NOHUGEPAGE);
	s->slabs[s->slab_count++] = slab;
	s->given = 0;
	return 0;
}

static int stacks_guard(const struct stacks *s, char *lowest)
{
	if (!madvise(lowest, s->page, STACKS_GUARD_INSTALL))
		return 0;
	return mprotect(lowest, s->page, PROT_NONE);
}

/* The next stack that nobody has had yet. */
static void *stacks_cut(struct stacks *s)
{
	char *lowest;

	if (s->given == s->per_slab && stacks_add_slab(s) < 0)
		return NULL;
	lowest = s->slabs[s->slab_count - 1] + s->given * s->size;
	if (stacks_guard(s, lowest) < 0)
		return NULL;
	s->given++;
	return lowest + s->page;
}

void *stacks_get(struct stacks *s, size_t *size)
{
	char *stack;
	size_t colour;

	pthread_mutex_lock(&s->lock);
	if (s->hot_count)
		stack = s->hot[--s->hot_count];
	else if (s->cold_count)
		stack = s->cold[--s->cold_count];
	else
		stack = stacks_cut(s);
	pthread_mutex_unlock(&s->lock);
	colour = (uintptr_t)stack / s->size % STACKS_COLOURS;
	*size = s->size - s->page - colour * STACKS_LINE;
	return stack;
}

void stacks_put(struct stacks *s, void *stack)
{
	pthread_mutex_lock(&s->lock);
	if (s->hot_count < STACKS_HOT) {
		s->hot[s->hot_count++] = stack;
	} else {
		madvise(stack, s->size - s->page, MADV_DONTNEED);
		s->cold[s->cold_count++] = stack;
	}
	pthread_mutex_unlock(&s->lock);
}
