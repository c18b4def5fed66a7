/* SPDX-License-Identifier: MIT */
/*
 * Adds up what the threads hand over: totals, and the series of intervals.
 * An interval is complete once every thread has left it.
 */
#ifndef SERVERLAB_CLIENT_SERIES_H
#define SERVERLAB_CLIENT_SERIES_H

#include "client/outcome.h"
#include "client/worker.h"

struct series_open;

struct series {
	const struct run *run;
	struct outcome *outcome;
	struct series_open *open;  /* the earliest interval first */
	struct series_open *spare; /* empty, for reuse */
	uint64_t capacity;	   /* of outcome->intervals */
};

void series_init(
	struct series *s, const struct run *run, struct outcome *outcome);
void series_release(struct series *s);

/* Takes whatever the workers have handed over. 0 or -ENOMEM. */
int series_collect(struct series *s, struct worker *workers, uint64_t count);

/* The window is over, window_ns known: completes what is left. */
int series_finish(struct series *s);

#endif
