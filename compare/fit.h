/* SPDX-License-Identifier: MIT */
/*
 * What an experiment's [fit] asks for: NAME = KIND over WHAT-IS-VARIED. Of
 * `usl` this is: for each model the Universal Scalability Law is fitted to its
 * throughput at all values of what is varied, and shown as a fit: with
 * intervals, and with what is left between it and the medians that were
 * measured. `queue` is theory (compare/theory.h): there is nothing to fit.
 */
#ifndef SERVERLAB_COMPARE_FIT_H
#define SERVERLAB_COMPARE_FIT_H

#include "compare/figure.h"
#include "compare/run.h"
#include "compare/text.h"
#include "compare/usl.h"

#include <stdio.h>

enum fit_kind { FIT_UNKNOWN, FIT_USL, FIT_QUEUE };

/* `text` as [fit] has it: "usl over connections". The axis is a pointer into
 * it. */
enum fit_kind fit_read(const char *text, const char **axis);

/* Whether one of the texts asks for that over the axis. */
bool fit_is_asked(
	const struct texts *fits, enum fit_kind kind, const char *axis);

struct fit {
	const char *model; /* the run's */
	json_t *at;	   /* what else is varied, and its values here */
	int error;	   /* 0, or why there is none: as usl_fit() */
	bool bounded;	   /* the client was the slower side of some */
	struct usl_fan *fan;
	struct usl_intervals intervals;
	size_t loads; /* in their order, and the median of each */
	double *load, *rate;
};

struct fits {
	struct fit *at;
	size_t count;
};

/* A value of what is varied as a load: a number from 1 on; 0 if it is none. */
double fit_load(const char *value);

/* One for each model and point of what else is varied. 0, or -ENOMEM; fits of
 * a run that does not vary the axis are none. */
int fits_make(const struct run *run, const char *axis, struct fits *fits);
void fits_release(struct fits *fits);

/* That of a model where what else is varied is `at`; NULL if there is none. */
const struct fit *fits_find(
	const struct fits *fits, const char *model, const json_t *at);

/* The largest distance between a median and the fit, as a share of the fit. */
double fit_rest(const struct fit *f);

/* Whether the load lies within what was measured: a fit is drawn there only. */
bool fit_reaches(const struct fit *f, double load);

/* Why its curve would mislead, and is not drawn; NULL if it would not. */
const char *fit_objection(const struct fit *f);

/* Where the curve has its peak, or why it is not drawn, in words. Returns
 * buf. */
const char *fit_say(
	const struct fit *f, const struct style *style, char *buf, size_t size);

/* The table of fits over the axis, and what is left. */
void fits_print(const struct fits *fits, const char *axis,
	const struct style *style, FILE *out);

#endif
