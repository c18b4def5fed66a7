/* SPDX-License-Identifier: MIT */
/*
 * Stacks for coroutines: cheap to have by the ten thousand.
 *
 * A stack is address space; memory is only the pages that were touched, and
 * one page is enough for a coroutine that does little. Below each lies a guard
 * page, so that an overflow faults instead of writing into a neighbour. Stacks
 * are cut from large mappings, because the kernel limits the number of
 * mappings (vm.max_map_count, 65530), and kept for reuse.
 *
 * Any thread may use it.
 */
#ifndef SERVERLAB_CORE_STACKS_H
#define SERVERLAB_CORE_STACKS_H

#include <stddef.h>

struct stacks;

enum { STACKS_SIZE = 65536, STACKS_SIZE_MIN = 16384 };

/* Stacks of `size` bytes each, the guard page among them; rounded up to whole
 * pages, and to STACKS_SIZE_MIN. NULL: out of memory. */
struct stacks *stacks_new(size_t size);
/* All stacks must have been put back, or never be used again. */
void stacks_free(struct stacks *s);

/* A stack: its lowest address, with *size bytes that may be used from there.
 * The sizes differ a little, so that the tops of many stacks do not compete
 * for the same lines of the cache. NULL: out of memory. */
void *stacks_get(struct stacks *s, size_t *size);
void stacks_put(struct stacks *s, void *stack);

#endif
