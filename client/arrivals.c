/* SPDX-License-Identifier: MIT */
#include "client/arrivals.h"

#include <math.h>

#include "client/workload.h"

void arrivals_init(struct arrivals *a, enum arrivals_kind kind, double rate,
	uint64_t part, uint64_t parts, uint64_t seed)
{
	*a = (struct arrivals) {
		.next_ns = UINT64_MAX,
		.kind = kind,
		.random = seed,
		.gap_ns = 1e9 * (double)parts / rate,
		.phase_ns = 1e9 * (double)part / rate,
	};
}

/* A distance of the Poisson process: exponential, by inversion. The 53 bits
 * are taken from (0, 1], so the logarithm is finite. */
static double arrivals_exponential(struct arrivals *a)
{
	uint64_t bits = (workload_random(&a->random) >> 11) + 1;

	return -log((double)bits * 0x1p-53) * a->gap_ns;
}

/* The constant schedule is multiplied out, not summed up: no drift. */
static void arrivals_advance(struct arrivals *a)
{
	if (a->kind == ARRIVALS_POISSON)
		a->offset_ns += arrivals_exponential(a);
	else
		a->offset_ns = a->phase_ns + (double)a->taken * a->gap_ns;
	a->next_ns = a->begin_ns + (uint64_t)a->offset_ns;
}

void arrivals_begin(struct arrivals *a, uint64_t begin_ns)
{
	a->begin_ns = begin_ns;
	a->offset_ns = 0;
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
