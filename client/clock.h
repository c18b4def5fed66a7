/* SPDX-License-Identifier: MIT */
/*
 * A thread's clock: CLOCK_MONOTONIC, read from the processor's own counter
 * where that can be trusted. A reading is then the counter, a multiplication
 * and a shift.
 *
 * It is dead reckoning between fixes. After CLOCK_REACH_NS a fix is due: the
 * kernel's clock is read between two readings of the counter, which bracket it.
 * Where our time lies within that bracket, nothing says that it is wrong; else
 * it is moved as far as is proved. So a fix during which the thread lost its
 * CPU, which is a wide bracket, spoils nothing. The rate comes from the two
 * fixes farthest apart since the kernel last changed its own.
 *
 * While the kernel keeps its rate within 90 ppm, time is that of
 * CLOCK_MONOTONIC within CLOCK_BOUND_NS; what was worse is in correction_ns.
 * It never goes back: it stands still until it is right again. A clock belongs
 * to one thread. Two threads that compare times use clock_between().
 */
#ifndef SERVERLAB_CLIENT_CLOCK_H
#define SERVERLAB_CLIENT_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "client/ticks.h"
#include "common/clock.h"

#define CLOCK_REACH_NS (10 * NS_PER_MS)
#define CLOCK_BOUND_NS NS_PER_US

enum clock_kind { CLOCK_KIND_AUTO, CLOCK_KIND_TSC, CLOCK_KIND_MONOTONIC };

/* Where fixes come from; tests have sources of their own. */
struct clock_source {
	uint64_t (*ticks)(void *context);
	uint64_t (*kernel_ns)(void *context);
	void *context;
};

/* The kernel said `ns` while the counter went from `ticks` on by `width`. */
struct clock_fix {
	uint64_t ticks, width, ns;
};

struct clock {
	const struct clock_source *source; /* NULL: CLOCK_MONOTONIC itself */
	uint64_t anchor_ticks, anchor_ns;  /* time is counted from here on */
	uint64_t rate;			   /* ns in a tick, times 2^32 */
	uint64_t reach;			   /* in ticks: a fix is due then */
	uint64_t last_ns;		   /* what it said last */

	struct clock_fix base, last; /* the rate's first fix; the latest fix */
	double ns_per_tick;
	double doubt; /* of the rate: the part of it that it may be wrong by */
	uint64_t correction_ns; /* the largest that was due when it was read */
};

/* Why the processor's counter cannot be used here; NULL: it can. */
const char *clock_missing(void);

/* With the counter, which takes 2 ms, or with CLOCK_MONOTONIC. */
void clock_init(struct clock *c, bool counter);
void clock_init_from(struct clock *c, const struct clock_source *source);

/* Takes a fix. Returns the counter as it was at its end, within reach. */
uint64_t clock_anchor(struct clock *c);

/* The time at a reading of the counter, the latest of this thread. One that
 * lies before the anchor is out of reach like one far behind it. */
static inline uint64_t clock_at(struct clock *c, uint64_t ticks)
{
	uint64_t ns;

	if (ticks - c->anchor_ticks > c->reach)
		ticks = clock_anchor(c);
	ns = c->anchor_ns + ((ticks - c->anchor_ticks) * c->rate >> 32);
	if (ns > c->last_ns)
		c->last_ns = ns;
	return c->last_ns;
}

static inline uint64_t clock_read(struct clock *c)
{
	return c->source ? clock_at(c, ticks_read()) : clock_ns();
}

/* From a moment of one thread to a later one of another, whose clock may be a
 * little behind. */
static inline uint64_t clock_between(uint64_t from_ns, uint64_t to_ns)
{
	return to_ns > from_ns ? to_ns - from_ns : 0;
}

#endif
