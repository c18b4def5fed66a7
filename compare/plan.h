/* SPDX-License-Identifier: MIT */
/*
 * What is to be measured: which models, under which load, varied how, how
 * often. An experiment file and the command line fill the same settings, by
 * the same names.
 */
#ifndef SERVERLAB_COMPARE_PLAN_H
#define SERVERLAB_COMPARE_PLAN_H

#include "common/options.h"
#include "compare/beside.h"
#include "compare/programs.h"
#include "compare/run.h"
#include "compare/text.h"

#include <stdbool.h>
#include <stdint.h>

/* "connections=1,16,256": one thing that is varied, and its values. */
struct axis {
	char *name;
	struct texts values;
};

enum { PLAN_AXES = 4 };

#define PLAN_PATIENCE_AUTO UINT64_MAX

struct plan {
	char *experiment; /* its name, NULL for none */
	char *definition; /* the text of its file */
	char *title, *question, *choices, *explain, *read_next;
	struct texts models;   /* empty: all that there are */
	bool all_models;       /* those before the others */
	bool named;	       /* by the user: an unknown one is a mistake */
	char *handler;	       /* NULL: the spec of the workload, with */
	struct texts handlers; /* the options that the handler has */
	char *workload;
	struct axis axes[PLAN_AXES];
	size_t axis_count;
	struct pairs client, server; /* options, handed on as they are */
	struct pairs inject;
	struct texts tolerate;	     /* what the client may complain of */
	struct texts plots, expects; /* expects: "NAME: RELATION" */
	struct texts fits;	     /* "usl over AXIS" */
	struct beside beside;	     /* figures that others published */
	char *baseline;		     /* NULL: epoll, or else the first model */
	uint64_t rounds, duration_ns, warmup_ns;
	uint64_t seed;	   /* 0: to be chosen */
	uint64_t start_ns; /* for a server to be ready */
	/* More rounds follow until the intervals are so narrow (0.02: two
	 * percent to each side; 0: not asked), or the budget is spent (0: none
	 * was set). */
	double until;
	uint64_t budget_ns;
	uint64_t repeats; /* of a noisy sample, at most */
	/* How long samples wait, in all, for CPUs to be as good as they can be;
	 * PLAN_PATIENCE_AUTO: a fifth of the time. */
	uint64_t patience_ns;
	uint64_t syscalls; /* samples of each cell that count system calls */
	bool quick;
	char *server_cpus, *client_cpus; /* NULL: chosen */
};

/* The presets: echo of 64 bytes on 64 connections, 5 rounds of 600 ms. */
void plan_init(struct plan *p);
void plan_release(struct plan *p);

/*
 * Sets one thing by its name: models, handler, workload, vary, connections,
 * rounds, until, budget, repeats, patience, syscalls, duration, warmup, start, baseline,
 * tolerate, seed, server-cpus, client-cpus. `vary` adds an axis. 0, -ENOENT if
 * there is no such name, or -EINVAL; both with a sentence in `why`.
 */
int plan_set(struct plan *p, const char *name, const char *value,
	char why[WHY_SIZE]);

/* Empties what a name holds (models, vary, tolerate), so that the next plan_set()
 * replaces it instead of adding. */
void plan_clear(struct plan *p, const char *name);

/* Takes what is varied by this name out again, if anything is. */
void plan_drop_axis(struct plan *p, const char *name);

/* Hands an option on to a program: 0, or -errno with `why` if it has none of
 * that name, or none that may be set (compare/program_options.h). */
int plan_set_client(struct plan *p, const char *name, const char *value,
	char why[WHY_SIZE]);
int plan_set_server(struct plan *p, const char *name, const char *value,
	char why[WHY_SIZE]);

/* What is done to the server (compare/inject.h): 0, or -EINVAL with `why`. */
int plan_set_inject(struct plan *p, const char *name, const char *value,
	char why[WHY_SIZE]);

/*
 * Fills the plan from an experiment: a name in the directory of experiments,
 * or a file. With `quick` its [quick] section comes last. 0, -ENOENT, or
 * -EINVAL with a sentence in `why`.
 */
int plan_load(struct plan *p, const struct programs *programs,
	const char *experiment, bool quick, char why[WHY_SIZE]);

/* The same from the text of a file. 0, or -EINVAL with `why`. */
int plan_read(struct plan *p, const char *text, bool quick, char why[WHY_SIZE]);

/* Fewer rounds and shorter ones, so that `cells` cells take no longer than
 * about within_ns. 0, or -EINVAL with `why` where that is too short. */
int plan_fit(
	struct plan *p, size_t cells, uint64_t within_ns, char why[WHY_SIZE]);

/* Fills in what was left open (models, baseline, CPUs, seed) and checks that
 * every model that the user named exists. 0, or -EINVAL with `why`. */
int plan_complete(
	struct plan *p, const struct texts *known, char why[WHY_SIZE]);

/* Fills in all that is known of the run before it begins, but for its command
 * and cells. `purpose` NULL: it is a comparison. 0 or -ENOMEM. */
int run_describe(struct run *run, const struct plan *p, const char *purpose);

/* How many cells that will be. */
size_t plan_count_cells(const struct plan *p);

/* The cells: every model at every point of what is varied. Those of a model
 * that an experiment names and this server does not have are skipped. 0 or
 * -ENOMEM. */
int plan_cells(
	const struct plan *p, const struct texts *known, struct run *run);

#endif
