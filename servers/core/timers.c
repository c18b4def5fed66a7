/* SPDX-License-Identifier: MIT */
#include "servers/core/timers.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "servers/core/conn.h"

void timers_release(struct timers *t)
{
	free(t->heap);
	*t = (struct timers) {0};
}

static void timers_place(struct timers *t, uint32_t i, struct conn *c)
{
	t->heap[i] = c;
	c->timer_index = i;
}

static void timers_up(struct timers *t, uint32_t i)
{
	struct conn *c = t->heap[i];

	for (; i; i = (i - 1) / 2) {
		struct conn *parent = t->heap[(i - 1) / 2];

		if (parent->timer_ns <= c->timer_ns)
			break;
		timers_place(t, i, parent);
	}
	timers_place(t, i, c);
}

static void timers_down(struct timers *t, uint32_t i)
{
	struct conn *c = t->heap[i];

	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child >= t->count)
			break;
		if (child + 1 < t->count &&
			t->heap[child + 1]->timer_ns < t->heap[child]->timer_ns)
			child++;
		if (c->timer_ns <= t->heap[child]->timer_ns)
			break;
		timers_place(t, i, t->heap[child]);
		i = child;
	}
	timers_place(t, i, c);
}

static int timers_grow(struct timers *t)
{
	const uint32_t size = t->size ? t->size * 2 : 64;
	struct conn **heap = realloc(t->heap, size * sizeof(*heap));

	if (!heap)
		return -ENOMEM;
	t->heap = heap;
	t->size = size;
	return 0;
}

int timers_set(struct timers *t, struct conn *c, uint64_t when)
{
	if (c->timer_ns) {
		if (when < c->timer_ns) {
			c->timer_ns = when;
			timers_up(t, c->timer_index);
		}
		return 0;
	}
	if (t->count == t->size && timers_grow(t))
		return -ENOMEM;
	c->timer_ns = when;
	timers_place(t, t->count, c);
	timers_up(t, t->count++);
	return 0;
}

void timers_remove(struct timers *t, struct conn *c)
{
	const uint32_t i = c->timer_index;

	if (!c->timer_ns)
		return;
	c->timer_ns = 0;
	if (i == --t->count)
		return;
	timers_place(t, i, t->heap[t->count]);
	timers_down(t, i);
	timers_up(t, i);
}

uint64_t timers_next(const struct timers *t)
{
	return t->count ? t->heap[0]->timer_ns : 0;
}

struct conn *timers_pop(struct timers *t, uint64_t now)
{
	struct conn *c = t->count ? t->heap[0] : NULL;

	if (!c || c->timer_ns > now)
		return NULL;
	timers_remove(t, c);
	return c;
}
