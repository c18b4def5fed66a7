/* SPDX-License-Identifier: MIT */
#include "compare/term.h"

#include "common/options.h"
#include "compare/analysis.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

int reading_complain(struct reading *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (!r->why[0])
		vsnprintf(r->why, WHY_SIZE, format, args);
	va_end(args);
	return -EINVAL;
}

void reading_skip_spaces(struct reading *r)
{
	while (isspace((unsigned char)*r->at))
		r->at++;
}

/* Takes a character if it is next. */
static bool take(struct reading *r, char c)
{
	reading_skip_spaces(r);
	if (*r->at != c)
		return false;
	r->at++;
	return true;
}

static int term_init(struct reading *r, struct term *t)
{
	*t = (struct term) {.unit = UNIT_NUMBER, .constant = true};
	t->rounds = calloc(r->count + 1, sizeof(*t->rounds));
	return t->rounds ? 0 : -ENOMEM;
}

/* ---- METRIC(MODEL @ NAME=VALUE) ------------------------------------------- */

static void trim(char *text)
{
	size_t len = strlen(text), lead = strspn(text, " \t\n");

	while (len > lead && isspace((unsigned char)text[len - 1]))
		text[--len] = '\0';
	memmove(text, text + lead, len - lead + 1);
}

/* Whether this begins with the name of something that is varied, and =. */
static bool names_axis(const json_t *varied, const char *part)
{
	char name[64];
	size_t len = strcspn(part, "=");

	snprintf(name, sizeof(name), "%.*s", len < 63 ? (int)len : 63, part);
	return part[len] && json_object_get(varied, name);
}

/* "connections=64,handler=work:cpu=1ms,dist=exp" as the point of a cell: a
 * comma that no varied name follows belongs to the value. */
static json_t *read_point(const char *text, const json_t *varied)
{
	json_t *point = json_object();

	while (*text) {
		const char *from = text += strspn(text, " \t\n");
		size_t name = strcspn(from, "="), len = strcspn(from, ",");
		char value[256];

		while (from[len] &&
			!names_axis(varied,
				from + len + 1 +
					strspn(from + len + 1, " \t\n")))
			len += 1 + strcspn(from + len + 1, ",");
		text = from + len + (from[len] == ',');
		if (name >= len)
			continue;
		snprintf(value, sizeof(value), "%.*s", (int)(len - name - 1),
			from + name + 1);
		trim(value);
		json_object_setn_new(point, from, name, json_string(value));
	}
	return point;
}

static const struct cell *find_cell(
	const struct run *run, const char *model, const json_t *point)
{
	for (size_t c = 0; c < run->cell_count; c++)
		if (!strcmp(run->cells[c].model, model) &&
			json_equal(run->cells[c].point, point))
			return &run->cells[c];
	return NULL;
}

/* Fills the term from the cell that `inside` names. */
static int fill_metric(
	struct reading *r, const struct metric *m, char *inside, struct term *t)
{
	char *at = strchr(inside, '@');
	json_t *point = at ? read_point(at + 1, r->run->cells[0].point) : NULL;
	const struct cell *cell;

	if (at)
		*at = '\0';
	trim(inside);
	r->pointed = r->pointed || !at;
	cell = find_cell(r->run, inside, at ? point : r->point);
	json_decref(point);
	if (!cell) {
		reading_complain(r, "%s was not measured%s%s", inside,
			at ? " at " : "", at ? at + 1 : "");
		return -ENOENT;
	}
	if (cell->skipped) {
		reading_complain(
			r, "%s was skipped: %s", inside, cell->skipped);
		return -ENODATA;
	}
	metric_by_round(m, cell, t->rounds, r->count);
	t->more = m->unit == UNIT_RATE && cell_is_bounded(cell);
	t->unit = m->unit;
	t->constant = false;
	return 0;
}

/* The text up to the parenthesis that closes; specs may hold others. */
static int read_inside(struct reading *r, char *inside, size_t size)
{
	size_t len = 0;
	int open = 1;

	for (; r->at[len] && open; len++) {
		open += r->at[len] == '(';
		open -= r->at[len] == ')';
	}
	if (open || len > size)
		return reading_complain(r, "a parenthesis is not closed");
	snprintf(inside, size, "%.*s", (int)len - 1, r->at);
	r->at += len;
	return 0;
}

/* ---- terms ---------------------------------------------------------------- */

typedef double operation(double, double);

static double add(double a, double b)
{
	return a + b;
}

static double subtract(double a, double b)
{
	return a - b;
}

static double multiply(double a, double b)
{
	return a * b;
}

static double divide(double a, double b)
{
	return b != 0 ? a / b : NAN;
}

/* The unit of a result: a plain number has none of its own, and two alike
 * divided leave none. */
static enum metric_unit unit_of(
	operation *op, const struct term *a, const struct term *b)
{
	if (op == divide)
		return b->constant ? a->unit : UNIT_NUMBER;
	return a->constant ? b->unit : a->unit;
}

static bool is_negative(const struct reading *r, const struct term *t)
{
	for (size_t i = 0; i < r->count; i++)
		if (t->rounds[i] < 0)
			return true;
	return false;
}

/* Whether a OP b may be more or less than it is, as a and b may. What is taken
 * away, or divided by, counts the other way round; a factor below 0 turns it
 * over, so with one nothing is known. */
static void combine_bounds(const struct reading *r, struct term *a,
	operation *op, const struct term *b)
{
	bool turned = op == subtract || op == divide;
	bool more = a->more || (turned ? b->less : b->more);
	bool less = a->less || (turned ? b->more : b->less);
	bool scaled = op == multiply || op == divide;
	bool unknown = scaled && (is_negative(r, a) || is_negative(r, b));

	a->more = more || (unknown && less);
	a->less = less || (unknown && more);
}

/* Puts a OP b into a, and frees b. */
static void combine(
	struct reading *r, struct term *a, operation *op, struct term *b)
{
	combine_bounds(r, a, op, b);
	for (size_t i = 0; i < r->count; i++)
		a->rounds[i] = op(a->rounds[i], b->rounds[i]);
	a->unit = unit_of(op, a, b);
	a->constant = a->constant && b->constant;
	free(b->rounds);
}

/* min(A, B) or max(A, B), after the name. NAN if either is not known. */
static double least(double a, double b)
{
	return isnan(a) || isnan(b) ? NAN : fmin(a, b);
}

static double most(double a, double b)
{
	return isnan(a) || isnan(b) ? NAN : fmax(a, b);
}

static int read_pair(struct reading *r, struct term *t, operation *op)
{
	struct term second = {0};
	int rc;

	free(t->rounds);
	t->rounds = NULL;
	rc = term_read(r, t);
	if (!rc && !take(r, ','))
		rc = reading_complain(r, "min and max take two terms");
	if (!rc)
		rc = term_read(r, &second);
	if (rc) {
		free(second.rounds);
		return rc;
	}
	combine(r, t, op, &second);
	return take(r, ')')
		       ? 0
		       : reading_complain(r, "a parenthesis is not closed");
}

static int read_named(struct reading *r, struct term *t)
{
	char name[64], inside[400], hint[80];
	size_t len = 0;
	const struct metric *m;

	while (isalnum((unsigned char)r->at[len]) || r->at[len] == '_')
		len++;
	snprintf(name, sizeof(name), "%.*s", (int)len, r->at);
	r->at += len;
	if (!take(r, '('))
		return reading_complain(r, "a ( must follow %s", name);
	if (!strcmp(name, "min"))
		return read_pair(r, t, least);
	if (!strcmp(name, "max"))
		return read_pair(r, t, most);
	m = metric_find(name);
	if (!m)
		return reading_complain(r, "there is no metric %s%s", name,
			metric_hint(name, hint, sizeof(hint)));
	if (read_inside(r, inside, sizeof(inside)))
		return -EINVAL;
	return fill_metric(r, m, inside, t);
}

static int read_number(struct reading *r, struct term *t)
{
	char *end;
	double value = strtod(r->at, &end);

	if (end == r->at)
		return reading_complain(
			r, "a term is missing before \"%.20s\"", r->at);
	r->at = end;
	for (size_t i = 0; i < r->count; i++)
		t->rounds[i] = value;
	return 0;
}

static int read_factor(struct reading *r, struct term *t)
{
	int rc;

	if (take(r, '(')) {
		rc = term_read(r, t);
		if (!rc && !take(r, ')'))
			rc = reading_complain(r, "a parenthesis is not closed");
		return rc;
	}
	rc = term_init(r, t);
	if (rc)
		return rc;
	return isalpha((unsigned char)*r->at) ? read_named(r, t)
					      : read_number(r, t);
}

/* first OP second OP ..., where OP is one of two. */
static int read_chain(struct reading *r, struct term *t,
	int (*read)(struct reading *, struct term *), const char signs[2],
	operation *const operations[2])
{
	int rc = read(r, t);

	while (!rc) {
		struct term next = {0};
		operation *op;

		if (take(r, signs[0]))
			op = operations[0];
		else if (take(r, signs[1]))
			op = operations[1];
		else
			return 0;
		rc = read(r, &next);
		if (rc)
			free(next.rounds);
		else
			combine(r, t, op, &next);
	}
	return rc;
}

static int read_product(struct reading *r, struct term *t)
{
	static operation *const operations[] = {multiply, divide};

	return read_chain(r, t, read_factor, "*/", operations);
}

int term_read(struct reading *r, struct term *t)
{
	static operation *const operations[] = {add, subtract};

	return read_chain(r, t, read_product, "+-", operations);
}
