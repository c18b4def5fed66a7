/* SPDX-License-Identifier: MIT */
/*
 * Finds the highest rate at which a latency objective holds, such as
 * "p99<5ms": doubles the rate until it does not, then halves the distance (as
 * a ratio) until 5 % are left. Near the edge luck decides, so there a rate
 * counts as the majority of three trials says.
 */
#ifndef SERVERLAB_CLIENT_SEARCH_H
#define SERVERLAB_CLIENT_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include "client/config.h"
#include "client/outcome.h"

enum { SEARCH_TRIALS = 128 };

struct search_trial {
	double rate, answered; /* per second */
	uint64_t latency_ns;   /* at the objective's percentile */
	bool held;
};

struct search {
	const struct objective *objective;
	double rate; /* the highest that held; 0: none did */
	unsigned trial_count;
	struct search_trial trials[SEARCH_TRIALS];
};

/* "p99<5ms", "p99.9<250us", "max<1s". 0 or -EINVAL. */
int objective_parse(struct objective *objective, const char *text);

/*
 * Runs the trials, and at last the rate found once more: that is what
 * `outcome` tells of, and outcome->search, which *search must outlive. Where
 * no rate was found, that is the reason why the last trial is not valid. 0, or
 * -errno, said in the log.
 */
int search_workload(
	struct config *config, struct outcome *outcome, struct search *search);

#endif
