/* SPDX-License-Identifier: MIT */
/* Whether all of a run is there. One that was stopped, that was killed or that
 * still goes on has figures like any other: so it is said. */
#ifndef SERVERLAB_COMPARE_WHOLE_H
#define SERVERLAB_COMPARE_WHOLE_H

#include "compare/run.h"

#include <stdbool.h>
#include <stddef.h>

/* Whether it has reached its end. */
bool run_is_finished(const struct run *run);

/* Rounds that there are to be, as far as is known. */
size_t run_rounds_due(const struct run *run);
/* Rounds in which every cell was measured that was not skipped. */
size_t run_rounds_whole(const struct run *run);
/* Rounds in which this one was measured, validly or not. */
size_t cell_rounds_done(const struct cell *cell);

/* "this run is not finished (interrupted): 2 of 5 rounds are whole"; "" for one
 * that is. Returns buf. */
const char *run_say_unfinished(const struct run *run, char *buf, size_t size);

#endif
