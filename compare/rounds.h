/* SPDX-License-Identifier: MIT */
/*
 * Takes the samples, round by round, the cells of each round in a newly
 * shuffled order, so that whatever drifts on this machine hits all alike. Each
 * sample is in the database before the next one begins.
 *
 * How many rounds there are is fixed, or found: they go on until the intervals
 * are as narrow as was asked or the budget is spent. Only the width decides,
 * never what the figures say, so that a run does not stop at a lucky result
 * (Chow and Robbins 1965).
 *
 * While its CPUs are not as good as they can be, a sample waits, within reason. One
 * that was disturbed is taken again, at once and a few times at most; the first
 * one is kept and marked. In all, at most one sample in four is repeated, and at
 * most a fifth of the time is spent waiting: a machine that is always busy does
 * not get quieter by that.
 */
#ifndef SERVERLAB_COMPARE_ROUNDS_H
#define SERVERLAB_COMPARE_ROUNDS_H

#include "compare/plan.h"
#include "compare/progress.h"
#include "compare/run.h"
#include "compare/sampler.h"
#include "compare/store.h"

#include <gsl/gsl_rng.h>

enum { ROUNDS_MOST = 1000 };
/* A sample that counts system calls is this long at most. */
#define ROUNDS_COUNTED_NS (200 * UINT64_C(1000000))
/* How much of the time is waited for CPUs, and how long by one sample, unless
 * somebody has said how patient he is. */
enum { ROUNDS_PATIENCE_PART = 5 };
#define ROUNDS_PATIENCE_NS (10 * UINT64_C(1000000000))
/* Where only a width is asked for. */
#define ROUNDS_BUDGET_NS (5 * 60 * UINT64_C(1000000000))

struct rounds {
	const struct plan *plan;
	struct run *run;
	struct store *store;
	int64_t id; /* of the run in the store */
	struct sampler *sampler;
	void (*after_round)(void *data); /* between two rounds; or NULL */
	void *data;

	uint64_t kept;	   /* samples in the store */
	uint64_t repeated; /* of them, taken again */
	struct progress progress;
	gsl_rng *rng;
	size_t *order; /* of the cells in this round */
	uint64_t began_ns, waited_ns;
};

/* Takes all rounds; the members above `kept` are the caller's to fill.
 * run->rounds becomes the number that were taken. 0, or as sampler_take(). */
int rounds_take(struct rounds *r);

#endif
