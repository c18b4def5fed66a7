/* SPDX-License-Identifier: MIT */
/* What must be known to read a table, in lines. */
#ifndef SERVERLAB_COMPARE_NOTES_H
#define SERVERLAB_COMPARE_NOTES_H

#include "compare/analysis.h"
#include "compare/figure.h"

#include <stdbool.h>
#include <stdio.h>

/*
 * Notes are lines; Markdown, which would join them, has them as a list. What is
 * printed between these two to the file that the first one returns stands in `to`
 * after the second one.
 */
struct notes {
	FILE *to, *lines;
	char *text;
	size_t size;
};
FILE *notes_begin(struct notes *n, bool markdown, FILE *to);
void notes_end(struct notes *n);

/* What the signs mean that are in it. `ranked`: its rows are in an order. */
void notes_print_legend(const struct analysis *a, bool ranked,
	const struct style *style, FILE *out);

/* What has no figures, or not all of them, and why. */
bool notes_has_remarks(const struct point *p);
void notes_print_remarks(const struct point *p, FILE *out);

/* Of the whole run: what lacks of it, what was not steady, and noise. */
void notes_print_warnings(
	const struct analysis *a, const struct style *style, FILE *out);

#endif
