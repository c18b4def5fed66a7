/* SPDX-License-Identifier: MIT */
/*
 * What an experiment's [fit] asks for: NAME = usl over WHAT-IS-VARIED. For each
 * model the Universal Scalability Law is fitted to its throughput at all values
 * of what is varied, and shown as a fit: with intervals, and with what is left
 * between it and the medians that were measured.
 */
#ifndef SERVERLAB_COMPARE_FIT_H
#define SERVERLAB_COMPARE_FIT_H

#include "compare/figure.h"
#include "compare/run.h"
#include "compare/usl.h"

#include <stdio.h>

struct fit {
	const char *model; /* the run's */
	json_t *at;	   /* what else is varied, and its values here */
	int error;	   /* 0, or why there is none: as usl_fit() */
	bool bounded;	   /* the client was the slower side of some */
	struct usl usl;
	struct usl_intervals intervals;
	size_t loads; /* in their order, and the median of each */
	double *load, *rate;
};

struct fits {
	struct fit *at;
	size_t count;
};

/* `text` as [fit] has it: "usl over connections". The axis, a pointer into it;
 * NULL if it says something else. */
const char *fit_axis(const char *text);

/* One for each model and point of what else is varied. 0, or -ENOMEM; fits of
 * a run that does not vary the axis are none. */
int fits_make(const struct run *run, const char *axis, struct fits *fits);
void fits_release(struct fits *fits);

/* All that the run's experiment asks for; nothing where it asks for none. */
void fits_print(const struct run *run, const struct style *style, FILE *out);

#endif
