/* SPDX-License-Identifier: MIT */
/* What an experiment teaches, printed around its table: the question before,
 * what became of the expectations and the explanation after. */
#ifndef SERVERLAB_COMPARE_LESSON_H
#define SERVERLAB_COMPARE_LESSON_H

#include "compare/figure.h"
#include "compare/plan.h"
#include "compare/run.h"

#include <stdio.h>

/* Reads run->definition. 0, -ENOENT for a run that was no experiment, or
 * -EINVAL. The plan is the caller's to release in any case. */
int lesson_load(struct plan *plan, const struct run *run);

/*
 * Whether what the plan expects, plots and fits can be had from the cells that
 * it has made, which need not be measured yet: a lesson that cannot be read is
 * better known before. A quick size may leave out what a relation names. 0, or
 * -EINVAL with a sentence in `why`.
 */
int lesson_check(
	const struct plan *plan, const struct run *run, char why[WHY_SIZE]);

/* The expectations of a run and what became of them; nothing for a run
 * without any. */
void lesson_print_expectations(
	const struct run *run, const struct style *style, FILE *out);

/* The fits and the theory that the run's experiment asks for; nothing where it
 * asks for none. */
void lesson_print_fits(
	const struct run *run, const struct style *style, FILE *out);

/* The explanation as a paragraph of Markdown, and what is published beside the
 * figures as a table; nothing for a run without. */
void lesson_print_markdown(const struct run *run, FILE *out);

#endif
