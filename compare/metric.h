/* SPDX-License-Identifier: MIT */
/* The figures that a sample gives, by the names that experiments and reports
 * use for them. */
#ifndef SERVERLAB_COMPARE_METRIC_H
#define SERVERLAB_COMPARE_METRIC_H

#include "compare/run.h"

enum metric_unit {
	UNIT_RATE, /* per second */
	UNIT_TIME, /* nanoseconds */
	UNIT_BYTES,
	UNIT_NUMBER,
};

struct metric {
	const char *name, *title;
	enum metric_unit unit;
	bool more_is_better;
	/* NAN: not known. Of valid samples; system calls of `counted` ones. */
	double (*of)(const struct sample *s);
};

extern const struct metric metrics[]; /* ends with a nameless one */

/* NULL if there is none of that name. */
const struct metric *metric_find(const char *name);

/* "; did you mean throughput?", or "" where none is near. Returns buf. */
const char *metric_hint(const char *wrong, char *buf, size_t size);

/*
 * One value per round, 1..rounds, NAN where there is no valid sample of it.
 * `values` holds `rounds` doubles.
 */
void metric_by_round(const struct metric *m, const struct cell *cell,
	double *values, size_t rounds);

/* Packs the values of all valid samples to the front; returns how many. */
size_t metric_values(
	const struct metric *m, const struct cell *cell, double *values);

/* Their median, of the metric of that name; NAN where there is no value. */
double metric_median(const struct cell *cell, const char *name);

#endif
