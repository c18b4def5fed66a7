/* SPDX-License-Identifier: MIT */
/* What the parts of the report share. Each function prints its part, nothing
 * where there is nothing to say. */
#ifndef SERVERLAB_COMPARE_REPORT_PAGE_H
#define SERVERLAB_COMPARE_REPORT_PAGE_H

#include "compare/analysis.h"
#include "compare/expect.h"
#include "compare/fit.h"
#include "compare/plan.h"

#include <stdio.h>

struct page {
	FILE *out;
	const struct analysis *a;
	struct plan plan;
	struct expectation *expected; /* as many as the plan has */
	const char *axis;    /* what goes along the charts; NULL: nothing */
	struct fits fits;    /* over it; none where no [fit] asks for them */
	json_t *charts;	     /* those printed so far, for the scripts */
	const char **models; /* a model's place here is its look in charts */
	size_t model_count;
};

void report_print_answer(const struct page *page);

/* The sections of charts. */
void report_print_charts(struct page *page);

/* A ranked table for each point of what is varied. */
void report_print_tables(const struct page *page);

/* Up to which offered rate each model keeps up. */
void report_print_saturation(const struct page *page);

/* Our figures beside those that were published. */
void report_print_beside(const struct page *page);

/* What has no figures and why, and what failed. */
void report_print_failures(const struct page *page);
void report_print_samples(const struct page *page);
void report_print_environment(const struct page *page);
void report_print_command(const struct page *page);

#endif
