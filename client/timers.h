/* SPDX-License-Identifier: MIT */
/*
 * Deadlines of one thread, in a binary heap. A timer is part of what it wakes;
 * the heap only points to it. No allocation after timers_init().
 */
#ifndef SERVERLAB_CLIENT_TIMERS_H
#define SERVERLAB_CLIENT_TIMERS_H

#include <stddef.h>
#include <stdint.h>

struct timer {
	uint64_t when_ns;
	size_t place; /* 1 + its index in the heap; 0: not set */
};

struct timers {
	struct timer **heap;
	size_t count, capacity;
};

int timers_init(struct timers *t, size_t capacity); /* 0 or -ENOMEM */
void timers_release(struct timers *t);

/* At most `capacity` timers may be set at once. Setting one that is set moves
 * it; clearing one that is not does nothing. */
void timers_set(struct timers *t, struct timer *timer, uint64_t when_ns);
void timers_clear(struct timers *t, struct timer *timer);

uint64_t timers_next(const struct timers *t); /* UINT64_MAX: none is set */

/* Takes the earliest timer due at `now` out of the heap, or returns NULL. */
struct timer *timers_expire(struct timers *t, uint64_t now);

#endif
