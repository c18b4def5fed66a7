/* SPDX-License-Identifier: MIT */
/*
 * What the client can do at most: `compare calibrate` measures it against
 * `limit`, the smallest server there is, as a run of its own kind. Where the
 * client was the slower side even there, its rate is its ceiling for this load,
 * and what a comparison measures close below it is the client's figure, not
 * the server's.
 */
#ifndef SERVERLAB_COMPARE_CALIBRATION_H
#define SERVERLAB_COMPARE_CALIBRATION_H

#include "compare/figure.h"
#include "compare/run.h"
#include "compare/store.h"

#include <stdio.h>

#define CALIBRATION "calibration" /* run->purpose */
/* From this share of the ceiling on, a throughput is the client's. */
#define CALIBRATION_NEAR 0.95

/*
 * Fills in cell->ceiling from the newest calibration of the store that has this
 * load (workload and options of the client) and was made on this machine and
 * kernel, with the same CPUs for the client, shared with the server or not as
 * here. What was not calibrated stays unknown.
 */
void calibration_apply(struct store *s, struct run *run);

/* What a calibration found, in a line for each load. */
void calibration_explain(
	const struct run *run, const struct style *style, FILE *out);

#endif
