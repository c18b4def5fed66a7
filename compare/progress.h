/* SPDX-License-Identifier: MIT */
/* One line that says how far a run is; on a terminal it is rewritten in
 * place, elsewhere there is a line every round. */
#ifndef SERVERLAB_COMPARE_PROGRESS_H
#define SERVERLAB_COMPARE_PROGRESS_H

#include "compare/run.h"

#include <stdint.h>
#include <stdio.h>

struct progress {
	FILE *out;
	bool terminal;
	uint64_t total, done; /* samples */
	uint64_t rounds, round;
	uint64_t began_ns;
	const char *doing; /* the model under measurement */
};

void progress_init(
	struct progress *p, FILE *out, uint64_t samples, uint64_t rounds);
/* A sample begins. */
void progress_begin(struct progress *p, uint64_t round, const char *doing);
/* It has ended, or another `fewer` need not be taken. */
void progress_end(struct progress *p, uint64_t fewer);
/* run->rounds has become one more. */
void progress_extend(struct progress *p, const struct run *run);
/* Shows it again; `progress` is a struct progress. */
void progress_tick(void *progress);
/* Takes the line away. */
void progress_finish(struct progress *p);

#endif
