/* SPDX-License-Identifier: MIT */
/*
 * The deadlines of a loop's connections: a binary heap, soonest first.
 *
 * A deadline that moves away (every byte moves the idle timeout) costs
 * nothing: the heap keeps the old time, and whoever takes the connection out
 * then looks at conn_deadline() and puts it back.
 */
#ifndef SERVERLAB_CORE_TIMERS_H
#define SERVERLAB_CORE_TIMERS_H

#include <stdint.h>

struct conn;

struct timers {
	struct conn **heap;
	uint32_t count, size;
};

void timers_release(struct timers *t);
/* Sees to it that the connection comes up at `when` or before. 0, -ENOMEM. */
int timers_set(struct timers *t, struct conn *c, uint64_t when);
void timers_remove(struct timers *t, struct conn *c);
/* The soonest time, 0 if there is none. */
uint64_t timers_next(const struct timers *t);
/* Takes out one whose time has come, NULL if none has. */
struct conn *timers_pop(struct timers *t, uint64_t now);

#endif
