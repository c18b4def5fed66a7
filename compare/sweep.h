/* SPDX-License-Identifier: MIT */
/*
 * The points of a run in the order in which they are drawn: a sweep is those
 * that differ along one thing that is varied, the axis, and are alike in all
 * else. A run that varies two things has a sweep for each value of the other.
 */
#ifndef SERVERLAB_COMPARE_SWEEP_H
#define SERVERLAB_COMPARE_SWEEP_H

#include "compare/analysis.h"
#include "compare/text.h"

struct sweep {
	const struct analysis *a;
	const char *axis; /* NULL: nothing is varied, each is one point */
	size_t first;	  /* its first point */
	size_t count;	  /* of its points */
};

/* What goes along the charts: what the experiment plots over ("METRIC over
 * AXIS"), or else the name with the most values. NULL where nothing is varied. */
const char *sweep_axis(const struct analysis *a, const struct texts *plots);

/* Goes through the sweeps: begins with one that has a count of 0, and is false
 * after the last. */
bool sweep_next(struct sweep *s);

/* The index of the next of its points after `point`, or from the first one on
 * for SIZE_MAX; the analysis' count after the last. */
size_t sweep_point(const struct sweep *s, size_t point);

/* The value of a point on the axis, as it was written; "" if it has none. */
const char *sweep_value(const struct sweep *s, size_t point);

/* What is the same for all its points. A new reference. */
json_t *sweep_at(const struct sweep *s);

/* "size 64" for that; "" if it is the only one. Returns buf. */
const char *sweep_text(const struct sweep *s, char *buf, size_t size);

#endif
