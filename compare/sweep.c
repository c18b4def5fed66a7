/* SPDX-License-Identifier: MIT */
#include "compare/sweep.h"

#include "compare/table.h"

#include <string.h>

/* ---- which axis ----------------------------------------------------------- */

static const char *value_of(const struct point *p, const char *axis)
{
	const char *value = json_string_value(json_object_get(p->at, axis));

	return value ? value : "";
}

static size_t count_values(const struct analysis *a, const char *axis)
{
	size_t different = 0;

	for (size_t i = 0; i < a->count; i++) {
		size_t k = 0;

		while (k < i && strcmp(value_of(&a->points[k], axis),
					value_of(&a->points[i], axis)))
			k++;
		different += k == i;
	}
	return different;
}

/* What follows "METRIC over " in what an experiment plots; NULL if nothing
 * does. */
static const char *plot_axis(const char *plot)
{
	const char *over = strstr(plot, " over ");

	return over ? over + strlen(" over ") : NULL;
}

static const char *longest_axis(const struct analysis *a)
{
	const char *name, *best = NULL;
	size_t most = 1;
	json_t *value;

	json_object_foreach((json_t *)a->points[0].at, name, value)
	{
		size_t n = count_values(a, name);

		if (n > most) {
			most = n;
			best = name;
		}
	}
	return best;
}

const char *sweep_axis(const struct analysis *a, const struct texts *plots)
{
	if (!a->count)
		return NULL;
	for (size_t i = 0; i < plots->count; i++) {
		const char *name = plot_axis(plots->at[i]);

		if (name && count_values(a, name) > 1)
			return name;
	}
	return longest_axis(a);
}

/* ---- which points --------------------------------------------------------- */

/* A point without its place on the axis. A new reference. */
static json_t *rest_of(const struct sweep *s, size_t point)
{
	json_t *rest = json_copy((json_t *)s->a->points[point].at);

	if (s->axis)
		json_object_del(rest, s->axis);
	return rest;
}

static bool belongs(const struct sweep *s, size_t point)
{
	json_t *one, *other;
	bool same;

	if (point == s->first || !s->axis)
		return point == s->first;
	one = rest_of(s, s->first);
	other = rest_of(s, point);
	same = json_equal(one, other);
	json_decref(one);
	json_decref(other);
	return same;
}

static bool begins(const struct sweep *s)
{
	for (size_t p = 0; p < s->first; p++)
		if (belongs(s, p))
			return false;
	return true;
}

bool sweep_next(struct sweep *s)
{
	if (s->count)
		s->first++;
	while (s->first < s->a->count && !begins(s))
		s->first++;
	s->count = 0;
	for (size_t p = s->first; p < s->a->count; p++)
		s->count += belongs(s, p);
	return s->count > 0;
}

size_t sweep_point(const struct sweep *s, size_t point)
{
	size_t p = point == SIZE_MAX ? s->first : point + 1;

	while (p < s->a->count && !belongs(s, p))
		p++;
	return p;
}

const char *sweep_value(const struct sweep *s, size_t point)
{
	return value_of(&s->a->points[point], s->axis);
}

json_t *sweep_at(const struct sweep *s)
{
	return rest_of(s, s->first);
}

const char *sweep_text(const struct sweep *s, char *buf, size_t size)
{
	json_t *at = sweep_at(s);

	point_text(at, buf, size);
	json_decref(at);
	return buf;
}
