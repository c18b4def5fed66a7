/* SPDX-License-Identifier: MIT */
#include "client/arrivals.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "client/workload.h"

void arrivals_init(struct arrivals *a, const struct profile *profile,
	enum arrivals_kind kind, uint64_t part, uint64_t parts, uint64_t seed)
{
	*a = (struct arrivals) {
		.next_ns = UINT64_MAX,
		.profile = profile,
		.kind = kind,
		.random = seed,
		.part = (double)part,
		.parts = (double)parts,
	};
}

/* A distance of the Poisson process: exponential, by inversion. The 53 bits
 * are taken from (0, 1], so the logarithm is finite. */
static double arrivals_exponential(struct arrivals *a)
{
	uint64_t bits = (workload_random(&a->random) >> 11) + 1;

	return -log((double)bits * 0x1p-53);
}

/* When the profile has brought a->unit requests, in seconds. Within a segment
 * from rate a to b in L seconds, a t + (b - a) t^2 / 2 L requests come in t
 * seconds; this is its solution for t, in the form that loses no digits. */
static double arrivals_stretch(struct arrivals *a)
{
	const struct segment *s = &a->profile->segments[a->segment];
	double units, slope;

	while (a->segment + 1 < a->profile->count &&
		a->unit >=
			a->segment_unit + (s->from + s->to) / 2 * s->seconds) {
		a->segment_unit += (s->from + s->to) / 2 * s->seconds;
		a->segment_start += s->seconds;
		s = &a->profile->segments[++a->segment];
	}
	units = a->unit - a->segment_unit;
	slope = (s->to - s->from) / s->seconds;
	if (units > (s->from + s->to) / 2 * s->seconds)
		return a->segment_start + s->seconds +
		       (units - (s->from + s->to) / 2 * s->seconds) / s->to;
	return a->segment_start +
	       2 * units /
		       (s->from + sqrt(s->from * s->from + 2 * slope * units));
}

/* A time too far away to be told is one that never comes. */
static uint64_t arrivals_after(const struct arrivals *a, double seconds)
{
	const uint64_t never_ns = UINT64_MAX / 2;

	if (seconds * 1e9 >= (double)(never_ns - a->begin_ns))
		return never_ns;
	return a->begin_ns + (uint64_t)(seconds * 1e9);
}

/* The constant schedule is multiplied out, not summed up: no drift. */
static void arrivals_advance(struct arrivals *a)
{
	if (a->kind == ARRIVALS_POISSON)
		a->unit += arrivals_exponential(a) * a->parts;
	else
		a->unit = a->part + (double)a->taken * a->parts;
	a->next_ns = arrivals_after(a, arrivals_stretch(a));
}

void arrivals_begin(struct arrivals *a, uint64_t begin_ns)
{
	a->begin_ns = begin_ns;
	a->unit = a->segment_start = a->segment_unit = 0;
	a->segment = 0;
	a->taken = 0;
	arrivals_advance(a);
}

uint64_t arrivals_take(struct arrivals *a)
{
	uint64_t taken = a->next_ns;

	a->taken++;
	arrivals_advance(a);
	return taken;
}

/* ---- what is due in an interval ----------------------------------------- */

static void due_go_to(struct due *d, const struct arrivals *a, uint64_t ns)
{
	if (d->ahead.taken < a->taken)
		d->ahead = *a;
	while (d->ahead.next_ns < ns && d->ahead.taken < d->limit)
		arrivals_take(&d->ahead);
}

void due_begin(struct due *d, const struct arrivals *a, uint64_t start_ns,
	uint64_t budget)
{
	d->ahead = *a;
	d->limit =
		budget < UINT64_MAX - a->taken ? a->taken + budget : UINT64_MAX;
	due_go_to(d, a, start_ns);
	d->overdue = d->ahead.taken - a->taken;
}

static int due_add(struct due *d, uint64_t n)
{
	if (d->count == d->capacity) {
		uint64_t capacity = d->capacity ? 2 * d->capacity : 64;
		uint64_t *grown =
			realloc(d->counts, capacity * sizeof(*d->counts));

		if (!grown)
			return -ENOMEM;
		d->counts = grown;
		d->capacity = capacity;
	}
	d->counts[d->count++] = n;
	return 0;
}

void due_end_interval(struct due *d, const struct arrivals *a, uint64_t end_ns)
{
	uint64_t before = d->ahead.taken;

	due_go_to(d, a, end_ns);
	d->total += d->ahead.taken - before;
	if (!d->error)
		d->error = due_add(d, d->ahead.taken - before);
}

void due_end(struct due *d, const struct arrivals *a)
{
	uint64_t before = d->ahead.taken;

	due_go_to(d, a, 0);
	d->total += d->ahead.taken - before;
	if (d->count)
		d->counts[d->count - 1] += d->ahead.taken - before;
}

void due_release(struct due *d)
{
	free(d->counts);
	d->counts = NULL;
}
