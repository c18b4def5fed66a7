/* SPDX-License-Identifier: MIT */
#include "client/clock.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define CLOCK_CALIBRATE_NS (2 * NS_PER_MS)
#define CLOCK_TRIES	   4
#define CLOCK_TRUSTED                                                          \
	"/sys/devices/system/clocksource/clocksource0/available_clocksource"

/* ---- may it be used? ---------------------------------------------------- */

/* The kernel takes a counter off this list once another clock contradicts it,
 * or it differs between processors. */
static bool clock_is_trusted(void)
{
	FILE *f = fopen(CLOCK_TRUSTED, "re");
	char name[64];
	bool found = false;

	while (f && !found && fscanf(f, "%63s", name) == 1)
		found = strcmp(name, "tsc") == 0;
	if (f)
		fclose(f);
	return found;
}

const char *clock_missing(void)
{
	if (!ticks_are_even())
		return "this processor has no counter that is known to count "
		       "evenly (an invariant TSC)";
	if (!clock_is_trusted())
		return "the kernel does not list tsc in " CLOCK_TRUSTED;
	return NULL;
}

/* ---- fixes -------------------------------------------------------------- */

static uint64_t clock_source_ticks(void *context)
{
	(void)context;
	return ticks_read_in_order();
}

static uint64_t clock_source_kernel(void *context)
{
	(void)context;
	return clock_ns();
}

/* The tightest of a few: a thread seldom loses its CPU in all of them. */
static struct clock_fix clock_fix(const struct clock_source *s)
{
	struct clock_fix best = {.width = UINT64_MAX}, fix;
	int i;

	for (i = 0; i < CLOCK_TRIES; i++) {
		fix.ticks = s->ticks(s->context);
		fix.ns = s->kernel_ns(s->context);
		fix.width = s->ticks(s->context) - fix.ticks;
		if (i == 0 || fix.width < best.width)
			best = fix;
	}
	return best;
}

/* ---- the rate ----------------------------------------------------------- */

/* Ticks between the middles of two fixes. */
static double clock_span(
	const struct clock_fix *from, const struct clock_fix *to)
{
	return (double)(int64_t)(to->ticks - from->ticks) +
	       ((double)to->width - (double)from->width) / 2;
}

static double clock_doubt(
	const struct clock_fix *from, const struct clock_fix *to)
{
	double span = clock_span(from, to);

	if (span <= 0 || to->ns <= from->ns)
		return 1;
	return ((double)from->width + (double)to->width) / 2 / span;
}

/* Takes the rate from the pair that ends with `now`, if it is the better one.
 * It is good for as long again as the pair is wide: the error is then no
 * larger than what the two fixes leave open. */
static void clock_learn(struct clock *c, const struct clock_fix *now)
{
	double doubt, span;

	if (clock_doubt(&c->last, now) < clock_doubt(&c->base, now))
		c->base = c->last;
	doubt = clock_doubt(&c->base, now);
	if (doubt >= c->doubt)
		return;
	span = clock_span(&c->base, now);
	c->doubt = doubt;
	c->ns_per_tick = (double)(now->ns - c->base.ns) / span;
	c->rate = (uint64_t)(c->ns_per_tick * 0x1p32 + 0.5);
	c->reach =
		(uint64_t)fmin(span, (double)CLOCK_REACH_NS / c->ns_per_tick);
}

/* ---- the clock ---------------------------------------------------------- */

/* By how much our time, which was `since` ticks after the anchor, lies outside
 * of what the fix allows: what is to be added to it, at least. */
static double clock_error(
	const struct clock *c, const struct clock_fix *now, double since)
{
	double kernel = (double)(int64_t)(now->ns - c->anchor_ns);
	double first = since * c->ns_per_tick;
	double last = first + (double)now->width * c->ns_per_tick;

	if (kernel < first)
		return kernel - first;
	return kernel > last ? kernel - last : 0;
}

/* Nobody reads the clock beyond its reach: what it would have been wrong by
 * there does not count. */
static void clock_note(struct clock *c, double error, double since)
{
	if (since > (double)c->reach)
		error *= (double)c->reach / since;
	if (fabs(error) > (double)c->correction_ns)
		c->correction_ns = (uint64_t)fabs(error);
}

/* More than the anchor's place within its own fix and the rate's doubt explain:
 * the kernel has another rate now, and what was before does not tell it. */
static bool clock_is_another(const struct clock *c, double error, double since)
{
	return fabs(error) >
	       ((double)c->last.width + since * c->doubt) * c->ns_per_tick;
}

uint64_t clock_anchor(struct clock *c)
{
	const struct clock_fix now = clock_fix(c->source);
	double since = (double)(int64_t)(now.ticks - c->anchor_ticks);
	double error = clock_error(c, &now, since);

	c->anchor_ns += (uint64_t)llround(since * c->ns_per_tick + error);
	c->anchor_ticks = now.ticks;
	clock_note(c, error, since);
	if (clock_is_another(c, error, since)) {
		c->base = c->last;
		c->doubt = 1;
	}
	clock_learn(c, &now);
	c->last = now;
	return now.ticks + (now.width < c->reach ? now.width : c->reach);
}

void clock_init_from(struct clock *c, const struct clock_source *source)
{
	struct clock_fix now;

	*c = (struct clock) {.source = source, .doubt = 1};
	c->base = c->last = clock_fix(source);
	do
		now = clock_fix(source);
	while (now.ns - c->base.ns < CLOCK_CALIBRATE_NS);
	clock_learn(c, &now);
	c->last = now;
	c->anchor_ticks = now.ticks + now.width / 2;
	c->anchor_ns = now.ns;
	if (c->rate == 0)
		c->source = NULL; /* it stands still */
}

void clock_init(struct clock *c, bool counter)
{
	static const struct clock_source source = {
		.ticks = clock_source_ticks,
		.kernel_ns = clock_source_kernel,
	};

	if (counter)
		clock_init_from(c, &source);
	else
		*c = (struct clock) {.source = NULL};
}
