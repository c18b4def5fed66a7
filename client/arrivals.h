/* SPDX-License-Identifier: MIT */
/*
 * The open loop's schedule: when each request is to be sent, whatever became
 * of those before it. Arrivals come in order, so a schedule is no more than
 * its next entry: what is due and has found no connection simply stays there.
 *
 * The rate may change with time: a profile is a row of segments, in each of
 * which it changes evenly. Arrivals of a unit rate are stretched by it: the
 * one at u comes when the profile has brought u requests.
 */
#ifndef SERVERLAB_CLIENT_ARRIVALS_H
#define SERVERLAB_CLIENT_ARRIVALS_H

#include <stdint.h>

enum arrivals_kind { ARRIVALS_CONSTANT, ARRIVALS_POISSON };

enum { PROFILE_SEGMENTS = 64 };

struct profile {
	unsigned count; /* 0: a closed loop */
	struct segment {
		double from, to; /* requests per second */
		double seconds;	 /* after the last one its end rate stays */
	} segments[PROFILE_SEGMENTS];
};

struct arrivals {
	uint64_t next_ns; /* of the first request not yet taken */

	const struct profile *profile;
	enum arrivals_kind kind;
	uint64_t begin_ns, random, taken;
	double part, parts;
	double unit; /* u of the next arrival */

	/* The segment that it lies in, and what was before that. */
	unsigned segment;
	double segment_start; /* seconds */
	double segment_unit;
};

/* Share `part` of `parts` of a schedule. Constant shares interleave to an even
 * whole; Poisson shares are independent, which makes their sum a Poisson
 * process again. The profile must outlive it. */
void arrivals_init(struct arrivals *a, const struct profile *profile,
	enum arrivals_kind kind, uint64_t part, uint64_t parts, uint64_t seed);
void arrivals_begin(struct arrivals *a, uint64_t begin_ns);

/* Takes the next arrival: returns its time and moves on. */
uint64_t arrivals_take(struct arrivals *a);

/*
 * How many arrivals are due in each of a row of intervals, whether or not they
 * have been taken by then. Those that have not are gone through once more, so a
 * schedule that is kept costs nothing.
 */
struct due {
	struct arrivals ahead; /* the first that is due later */
	uint64_t limit;	       /* so many are taken, ever */
	uint64_t overdue; /* not taken, and due before the first interval */
	uint64_t total;	  /* in all intervals */

	uint64_t *counts; /* for each interval */
	uint64_t count, capacity;
	int error; /* -ENOMEM: counts[] lacks some */
};

/* The first interval begins at `start_ns`; no more than `budget` arrivals will
 * be taken from now on. From zeroed memory. */
void due_begin(struct due *d, const struct arrivals *a, uint64_t start_ns,
	uint64_t budget);

/* The interval ends; what was taken of `a` until now was due before that. */
void due_end_interval(struct due *d, const struct arrivals *a, uint64_t end_ns);

/* After the last interval: what was taken before the thread learnt that it had
 * ended belongs to it. */
void due_end(struct due *d, const struct arrivals *a);

void due_release(struct due *d);

#endif
