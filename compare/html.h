/* SPDX-License-Identifier: MIT */
/* Text for HTML. */
#ifndef SERVERLAB_COMPARE_HTML_H
#define SERVERLAB_COMPARE_HTML_H

#include "compare/grid.h"

#include <stdio.h>

void html_text(FILE *out, const char *text);	   /* escaped */
void html_paragraphs(FILE *out, const char *text); /* as a <p> */

/* Begins and ends a table that scrolls within itself where it is too wide; by
 * the keyboard too, hence the name for what takes the focus. */
void html_table_begin(FILE *out, const char *name);
void html_table_end(FILE *out);

/* A whole table of what stands in the columns, the first of which names the
 * row. */
void html_grid(FILE *out, const char *name, const struct grid *g);

#endif
