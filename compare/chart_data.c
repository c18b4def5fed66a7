/* SPDX-License-Identifier: MIT */
/* A chart as JSON, for the scripts of the page. What is not known is null. */
#include "compare/chart.h"

#include <math.h>

static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *points_to_json(const struct chart *c)
{
	json_t *all = json_array();

	for (size_t p = 0; p < c->points; p++)
		json_array_append_new(
			all, json_pack("{s:s, s:s, s:f, s:b}", "label",
				     c->x[p].label, "drawn", c->x[p].drawn,
				     "position", c->x[p].position, "tick",
				     c->x[p].tick));
	return all;
}

/* What can be marked on the y axis, with its text. */
static json_t *axis_to_json(const struct chart *c)
{
	struct chart_axis a = chart_axis_of(c);
	json_t *ticks = json_array();
	char text[FIGURE_TEXT];

	for (size_t i = 0; i < a.ticks; i++)
		json_array_append_new(ticks,
			json_pack("{s:f, s:s}", "value", a.tick[i], "label",
				chart_say_tick(c, a.tick[i], text)));
	return json_pack("{s:f, s:f, s:b, s:o}", "low", a.low, "high", a.high,
		"log", a.log, "ticks", ticks);
}

static json_t *series_to_json(const struct chart *c, size_t i)
{
	const struct chart_series *s = &c->series[i];
	json_t *value = json_array(), *low = json_array(), *high = json_array(),
	       *said = json_array();
	char text[CHART_TEXT];

	for (size_t p = 0; p < c->points; p++) {
		json_array_append_new(value, number(s->y[p].value));
		json_array_append_new(low, number(s->y[p].low));
		json_array_append_new(high, number(s->y[p].high));
		json_array_append_new(
			said, json_string(chart_say(c, i, p, text)));
	}
	return json_pack("{s:s, s:b, s:b, s:o, s:o, s:o, s:o}", "label",
		s->label, "faint", s->faint, "strong", s->strong, "value",
		value, "low", low, "high", high, "said", said);
}

static json_t *curve_to_json(const struct chart_curve *curve)
{
	json_t *position = json_array(), *value = json_array(),
	       *low = json_array(), *high = json_array();

	for (size_t i = 0; i < curve->steps; i++) {
		const struct chart_step *step = &curve->step[i];

		json_array_append_new(position, number(step->position));
		json_array_append_new(value, number(step->y.value));
		json_array_append_new(low, number(step->y.low));
		json_array_append_new(high, number(step->y.high));
	}
	return json_pack("{s:I, s:o, s:o, s:o, s:o}", "series",
		(json_int_t)curve->series, "position", position, "value", value,
		"low", low, "high", high);
}

json_t *chart_to_json(const struct chart *c)
{
	json_t *series = json_array(), *curves = json_array();

	for (size_t i = 0; i < c->count; i++)
		json_array_append_new(series, series_to_json(c, i));
	for (size_t i = 0; i < c->curve_count; i++)
		json_array_append_new(curves, curve_to_json(&c->curves[i]));
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "id",
		c->id, "kind", chart_kinds[c->kind], "title", c->title,
		"x_title", c->x_title ? c->x_title : "", "points",
		points_to_json(c), "axis", axis_to_json(c), "series", series,
		"curves", curves);
}
