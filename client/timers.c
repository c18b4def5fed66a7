/* SPDX-License-Identifier: MIT */
#include "client/timers.h"

#include <errno.h>
#include <stdlib.h>

int timers_init(struct timers *t, size_t capacity)
{
	t->count = 0;
	t->capacity = capacity;
	t->heap = calloc(capacity ? capacity : 1, sizeof(struct timer *));
	return t->heap ? 0 : -ENOMEM;
}

void timers_release(struct timers *t)
{
	free(t->heap);
	t->heap = NULL;
}

static void timers_put(struct timers *t, size_t i, struct timer *timer)
{
	t->heap[i] = timer;
	timer->place = i + 1;
}

static void timers_up(struct timers *t, size_t i, struct timer *timer)
{
	while (i > 0) {
		size_t parent = (i - 1) / 2;

		if (t->heap[parent]->when_ns <= timer->when_ns)
			break;
		timers_put(t, i, t->heap[parent]);
		i = parent;
	}
	timers_put(t, i, timer);
}

static void timers_down(struct timers *t, size_t i, struct timer *timer)
{
	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < t->count &&
			t->heap[child + 1]->when_ns < t->heap[child]->when_ns)
			child++;
		if (child >= t->count ||
			t->heap[child]->when_ns >= timer->when_ns)
			break;
		timers_put(t, i, t->heap[child]);
		i = child;
	}
	timers_put(t, i, timer);
}

void timers_clear(struct timers *t, struct timer *timer)
{
	size_t i = timer->place - 1;
	struct timer *last;

	if (timer->place == 0)
		return;
	timer->place = 0;
	last = t->heap[--t->count];
	if (last == timer)
		return;
	if (i > 0 && t->heap[(i - 1) / 2]->when_ns > last->when_ns)
		timers_up(t, i, last);
	else
		timers_down(t, i, last);
}

void timers_set(struct timers *t, struct timer *timer, uint64_t when_ns)
{
	timers_clear(t, timer);
	timer->when_ns = when_ns;
	timers_up(t, t->count++, timer);
}

uint64_t timers_next(const struct timers *t)
{
	return t->count ? t->heap[0]->when_ns : UINT64_MAX;
}

struct timer *timers_expire(struct timers *t, uint64_t now)
{
	struct timer *timer;

	if (t->count == 0 || t->heap[0]->when_ns > now)
		return NULL;
	timer = t->heap[0];
	timers_clear(t, timer);
	return timer;
}
