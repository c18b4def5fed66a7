/* SPDX-License-Identifier: MIT */
/*
 * What the samples of a run say, point by point: how each cell did, in which
 * order, and which differences are more than noise.
 *
 * Where the client was the slower side for any cell of a point, throughput
 * hides the servers: the cells of that point are then ordered and compared by
 * the server's CPU per request.
 */
#ifndef SERVERLAB_COMPARE_ANALYSIS_H
#define SERVERLAB_COMPARE_ANALYSIS_H

#include "compare/metric.h"
#include "compare/run.h"
#include "compare/stats.h"

enum standing {
	RANKED,	    /* has its place in the order */
	UNRANKED,   /* valid, but did not do the same work */
	NO_FIGURES, /* no valid sample */
	SKIPPED,
};

/* What is said of one cell. */
struct summary {
	const struct cell *cell;
	enum standing standing;
	size_t valid, invalid; /* samples */
	size_t noisy;	  /* of the valid ones, those that were disturbed */
	size_t repeated;  /* disturbed as well, and replaced by another */
	bool lower_bound; /* the client was the slower side */
	bool best;	  /* the first, or not to be told from it */
	double score;	  /* by what the point is ordered; more is better */
	struct estimate throughput, cpu, p50, p99, switches, memory;
	struct comparison to_best;     /* its score against the first one's */
	struct comparison to_baseline; /* ratio > 1: better than the baseline */
	double adjusted_p;	       /* of that, after Holm's correction */
	bool has_baseline, differs;    /* from the baseline */
	char why[160];		       /* not RANKED: the reason */
};

/* In a word or two why it has no place in the order: "skipped", "invalid", "not
 * measured" or "not ranked". */
const char *summary_lacks(const struct summary *s);

/* All cells at one point of what is varied, in their order. */
struct point {
	const json_t *at;	    /* the cells' `point` */
	const struct metric *order; /* throughput or cpu_per_request */
	struct summary *summaries;
	size_t count;
};

struct analysis {
	const struct run *run;
	struct point *points;
	size_t count;
};

/* The run must outlive the analysis. NULL without memory. The same run always
 * gives the same analysis. */
struct analysis *analysis_new(const struct run *run);
void analysis_free(struct analysis *a);

/* The models in the order of the last point, the best first, and after them
 * those that only other points have. The caller frees the array, not the names.
 * NULL without memory. */
const char **analysis_models(const struct analysis *a, size_t *count);

/* The median of a metric over a cell's samples, with its interval. */
struct estimate cell_estimate(const struct cell *cell, const struct metric *m);
/* The same, to the digit what the summary says where it has it. */
struct estimate summary_estimate(
	const struct summary *s, const struct metric *m);

/* Why a cell has no throughput to compare: why it was skipped, what its last
 * invalid sample says, that it answered nothing. NULL where it has. */
const char *cell_without_figures(const struct cell *cell);

/* Whether the client was the slower side in at least half of the valid samples,
 * or the throughput is close to what a calibration says it can do: it is a lower
 * bound. */
bool cell_is_bounded(const struct cell *cell);

/*
 * How well the cells of a run are known by now: half the width of the widest
 * interval, as a share of its value, of the ratios to the baseline, or of the
 * cells themselves where there is none. INFINITY where that cannot be said yet;
 * 0 for a run with nothing to rank.
 */
double analysis_width(const struct run *run);

/*
 * The share of their CPUs' time that went to neither server nor client, or was
 * taken by the host: the median over all valid samples. NAN if that is not
 * known.
 */
double analysis_noise(const struct run *run);
/* Whether that is more than a figure may stand beside. */
bool analysis_is_noisy(const struct run *run);

/* The rounds that a run has values for. */
size_t analysis_rounds(const struct run *run);

#endif
