/* SPDX-License-Identifier: MIT */
/*
 * What an experiment expects, as relations that a run can decide:
 *
 *	cpu_per_request(fork) > 5 * cpu_per_request(prefork)
 *	throughput(epoll @ connections=1000) / throughput(limit
 *		@ connections=1000) >= 0.97
 *
 * A term is a number, METRIC(MODEL) or METRIC(MODEL @ NAME=VALUE,...), a sum,
 * difference, product or quotient of terms, min(A, B), max(A, B), or one in
 * parentheses. Between two terms stands <, <=, > or >=. A metric without @ is
 * taken at every point of what is varied, and the relation must hold at each.
 *
 * It is evaluated round by round, and decided where the 95 % interval of the
 * median of the log ratio of its sides (of their difference, where one is not
 * positive) leaves no doubt; with a single round nothing is decided. Throughput
 * that was limited by the client is a lower bound: on the greater side it
 * refutes nothing, on the smaller one it confirms nothing, and a quotient of two
 * such says nothing at all.
 */
#ifndef SERVERLAB_COMPARE_EXPECT_H
#define SERVERLAB_COMPARE_EXPECT_H

#include "common/options.h"
#include "compare/figure.h"
#include "compare/metric.h"
#include "compare/run.h"
#include "compare/stats.h"

#include <stdbool.h>

enum verdict { CONFIRMED, REFUTED, UNDECIDED };

struct expectation {
	char name[64], text[400]; /* the relation as it was written */
	char relation[3];	  /* "<", ">=" */
	enum verdict verdict;
	struct estimate left, right;
	enum metric_unit left_unit, right_unit;
	bool bounded;	    /* a throughput in it was limited by the client */
	char why[WHY_SIZE]; /* UNDECIDED for want of figures: what lacks */
};

/* `line` is "NAME: RELATION". 0; or with a sentence in e->why: -EINVAL when it
 * cannot be read, -ENOENT when it names what the run does not measure, -ENODATA
 * when that was skipped; or -ENOMEM. */
int expect_evaluate(
	struct expectation *e, const char *line, const struct run *run);

/* "confirmed", "refuted", "undecided" */
const char *verdict_name(enum verdict v);

/* "11.1 us (10.9 us to 11.4 us) > 6.01 us (5.92 us to 6.11 us)". Returns
 * buf. */
const char *expect_figures(const struct expectation *e,
	const struct style *style, char *buf, size_t size);

#endif
