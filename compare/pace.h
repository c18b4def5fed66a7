/* SPDX-License-Identifier: MIT */
/*
 * How good the CPUs of server and client are now, beside the best that they have
 * been in this run. No counter of a virtual machine tells either of two things:
 *
 * - How fast each of them is. It may be one thread of a core whose other thread
 *   is somebody else's; while that one computes, ours gets two thirds of what it
 *   gets alone. A laptop slows down as it gets warm. Both show in the time that
 *   always the same work takes: system calls, for they are what a server is made
 *   of. (A chain of arithmetic, one step waiting for the last, takes as long as
 *   ever beside a busy neighbour.)
 * - How far apart they are. The host moves virtual CPUs about; while two of them
 *   are under different caches of the last level, whatever one hands to the other
 *   takes several times as long. That shows in how long a cache line takes to the
 *   other one and back.
 */
#ifndef SERVERLAB_COMPARE_PACE_H
#define SERVERLAB_COMPARE_PACE_H

#include "common/options.h"

#include <stdbool.h>

enum { PACE_CPUS = 8 }; /* of many, so many are measured */
/* More than this is a disturbance. A CPU without a neighbour keeps within 1.02; cores
 * below one cache are up to 1.7 times as far from each other as the nearest, which
 * costs nothing that can be measured. */
#define PACE_SLOW 1.1
#define PACE_FAR  2.0

/* NAN: not known. */
struct pace_reading {
	double work_ns;	    /* of the slowest CPU, for 500 system calls */
	double slowdown;    /* of the slowest CPU, to its best; 1 or more */
	double distance_ns; /* of the CPUs, there and back */
	double farther;	    /* the same, to its best; 1 or more */
};

struct pace {
	struct cpu_list cpus, server, client; /* all, and whose they are */
	double best_ns[PACE_CPUS]; /* for the work; 0: not yet measured */
	double best_distance_ns;
	struct pace_reading now; /* the last one */
	/* Do the work or a trip once and time it; others in tests. */
	double (*work_ns)(void);
	double (*trip_ns)(const struct pace *p);
};

/* The distance is that of the first CPUs of server and client, and not known
 * where these share one. */
void pace_init(struct pace *p, const struct cpu_list *server,
	const struct cpu_list *client);

/* Looks anew, at CPUs that have nothing else to do. Takes 10 ms for each of
 * them, and as much for the distance. */
void pace_look(struct pace *p);

/* The best that was seen. The work of the CPU that is the slowest even then, so
 * that what takes longer than that was slow on whichever of them. */
struct pace_reading pace_best(const struct pace *p);

bool pace_is_slow(const struct pace_reading *r);
bool pace_is_far(const struct pace_reading *r);

/*
 * Looks, and waits, for `most_ns` at the longest, while the CPUs are slow or far;
 * calls tick(data) meanwhile. Ends at once when stop_fd becomes readable. Returns
 * how long it took in nanoseconds, 0 where nothing was wrong.
 */
uint64_t pace_wait(struct pace *p, uint64_t most_ns, int stop_fd,
	void (*tick)(void *data), void *data);

#endif
