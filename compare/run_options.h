/* SPDX-License-Identifier: MIT */
/* The command line of `compare run`. */
#ifndef SERVERLAB_COMPARE_RUN_OPTIONS_H
#define SERVERLAB_COMPARE_RUN_OPTIONS_H

#include "compare/plan.h"
#include "compare/programs.h"

#include <stdbool.h>
#include <stdint.h>

enum { OPTIONS_MOST = 64 };

struct run_options {
	const char *experiment, *db, *json;
	bool quick, live;
	uint64_t within_ns; /* 0: as long as it takes */
	/* Settings in their order: they come after the experiment's. */
	const char *names[OPTIONS_MOST], *values[OPTIONS_MOST];
	size_t count;
	struct texts again; /* the words that ask for the same, but --quick */
};

/* Fills *o; ends the program where the command line is wrong or asks for help.
 * Its texts are those of argv, but `again`, which is to be cleared. */
void run_options_read(struct run_options *o, int argc, char **argv);

/* Fills the plan: the experiment first, then --quick, then what the command line
 * says. 0, or -errno with a sentence in `why`. */
int run_options_apply(const struct run_options *o, struct plan *p,
	const struct programs *programs, char why[WHY_SIZE]);

#endif
