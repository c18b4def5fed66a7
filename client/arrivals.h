/* SPDX-License-Identifier: MIT */
/*
 * The open loop's schedule: when each request is to be sent, whatever became
 * of those before it. Arrivals come in order, so a schedule is no more than
 * its next entry: what is due and has found no connection simply stays there.
 */
#ifndef SERVERLAB_CLIENT_ARRIVALS_H
#define SERVERLAB_CLIENT_ARRIVALS_H

#include <stdint.h>

#include "client/config.h"

struct arrivals {
	uint64_t next_ns; /* of the first request not yet taken */

	enum arrivals_kind kind;
	uint64_t begin_ns, random;
	double gap_ns;	  /* mean distance within this schedule */
	double offset_ns; /* of next_ns from begin_ns */
	double phase_ns;  /* constant: of the first one */
	uint64_t taken;
};

/* Share `part` of `parts` of a schedule of `rate` per second. Constant shares
 * interleave to an even whole; Poisson shares are independent, which makes
 * their sum a Poisson process again. */
void arrivals_init(struct arrivals *a, enum arrivals_kind kind, double rate,
	uint64_t part, uint64_t parts, uint64_t seed);
void arrivals_begin(struct arrivals *a, uint64_t begin_ns);

/* Takes the next arrival: returns its time and moves on. */
uint64_t arrivals_take(struct arrivals *a);

#endif
