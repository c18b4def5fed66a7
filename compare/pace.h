/* SPDX-License-Identifier: MIT */
/*
 * How fast the CPUs are now, beside the fastest that they have been in this
 * run.
 *
 * A virtual CPU is often one of the two threads of a core, and the other one
 * somebody else's. While that one computes, ours gets two thirds of what it
 * gets alone, and no counter of this machine tells: it is neither steal time
 * nor other programs'. A laptop slows down as it gets warm, and says so no
 * better. Both show in the time that always the same work takes. That work is
 * system calls, for they are what a server is made of, and because a chain of
 * arithmetic, one step waiting for the last, takes as long as ever.
 */
#ifndef SERVERLAB_COMPARE_PACE_H
#define SERVERLAB_COMPARE_PACE_H

#include "common/options.h"

#include <stdbool.h>

enum { PACE_CPUS = 8 }; /* of many, these are measured */
/* Slower than this is a disturbance. A quiet CPU keeps within 0.02. */
#define PACE_SLOW 1.1

struct pace {
	struct cpu_list cpus;
	double best_ns[PACE_CPUS]; /* for the work; 0: not yet measured */
	double now;		   /* what pace_slowdown() said last */
	double (*work_ns)(void);   /* does the work once, and times it */
};

/* The work is the usual one. */
void pace_init(struct pace *p, const struct cpu_list *cpus);

/*
 * The time of the slowest of the CPUs now, as a multiple of its own best, which
 * this may lower; so 1 or more. The CPUs should have nothing else to do. Takes 10
 * ms for each of them. NAN where a CPU may not be used.
 */
double pace_slowdown(struct pace *p);

/*
 * Waits, for `most_ns` at the longest, until no CPU is slow; calls tick(data)
 * meanwhile. Ends at once when stop_fd becomes readable. Returns how long it
 * took, 0 where nothing was slow, in nanoseconds.
 */
uint64_t pace_wait(struct pace *p, uint64_t most_ns, int stop_fd,
	void (*tick)(void *data), void *data);

#endif
