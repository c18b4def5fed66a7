/* SPDX-License-Identifier: MIT */
#include "compare/chart.h"

#include "common/options.h"
#include "compare/grid.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* An interval that goes on beyond so many times its value is cut off there. */
#define CHART_SHOWN 3.0

const char *const chart_kinds[] = {"bars", "lines", "heat", "shares"};

/* ---- making one ----------------------------------------------------------- */

void chart_set(char **text, const char *format, ...)
{
	va_list arguments;
	char *other;

	va_start(arguments, format);
	if (vasprintf(&other, format, arguments) >= 0) {
		free(*text);
		*text = other;
	}
	va_end(arguments);
}

/* Whether the title and all labels are there, empty as yet. */
static bool make_texts(struct chart *c)
{
	bool all;

	chart_set(&c->title, "%s", "");
	all = c->title != NULL;
	for (size_t p = 0; p < c->points && all; p++) {
		chart_set(&c->x[p].label, "%s", "");
		all = c->x[p].label != NULL;
	}
	return all;
}

struct chart *chart_new(enum chart_kind kind, size_t series, size_t points)
{
	struct chart *c = calloc(1, sizeof(*c));
	struct estimate *all;

	if (!c)
		return NULL;
	c->kind = kind;
	c->count = series;
	c->points = points;
	c->x = calloc(points + 1, sizeof(*c->x));
	c->series = calloc(series + 1, sizeof(*c->series));
	all = calloc(series * points + 1, sizeof(*all));
	if (!c->x || !c->series || !all || !make_texts(c)) {
		free(all);
		chart_free(c);
		return NULL;
	}
	for (size_t i = 0; i < series * points; i++)
		all[i] = (struct estimate) {NAN, NAN, NAN, 0};
	c->series[0].y = all; /* also without a series: it is freed by this */
	for (size_t i = 0; i < series; i++) {
		c->series[i].y = all + i * points;
		c->series[i].part = NAN;
	}
	return c;
}

void chart_free(struct chart *c)
{
	if (!c)
		return;
	if (c->series)
		free(c->series[0].y);
	for (size_t i = 0; i < c->curve_count; i++)
		free(c->curves[i].step);
	free(c->curves);
	for (size_t p = 0; c->x && p < c->points; p++)
		free(c->x[p].label);
	free(c->aside);
	free(c->title);
	free(c->series);
	free(c->x);
	free(c);
}

struct chart_curve *chart_add_curve(
	struct chart *c, size_t series, size_t steps)
{
	struct chart_curve *grown =
		realloc(c->curves, (c->curve_count + 1) * sizeof(*grown));
	struct chart_step *step = calloc(steps + 1, sizeof(*step));

	if (grown)
		c->curves = grown;
	if (!grown || !step) {
		free(step);
		return NULL;
	}
	for (size_t i = 0; i < steps; i++)
		step[i].y = (struct estimate) {NAN, NAN, NAN, 0};
	grown[c->curve_count] = (struct chart_curve) {series, steps, step};
	return &grown[c->curve_count++];
}

bool chart_has(const struct chart *c, size_t series)
{
	for (size_t p = 0; p < c->points; p++)
		if (isfinite(c->series[series].y[p].value))
			return true;
	return false;
}

bool chart_is_empty(const struct chart *c)
{
	for (size_t i = 0; i < c->count; i++)
		if (chart_has(c, i))
			return false;
	return true;
}

/* ---- where its points stand ----------------------------------------------- */

/* The number that a value such as 64, 4k or 2ms is; NAN if it is none. */
static double number_of(const char *text)
{
	uint64_t value;

	if (!parse_size(text, &value) || !parse_time(text, &value))
		return (double)value;
	return NAN;
}

void chart_place_points(struct chart *c)
{
	double first = number_of(c->x[0].label);
	double last = number_of(c->x[c->points - 1].label);
	bool log_x = last > first && first > 0;

	for (size_t p = 0; p < c->points; p++)
		log_x = log_x && number_of(c->x[p].label) > 0;
	for (size_t p = 0; p < c->points; p++)
		c->x[p].position =
			log_x ? log(number_of(c->x[p].label) / first) /
					log(last / first)
			: c->points > 1 ? (double)p / (double)(c->points - 1)
					: 0.5;
	chart_choose_ticks(c);
}

/* ---- their labels ---------------------------------------------------------- */

/* A phone has room for 32 letters, of which two labels leave one free. */
enum { ROOM = 32, DRAWN = 15, DRAWN_NUMBERED = 12 };

/* What follows the first letters of a text. */
static const char *skip_letters(const char *text, size_t letters)
{
	for (; *text && letters; letters--)
		do
			text++;
		while (((unsigned char)*text & 0xc0) == 0x80);
	return text;
}

/* The two ends of a long label tell it from others better than one of them. */
static void shorten(struct chart_point *x, size_t most, const char *number)
{
	size_t letters = text_width(x->label), head = (most - 1) / 2;
	const char *cut = skip_letters(x->label, head);

	if (letters <= most)
		snprintf(x->drawn, CHART_DRAWN, "%s%s", number, x->label);
	else
		snprintf(x->drawn, CHART_DRAWN, "%s%.*s…%s", number,
			(int)(cut - x->label), x->label,
			skip_letters(x->label, letters - (most - 1 - head)));
}

static bool looks_like_another(const struct chart *c, size_t point)
{
	for (size_t p = 0; p < c->points; p++)
		if (p != point && !strcmp(c->x[p].drawn, c->x[point].drawn))
			return true;
	return false;
}

/* Those that look the same get their numbers; the last ones first, so that each
 * still meets the ones before it. */
static void shorten_all(struct chart *c)
{
	char number[24];

	for (size_t p = 0; p < c->points; p++)
		shorten(&c->x[p], DRAWN, "");
	for (size_t p = c->points; p-- > 0;) {
		if (!looks_like_another(c, p))
			continue;
		snprintf(number, sizeof(number), "%zu: ", p + 1);
		shorten(&c->x[p], DRAWN_NUMBERED, number);
	}
}

/* A long one does not reach beyond the ends. */
void chart_choose_ticks(struct chart *c)
{
	double free_from = -1;

	shorten_all(c);
	for (size_t p = 0; p < c->points; p++) {
		size_t letters = text_width(c->x[p].drawn);
		double half = ((double)letters + 0.4) / (2 * ROOM);
		double at = c->x[p].position;

		if (letters > CHART_SHORT)
			at = fmin(fmax(at, half), 1 - half);
		c->x[p].tick = at - half >= free_from;
		if (c->x[p].tick)
			free_from = at + half;
	}
}

/* ---- its axis ------------------------------------------------------------- */

static void widen(double v, double *low, double *high)
{
	if (!isfinite(v))
		return;
	*low = fmin(*low, v);
	*high = fmax(*high, v);
}

/* Of two rounds an interval may be a thousand times as wide as its value. So
 * much of it is drawn that one sees it. */
static void widen_by(
	const struct estimate *e, bool interval, double *low, double *high)
{
	widen(e->value, low, high);
	if (interval) {
		widen(fmax(e->low, e->value / CHART_SHOWN), low, high);
		widen(fmin(e->high, e->value * CHART_SHOWN), low, high);
	}
}

void chart_range(
	const struct chart *c, bool intervals, double *low, double *high)
{
	*low = INFINITY;
	*high = -INFINITY;
	for (size_t i = 0; i < c->count; i++)
		for (size_t p = 0; p < c->points; p++)
			widen_by(&c->series[i].y[p], intervals, low, high);
	for (size_t i = 0; i < c->curve_count; i++)
		for (size_t k = 0; k < c->curves[i].steps; k++)
			widen_by(&c->curves[i].step[k].y, intervals, low, high);
}

static void add_tick(struct chart_axis *a, double value)
{
	if (a->ticks < CHART_TICKS && value >= a->low * 0.999 &&
		value <= a->high * 1.001)
		a->tick[a->ticks++] = value;
}

/* 1, 2 and 5 of each decade where there are few of them. */
static void log_axis(struct chart_axis *a)
{
	double decades = log10(a->high / a->low);

	for (double at = pow(10, floor(log10(a->low))); at <= a->high;
		at *= 10) {
		add_tick(a, at);
		if (decades < 3) {
			add_tick(a, 2 * at);
			add_tick(a, 5 * at);
		}
	}
}

/* Four to eight steps of a 1, 2 or 5. */
static void linear_axis(struct chart_axis *a, enum metric_unit unit)
{
	double power =
		unit == UNIT_BYTES ? pow(1024, floor(log2(a->high) / 10)) : 1;
	double step = power * pow(10, floor(log10(a->high / power))) / 2;

	if (a->high / step > 8)
		step *= 2;
	if (a->high / step > 8)
		step *= 2;
	if (a->high / step < 4)
		step /= 2;
	a->high = ceil(a->high / step) * step;
	for (double at = 0; at <= a->high * 1.001; at += step)
		add_tick(a, at);
}

struct chart_axis chart_axis_of(const struct chart *c)
{
	struct chart_axis a = {.log = c->log_y};

	chart_range(c, true, &a.low, &a.high);
	if (!(a.high > 0))
		a.high = 1;
	a.log = a.log && a.low > 0;
	if (a.log) {
		a.low /= 1.1;
		a.high *= 1.1;
		log_axis(&a);
	} else {
		a.low = 0;
		linear_axis(&a, c->unit);
	}
	return a;
}

const char *chart_say_tick(
	const struct chart *c, double value, char buf[FIGURE_TEXT])
{
	char *point, *rest;

	figure(value, c->unit, &page_style, buf);
	point = strchr(buf, '.');
	if (!point)
		return buf;
	rest = point + strspn(point, ".0");
	if (*rest < '1' || *rest > '9')
		memmove(point, rest, strlen(rest) + 1);
	return buf;
}
