/* SPDX-License-Identifier: MIT */
/* Text in columns: for a terminal, or as a Markdown table. */
#ifndef SERVERLAB_COMPARE_GRID_H
#define SERVERLAB_COMPARE_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { GRID_COLUMNS = 16, GRID_CELL = 256 };

struct grid_row {
	char text[GRID_COLUMNS][GRID_CELL];
	const char *colour; /* an SGR parameter such as "1", or NULL */
};

/* Zeroed is empty. */
struct grid {
	const char *titles[GRID_COLUMNS];
	bool left[GRID_COLUMNS]; /* aligned left; figures are right */
	size_t columns;
	struct grid_row *rows;
	size_t count;
};

/* Columns in their order, before any row. */
void grid_column(struct grid *g, const char *title, bool left);
/* A new empty row; valid until the next. NULL without memory. */
struct grid_row *grid_add(struct grid *g);
void grid_release(struct grid *g);

/* Columns that it takes as it is. */
size_t grid_width(const struct grid *g);
/* Whether something stands in a column, below its title. */
bool grid_has(const struct grid *g, size_t column);
/* Takes out what stands in a column. */
void grid_empty(struct grid *g, size_t column);

/* Columns in which nothing stands are left out. */
void grid_print(const struct grid *g, bool colour, FILE *out);
void grid_print_markdown(const struct grid *g, FILE *out);

/* With what Markdown would take for a column or a tag escaped. */
void grid_markdown_text(const char *text, FILE *out);

/* Columns that a UTF-8 text takes on a terminal. */
size_t text_width(const char *text);

#endif
