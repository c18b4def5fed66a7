/* SPDX-License-Identifier: MIT */
#include "compare/beside.h"

#include "compare/expect.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MODEL, OURS, SPREAD, SHARE, PUBLISHED, THEIR_SHARE, DESIGN };

int beside_set(struct beside *b, const char *name, const char *value,
	char why[WHY_SIZE])
{
	char **text = !strcmp(name, "title")	? &b->title
		      : !strcmp(name, "value")	? &b->value
		      : !strcmp(name, "source") ? &b->source
						: NULL;

	if (text)
		return text_join(text, value, " ");
	if (!strcmp(name, "row") && strchr(value, '|'))
		return texts_add(&b->rows, value);
	snprintf(why, WHY_SIZE,
		"[beside] %.100s: there are title, value, source and "
		"row = MODEL | PUBLISHED | DESIGN",
		name);
	return -EINVAL;
}

void beside_release(struct beside *b)
{
	free(b->title);
	free(b->value);
	free(b->source);
	texts_clear(&b->rows);
	*b = (struct beside) {0};
}

/* The n-th part of "MODEL | PUBLISHED | DESIGN", trimmed. */
static void take_part(const char *row, size_t n, char *part, size_t size)
{
	size_t len;

	for (; n && row; n--) {
		row = strchr(row, '|');
		row += row != NULL;
	}
	row = row ? row + strspn(row, " ") : "";
	len = strcspn(row, "|");
	while (len && row[len - 1] == ' ')
		len--;
	snprintf(part, size, "%.*s", (int)len, row);
}

bool beside_relation(const struct beside *b, size_t n, char *line, size_t size)
{
	char model[128], *value;
	int len = -1;

	if (!b->value || n >= b->rows.count)
		return false;
	take_part(b->rows.at[n], 0, model, sizeof(model));
	value = text_replace(b->value, "MODEL", model);
	if (value)
		len = snprintf(line, size, "value: %s > 0", value);
	free(value);
	return len > 0 && (size_t)len < size;
}

/* Our figure for the n-th row. */
static struct estimate measure(const struct beside *b, size_t n,
	const struct run *run, enum metric_unit *unit)
{
	struct expectation e;
	char line[400];

	*unit = UNIT_NUMBER;
	if (!beside_relation(b, n, line, sizeof(line)) ||
		expect_evaluate(&e, line, run))
		return (struct estimate) {NAN, NAN, NAN, 0};
	*unit = e.left_unit;
	return e.left;
}

/* What was published, of which the number comes first. NAN: nothing. */
static double published(const struct beside *b, size_t n)
{
	char text[GRID_CELL], *end;
	double value;

	take_part(b->rows.at[n], 1, text, sizeof(text));
	value = strtod(text, &end);
	return end > text ? value : NAN;
}

/* The largest values of the rows. */
struct most {
	double ours, theirs;
};

static struct most find_most(const struct beside *b, const struct run *run)
{
	struct most most = {0};
	enum metric_unit unit;

	for (size_t i = 0; i < b->rows.count; i++) {
		most.ours = fmax(most.ours, measure(b, i, run, &unit).value);
		most.theirs = fmax(most.theirs, published(b, i));
	}
	return most;
}

static void fill_share(double value, double most, char text[GRID_CELL])
{
	if (most > 0 && isfinite(value))
		snprintf(text, GRID_CELL, "%.0f %%", 100 * value / most);
}

static void fill_row(const struct beside *b, const struct run *run, size_t n,
	const struct most *most, const struct style *style,
	struct grid_row *row)
{
	const char *from = b->rows.at[n];
	enum metric_unit unit;
	struct estimate ours;

	take_part(from, 0, row->text[MODEL], GRID_CELL);
	take_part(from, 1, row->text[PUBLISHED], GRID_CELL);
	take_part(from, 2, row->text[DESIGN], GRID_CELL);
	ours = measure(b, n, run, &unit);
	figure(ours.value, unit, style, row->text[OURS]);
	if (ours.value > 0)
		figure_spread(&ours, row->text[SPREAD]);
	fill_share(ours.value, most->ours, row->text[SHARE]);
	fill_share(published(b, n), most->theirs, row->text[THEIR_SHARE]);
	if (!*row->text[PUBLISHED])
		snprintf(row->text[PUBLISHED], GRID_CELL, "-");
}

void beside_fill(const struct beside *b, const struct run *run,
	const struct style *style, struct grid *g)
{
	struct most most;

	if (!b->value || !b->rows.count)
		return;
	most = find_most(b, run);
	grid_column(g, "model", true);
	grid_column(g, "here", false);
	grid_column(g, style->utf8 ? "±" : "+/-", false);
	grid_column(g, "of the most", false);
	grid_column(g, "published", false);
	grid_column(g, "of the most", false);
	grid_column(g, "", true);
	for (size_t i = 0; i < b->rows.count; i++) {
		struct grid_row *row = grid_add(g);

		if (row)
			fill_row(b, run, i, &most, style, row);
	}
}

const char *beside_title(const struct beside *b)
{
	return b->title ? b->title : "Beside what is published";
}

void beside_print(const struct beside *b, const struct run *run,
	const struct style *style, FILE *out)
{
	struct grid g = {0};

	beside_fill(b, run, style, &g);
	if (g.count) {
		fprintf(out, "\n%s\n", beside_title(b));
		grid_print(&g, style->colour, out);
		if (b->source)
			fprintf(out, "published: %s\n", b->source);
	}
	grid_release(&g);
}

void beside_print_markdown(
	const struct beside *b, const struct run *run, FILE *out)
{
	struct grid g = {0};

	beside_fill(b, run, &page_style, &g);
	if (g.count) {
		fputs("\n**", out);
		grid_markdown_text(beside_title(b), out);
		fputs("**\n\n", out);
		grid_print_markdown(&g, out);
		if (b->source) {
			fputs("\nPublished: ", out);
			grid_markdown_text(b->source, out);
			fputc('\n', out);
		}
	}
	grid_release(&g);
}
