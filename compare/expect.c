/* SPDX-License-Identifier: MIT */
#include "compare/expect.h"

#include "compare/analysis.h"
#include "compare/term.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int read_relation(struct reading *r, char relation[3])
{
	reading_skip_spaces(r);
	if (*r->at != '<' && *r->at != '>')
		return reading_complain(
			r, "<, <=, > or >= is missing at \"%.20s\"", r->at);
	relation[0] = *r->at++;
	relation[1] = *r->at == '=' ? *r->at++ : '\0';
	relation[2] = '\0';
	return 0;
}

/* Rounds in which both sides are known, packed to the front. */
static size_t pack(struct term *a, struct term *b, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (!isfinite(a->rounds[i]) || !isfinite(b->rounds[i]))
			continue;
		a->rounds[n] = a->rounds[i];
		b->rounds[n++] = b->rounds[i];
	}
	return n;
}

/* By the interval of what the left is more than the right. */
static enum verdict judge(const struct estimate *d, const char *relation)
{
	bool more = relation[0] == '>', equal = relation[1] == '=';
	double low = more ? d->low : -d->high, high = more ? d->high : -d->low;

	if (!isfinite(low) || !isfinite(high))
		return UNDECIDED;
	if (low > 0 || (equal && low >= 0))
		return CONFIRMED;
	if (high < 0 || (!equal && high <= 0))
		return REFUTED;
	return UNDECIDED;
}

/* How much more the left is than the right, round by round, into the left:
 * their log ratio where both are positive, which noise that multiplies moves
 * alike in all rounds, or else their difference. */
static void subtract(struct term *a, const struct term *b, size_t n)
{
	bool positive = true;

	for (size_t i = 0; i < n; i++)
		positive = positive && a->rounds[i] > 0 && b->rounds[i] > 0;
	for (size_t i = 0; i < n; i++)
		a->rounds[i] = positive ? log(a->rounds[i] / b->rounds[i])
					: a->rounds[i] - b->rounds[i];
}

static void decide(
	struct expectation *e, struct term *a, struct term *b, size_t count)
{
	size_t n = pack(a, b, count);
	struct estimate more;

	e->left = stats_estimate(a->rounds, n);
	e->right = stats_estimate(b->rounds, n);
	e->left_unit = a->unit;
	e->right_unit = b->unit;
	subtract(a, b, n);
	more = stats_shift(a->rounds, n);
	e->verdict = judge(&more, e->relation);
	if (n < 2)
		snprintf(e->why, WHY_SIZE, "%s",
			n ? "one round decides nothing" : "no valid rounds");
}

/* A lower bound on the greater side refutes nothing, and on the smaller side
 * confirms nothing. */
static void heed_bounds(
	struct expectation *e, const struct term *a, const struct term *b)
{
	const struct term *greater = e->relation[0] == '>' ? a : b;
	const struct term *smaller = greater == a ? b : a;

	e->bounded = a->more || a->less || b->more || b->less;
	if (e->verdict == CONFIRMED && (greater->less || smaller->more))
		e->verdict = UNDECIDED;
	if (e->verdict == REFUTED && (greater->more || smaller->less))
		e->verdict = UNDECIDED;
}

static int evaluate_at(struct expectation *e, struct reading *r)
{
	struct term left = {0}, right = {0};
	int rc;

	r->at = e->text;
	rc = term_read(r, &left);
	if (!rc)
		rc = read_relation(r, e->relation);
	if (!rc)
		rc = term_read(r, &right);
	reading_skip_spaces(r);
	if (!rc && *r->at)
		rc = reading_complain(r, "\"%.20s\" is too much", r->at);
	if (!rc) {
		decide(e, &left, &right, r->count);
		heed_bounds(e, &left, &right);
	}
	free(left.rounds);
	free(right.rounds);
	return rc;
}

/* Of several points the worst verdict counts; its figures are kept. */
static int evaluate_everywhere(struct expectation *e, struct reading *r)
{
	struct expectation worst = {.verdict = CONFIRMED};
	int rc = 0;

	for (size_t c = 0; c < r->run->cell_count && !rc; c++) {
		r->point = r->run->cells[c].point;
		rc = evaluate_at(e, r);
		if (rc || !r->pointed)
			return rc;
		if (!c || e->verdict == REFUTED ||
			(e->verdict == UNDECIDED && worst.verdict == CONFIRMED))
			worst = *e;
		if (worst.verdict == REFUTED)
			break;
	}
	*e = worst;
	return rc;
}

static void split_name(struct expectation *e, const char *line)
{
	const char *colon = strstr(line, ": ");

	if (!colon)
		colon = line;
	snprintf(e->name, sizeof(e->name), "%.*s", (int)(colon - line), line);
	snprintf(e->text, sizeof(e->text), "%s",
		colon == line ? line : colon + 2);
}

int expect_evaluate(
	struct expectation *e, const char *line, const struct run *run)
{
	char why[WHY_SIZE] = "";
	struct reading r = {
		.run = run, .count = analysis_rounds(run), .why = why};
	int rc;

	*e = (struct expectation) {.verdict = UNDECIDED};
	split_name(e, line);
	rc = evaluate_everywhere(e, &r);
	if (!rc)
		return 0;
	e->verdict = UNDECIDED;
	snprintf(e->why, WHY_SIZE, "%s", why);
	return rc;
}

const char *verdict_name(enum verdict v)
{
	static const char *const names[] = {
		"confirmed", "refuted", "undecided"};

	return names[v];
}

static void print_side(const struct estimate *e, enum metric_unit unit,
	const struct style *style, char *buf, size_t size)
{
	char value[FIGURE_TEXT], low[FIGURE_TEXT], high[FIGURE_TEXT];

	figure(e->value, unit, style, value);
	if (isfinite(e->low) && e->low < e->high)
		snprintf(buf, size, "%s (%s to %s)", value,
			figure(e->low, unit, style, low),
			figure(e->high, unit, style, high));
	else
		snprintf(buf, size, "%s", value);
}

const char *expect_figures(const struct expectation *e,
	const struct style *style, char *buf, size_t size)
{
	char left[128], right[128];

	if (e->why[0]) {
		snprintf(buf, size, "%s", e->why);
		return buf;
	}
	print_side(&e->left, e->left_unit, style, left, sizeof(left));
	print_side(&e->right, e->right_unit, style, right, sizeof(right));
	snprintf(buf, size, "%s %s %s%s", left, e->relation, right,
		e->bounded ? "; the client was the slower side" : "");
	return buf;
}
