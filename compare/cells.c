/* SPDX-License-Identifier: MIT */
/* The cells of a plan: every model at every point of what is varied. */
#include "compare/external.h"
#include "compare/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static json_t *pairs_to_json(const struct pairs *pairs)
{
	json_t *object = json_object();

	for (size_t i = 0; i < pairs->count; i++)
		json_object_set_new(object, pairs->at[i].name,
			json_string(pairs->at[i].value));
	return object;
}

/* Replaces one text by another that was allocated for it. */
static void take(char **field, char *text)
{
	free(*field);
	*field = text;
}

/* Sets one axis to one of its values in a cell. */
static void cell_vary(struct cell *cell, const char *name, const char *value)
{
	const char *program = "client", *option = name;

	if (!strcmp(name, "workload")) {
		field_text(&cell->workload, value);
		return;
	}
	if (!strcmp(name, "handler")) {
		field_text(&cell->handler, value);
		return;
	}
	if (!strcmp(name, "size")) {
		take(&cell->workload, spec_with(cell->workload, name, value));
		return;
	}
	if (!strncmp(name, "server.", 7) || !strncmp(name, "inject.", 7)) {
		program = *name == 's' ? "server" : "inject";
		option = name + 7;
	}
	json_object_set_new(json_object_get(cell->options, program), option,
		json_string(value));
}

static int add_cell(const struct plan *p, struct run *run, const char *model,
	const size_t at[PLAN_AXES])
{
	struct cell *cell = run_add_cell(run);

	if (!cell)
		return -ENOMEM;
	cell->position = (int64_t)run->cell_count;
	field_text(&cell->model, model);
	field_text(&cell->workload, p->workload);
	field_text(&cell->handler, p->handler);
	cell->options = json_pack("{s:o, s:o, s:o}", "client",
		pairs_to_json(&p->client), "server", pairs_to_json(&p->server),
		"inject", pairs_to_json(&p->inject));
	cell->point = json_object();
	for (size_t a = 0; a < p->axis_count; a++) {
		const char *value = p->axes[a].values.at[at[a]];

		json_object_set_new(
			cell->point, p->axes[a].name, json_string(value));
		cell_vary(cell, p->axes[a].name, value);
	}
	if (!cell->handler)
		cell->handler = spec_only_known(cell->workload, &p->handlers);
	return cell->options && cell->handler && cell->workload ? 0 : -ENOMEM;
}

/* Counts like an odometer. False after the last combination. */
static bool next_point(const struct plan *p, size_t at[PLAN_AXES])
{
	for (size_t a = p->axis_count; a-- > 0;) {
		if (++at[a] < p->axes[a].values.count)
			return true;
		at[a] = 0;
	}
	return false;
}

/* An option of our server that the cell has, NULL if none. */
static const char *own_option(const struct cell *cell)
{
	json_t *options = json_object_get(cell->options, "server");

	return json_object_iter_key(json_object_iter(options));
}

/* Why a cell cannot be measured. False: it can, as far as is known here. */
static bool reason_to_skip(
	const struct texts *known, const struct cell *cell, char why[WHY_SIZE])
{
	const bool external = external_named(cell->model);
	const bool peer = programs_is_peer(cell->model);
	const char *option = external || peer ? own_option(cell) : NULL;

	if (!programs_know(known, cell->model))
		snprintf(why, WHY_SIZE, "%s",
			peer ? "not built here: scripts/setup --peers brings "
			       "what it needs, then make"
			     : "this server has no such model");
	else if (option)
		snprintf(why, WHY_SIZE, "only our own server has --%s", option);
	else
		return external && external_check(cell->model, why);
	return true;
}

static void skip_some(const struct texts *known, struct run *run)
{
	char why[WHY_SIZE];

	for (size_t c = 0; c < run->cell_count; c++)
		if (reason_to_skip(known, &run->cells[c], why))
			field_text(&run->cells[c].skipped, why);
}

size_t plan_count_cells(const struct plan *p)
{
	size_t n = p->models.count;

	for (size_t a = 0; a < p->axis_count; a++)
		n *= p->axes[a].values.count;
	return n;
}

int plan_cells(const struct plan *p, const struct texts *known, struct run *run)
{
	size_t at[PLAN_AXES] = {0};
	int rc = 0;

	do {
		for (size_t m = 0; m < p->models.count && !rc; m++)
			rc = add_cell(p, run, p->models.at[m], at);
	} while (!rc && next_point(p, at));
	skip_some(known, run);
	return rc;
}
