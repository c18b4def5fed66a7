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
	bool lower_bound;      /* the client was the slower side */
	bool best;	       /* the first, or not to be told from it */
	double score; /* by what the point is ordered; more is better */
	struct estimate throughput, cpu, p50, p99, switches, memory;
	struct comparison to_best;     /* its score against the first one's */
	struct comparison to_baseline; /* ratio > 1: better than the baseline */
	bool has_baseline, differs;    /* from the baseline */
	char why[160];		       /* UNRANKED, NO_FIGURES: the reason */
};

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

/* Whether the client was the slower side in at least half of the valid samples:
 * its throughput is a lower bound. */
bool cell_is_bounded(const struct cell *cell);

/*
 * The share of the machine's CPU time that went to neither server nor client,
 * or was taken by its host: the median over all valid samples. NAN if that is
 * not known.
 */
double analysis_noise(const struct run *run);
/* Whether that is more than a figure may stand beside. */
bool analysis_is_noisy(const struct run *run);

/* The rounds that a run has values for. */
size_t analysis_rounds(const struct run *run);

#endif
