/* SPDX-License-Identifier: MIT */
#include "compare/grid.h"

#include <stdlib.h>
#include <string.h>

#define GRID_GAP "  "

void grid_column(struct grid *g, const char *title, bool left)
{
	g->titles[g->columns] = title;
	g->left[g->columns++] = left;
}

struct grid_row *grid_add(struct grid *g)
{
	struct grid_row *rows =
		realloc(g->rows, (g->count + 1) * sizeof(*rows));

	if (!rows)
		return NULL;
	g->rows = rows;
	memset(&rows[g->count], 0, sizeof(*rows));
	return &rows[g->count++];
}

void grid_release(struct grid *g)
{
	free(g->rows);
	*g = (struct grid) {0};
}

size_t text_width(const char *text)
{
	size_t width = 0;

	/* All that we print is one column wide; count what begins a
	 * character. */
	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

/* 0 for a column in which nothing stands. */
static size_t column_width(const struct grid *g, size_t column)
{
	size_t width = 0, title = text_width(g->titles[column]);

	for (size_t r = 0; r < g->count; r++) {
		size_t w = text_width(g->rows[r].text[column]);

		width = w > width ? w : width;
	}
	return width && title > width ? title : width;
}

size_t grid_width(const struct grid *g)
{
	size_t all = 0, shown = 0;

	for (size_t c = 0; c < g->columns; c++) {
		size_t width = column_width(g, c);

		all += width;
		shown += width > 0;
	}
	return all + (shown ? (shown - 1) * strlen(GRID_GAP) : 0);
}

bool grid_has(const struct grid *g, size_t column)
{
	for (size_t r = 0; r < g->count; r++)
		if (g->rows[r].text[column][0])
			return true;
	return false;
}

void grid_empty(struct grid *g, size_t column)
{
	for (size_t r = 0; r < g->count; r++)
		g->rows[r].text[column][0] = '\0';
}

static void print_padded(
	FILE *out, const char *text, size_t width, bool left, bool last)
{
	size_t have = text_width(text);
	int pad = width > have ? (int)(width - have) : 0;

	if (left)
		fprintf(out, "%s%*s", text, last ? 0 : pad, "");
	else
		fprintf(out, "%*s%s", pad, "", text);
}

/* The last column with something in it, in a row that may be the titles. */
static size_t last_column(
	const struct grid *g, const size_t *widths, const struct grid_row *row)
{
	size_t last = 0;

	for (size_t c = 0; c < g->columns; c++)
		if (widths[c] && (row ? row->text[c] : g->titles[c])[0])
			last = c;
	return last;
}

static void print_row(const struct grid *g, const size_t *widths,
	const struct grid_row *row, FILE *out)
{
	size_t last = last_column(g, widths, row);
	const char *gap = "";

	for (size_t c = 0; c <= last; c++) {
		if (!widths[c])
			continue;
		fputs(gap, out);
		print_padded(out, row ? row->text[c] : g->titles[c], widths[c],
			g->left[c], c == last);
		gap = GRID_GAP;
	}
}

void grid_print(const struct grid *g, bool colour, FILE *out)
{
	size_t widths[GRID_COLUMNS];

	for (size_t c = 0; c < g->columns; c++)
		widths[c] = column_width(g, c);
	fputs(colour ? "\033[2m" : "", out);
	print_row(g, widths, NULL, out);
	fputs(colour ? "\033[0m\n" : "\n", out);
	for (size_t r = 0; r < g->count; r++) {
		bool paint = colour && g->rows[r].colour;

		if (paint)
			fprintf(out, "\033[%sm", g->rows[r].colour);
		print_row(g, widths, &g->rows[r], out);
		fputs(paint ? "\033[0m\n" : "\n", out);
	}
}

void grid_markdown_text(const char *text, FILE *out)
{
	for (; *text; text++) {
		if (*text == '|' || *text == '<')
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void print_markdown_row(const struct grid *g, const bool *shown,
	const struct grid_row *row, FILE *out)
{
	fputc('|', out);
	for (size_t c = 0; c < g->columns; c++) {
		if (!shown[c])
			continue;
		fputc(' ', out);
		grid_markdown_text(row ? row->text[c] : g->titles[c], out);
		fputs(" |", out);
	}
	fputc('\n', out);
}

void grid_print_markdown(const struct grid *g, FILE *out)
{
	bool shown[GRID_COLUMNS];

	for (size_t c = 0; c < g->columns; c++)
		shown[c] = column_width(g, c) > 0;
	print_markdown_row(g, shown, NULL, out);
	fputc('|', out);
	for (size_t c = 0; c < g->columns; c++)
		if (shown[c])
			fputs(g->left[c] ? "---|" : "--:|", out);
	fputc('\n', out);
	for (size_t r = 0; r < g->count; r++)
		print_markdown_row(g, shown, &g->rows[r], out);
}
