/* SPDX-License-Identifier: MIT */
#include "compare/plan.h"

#include "common/clock.h"
#include "compare/cpus.h"
#include "compare/external.h"
#include "compare/inject.h"
#include "compare/outcome.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void plan_init(struct plan *p)
{
	*p = (struct plan) {
		.rounds = 5,
		.duration_ns = 600 * NS_PER_MS,
		.warmup_ns = 150 * NS_PER_MS,
		.repeats = 2,
		.patience_ns = PLAN_PATIENCE_AUTO,
		.syscalls = 1,
	};
	field_text(&p->workload, "echo:size=64");
	plan_set_client(p, "connections", "64", (char[WHY_SIZE]) {0});
}

static void pairs_clear(struct pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++) {
		free(pairs->at[i].name);
		free(pairs->at[i].value);
	}
	free(pairs->at);
	*pairs = (struct pairs) {0};
}

static int pairs_set(struct pairs *pairs, const char *name, const char *value)
{
	struct pair *at;

	for (size_t i = 0; i < pairs->count; i++)
		if (!strcmp(pairs->at[i].name, name)) {
			field_text(&pairs->at[i].value, value);
			return pairs->at[i].value ? 0 : -ENOMEM;
		}
	at = realloc(pairs->at, (pairs->count + 1) * sizeof(*at));
	if (!at)
		return -ENOMEM;
	pairs->at = at;
	at[pairs->count] = (struct pair) {strdup(name), strdup(value)};
	pairs->count++;
	return at[pairs->count - 1].name && at[pairs->count - 1].value
		       ? 0
		       : -ENOMEM;
}

const char *pairs_get(const struct pairs *pairs, const char *name)
{
	for (size_t i = 0; i < pairs->count; i++)
		if (!strcmp(pairs->at[i].name, name))
			return pairs->at[i].value;
	return NULL;
}

static void axis_release(struct axis *a)
{
	free(a->name);
	texts_clear(&a->values);
	*a = (struct axis) {0};
}

static void axes_clear(struct plan *p)
{
	while (p->axis_count)
		axis_release(&p->axes[--p->axis_count]);
}

void plan_release(struct plan *p)
{
	char **owned[] = {&p->experiment, &p->definition, &p->title,
		&p->question, &p->choices, &p->explain, &p->read_next,
		&p->handler, &p->workload, &p->baseline, &p->server_cpus,
		&p->client_cpus};

	for (size_t i = 0; i < sizeof(owned) / sizeof(*owned); i++)
		field_text(owned[i], NULL);
	axes_clear(p);
	texts_clear(&p->models);
	texts_clear(&p->handlers);
	texts_clear(&p->plots);
	texts_clear(&p->expects);
	texts_clear(&p->fits);
	pairs_clear(&p->client);
	pairs_clear(&p->server);
	pairs_clear(&p->inject);
	texts_clear(&p->tolerate);
	beside_release(&p->beside);
}

/* ---- one setting ---------------------------------------------------------- */

static bool client_knows(const char *name)
{
	static const char *const names[] = {"connections", "threads",
		"requests", "rate", "arrivals", "pipeline",
		"requests-per-connection", "think", "idle", "slow-readers",
		"slow-writers", "ramp", "steps", "timeout", "engine",
		"busy-poll", "source", "seed", "interval"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

int plan_set_client(
	struct plan *p, const char *name, const char *value, char why[WHY_SIZE])
{
	if (client_knows(name))
		return pairs_set(&p->client, name, value);
	snprintf(why, WHY_SIZE, "the client has no option --%s", name);
	return -EINVAL;
}

int plan_set_server(struct plan *p, const char *name, const char *value)
{
	return pairs_set(&p->server, name, value);
}

int plan_set_inject(
	struct plan *p, const char *name, const char *value, char why[WHY_SIZE])
{
	int rc = injection_check(name, value, why);

	return rc ? rc : pairs_set(&p->inject, name, value);
}

/* What may stand before the = of --vary. */
static bool axis_known(const char *name)
{
	return !strcmp(name, "workload") || !strcmp(name, "handler") ||
	       !strcmp(name, "size") || !strncmp(name, "server.", 7) ||
	       !strncmp(name, "inject.", 7) || client_knows(name);
}

/* The values of an axis that goes through injections. */
static int check_injected(const struct axis *a, char *why)
{
	int rc = 0;

	for (size_t i = 0; i < a->values.count && !rc; i++)
		if (!strncmp(a->name, "inject.", 7))
			rc = injection_check(a->name + 7, a->values.at[i], why);
	return rc;
}

static int set_vary(struct plan *p, const char *value, char *why)
{
	const char *equals = strchr(value, '=');
	struct axis *a = &p->axes[p->axis_count];
	int rc;

	if (!equals || p->axis_count == PLAN_AXES) {
		snprintf(why, WHY_SIZE,
			"cannot vary %s: say NAME=VALUE,VALUE,... (at most %d "
			"of them)",
			value, PLAN_AXES);
		return -EINVAL;
	}
	a->name = strndup(value, (size_t)(equals - value));
	if (!a->name)
		return -ENOMEM;
	if (!strcmp(a->name, "workload") || !strcmp(a->name, "handler"))
		rc = texts_add_specs(&a->values, equals + 1);
	else
		rc = texts_add_list(&a->values, equals + 1);
	if (!rc && axis_known(a->name)) {
		rc = check_injected(a, why);
		p->axis_count += !rc;
		if (rc)
			axis_release(a);
		return rc;
	}
	if (rc)
		snprintf(why, WHY_SIZE, "a value is missing in %s", value);
	else
		snprintf(why, WHY_SIZE,
			"cannot vary %s: try connections, workload, handler, "
			"size, server.OPTION, inject.SETTING, or an option of "
			"the client",
			a->name);
	axis_release(a);
	return -EINVAL;
}

static int set_models(struct plan *p, const char *value, char *why)
{
	struct texts more = {0};
	int rc;

	if (!strcmp(value, "all")) {
		p->all_models = true;
		return 0;
	}
	rc = texts_add_specs(&more, value);
	if (rc == -EINVAL)
		snprintf(why, WHY_SIZE, "a model is missing in \"%s\"", value);
	for (size_t i = 0; i < more.count && !rc; i++)
		if (!texts_have(&p->models, more.at[i]))
			rc = texts_add(&p->models, more.at[i]);
	texts_clear(&more);
	return rc;
}

static int set_number(const char *name, const char *value, uint64_t most,
	uint64_t *into, char *why)
{
	if (!parse_count(value, into) && *into > 0 && *into <= most)
		return 0;
	snprintf(why, WHY_SIZE, "%s %s: a number from 1 to %llu is needed",
		name, value, (unsigned long long)most);
	return -EINVAL;
}

static int set_time(const char *name, const char *value, uint64_t least,
	uint64_t *into, char *why)
{
	if (!parse_time(value, into) && *into >= least)
		return 0;
	snprintf(why, WHY_SIZE, "%s %s: a time such as 600ms or 2s is needed",
		name, value);
	return -EINVAL;
}

/* "2%" or "2": percent. */
static int set_until(struct plan *p, const char *value, char *why)
{
	size_t len = strlen(value);
	char number[32];
	double percent;

	snprintf(number, sizeof(number), "%.*s",
		(int)(len && value[len - 1] == '%' ? len - 1 : len), value);
	if (!parse_number(number, &percent) && percent > 0 && percent <= 100) {
		p->until = percent / 100;
		return 0;
	}
	snprintf(why, WHY_SIZE,
		"until %s: percent are needed, above 0 and up to 100", value);
	return -EINVAL;
}

/* A number that may be none. */
static int set_few(
	const char *name, const char *value, uint64_t *into, char *why)
{
	if (!parse_count(value, into) && *into <= 100)
		return 0;
	snprintf(why, WHY_SIZE, "%s %s: a number from 0 to 100 is needed", name,
		value);
	return -EINVAL;
}

static int set_cpus(const char *name, const char *value, char **into, char *why)
{
	struct cpu_list list;

	if (parse_cpu_list(value, &list) || !list.count) {
		snprintf(why, WHY_SIZE,
			"%s %s: a list such as 0 or 0,2-3 is needed", name,
			value);
		return -EINVAL;
	}
	field_text(into, value);
	return 0;
}

static int set_connections(struct plan *p, const char *value, char *why)
{
	uint64_t n;
	int rc = set_number("connections", value, 1000000, &n, why);

	return rc ? rc : pairs_set(&p->client, "connections", value);
}

static int set_tolerate(struct plan *p, const char *value, char *why)
{
	struct texts more = {0};
	int rc = texts_add_list(&more, value);

	for (size_t i = 0; i < more.count && !rc; i++) {
		if (outcome_may_tolerate(more.at[i]))
			rc = texts_add(&p->tolerate, more.at[i]);
		else
			rc = -EINVAL;
		if (rc == -EINVAL)
			snprintf(why, WHY_SIZE,
				"tolerate %s: say unanswered, rate, timeout, or "
				"an error of a connection such as read.EOF or "
				"connect.ECONNREFUSED",
				more.at[i]);
	}
	texts_clear(&more);
	return rc;
}

int plan_set(
	struct plan *p, const char *name, const char *value, char why[WHY_SIZE])
{
	if (!strcmp(name, "models"))
		return set_models(p, value, why);
	if (!strcmp(name, "vary"))
		return set_vary(p, value, why);
	if (!strcmp(name, "connections"))
		return set_connections(p, value, why);
	if (!strcmp(name, "rounds"))
		return set_number(name, value, 1000, &p->rounds, why);
	if (!strcmp(name, "until"))
		return set_until(p, value, why);
	if (!strcmp(name, "budget"))
		return set_time(name, value, NS_PER_MS, &p->budget_ns, why);
	if (!strcmp(name, "repeats"))
		return set_few(name, value, &p->repeats, why);
	if (!strcmp(name, "patience"))
		return set_time(name, value, 0, &p->patience_ns, why);
	if (!strcmp(name, "syscalls"))
		return set_few(name, value, &p->syscalls, why);
	if (!strcmp(name, "duration"))
		return set_time(name, value, NS_PER_MS, &p->duration_ns, why);
	if (!strcmp(name, "warmup"))
		return set_time(name, value, 0, &p->warmup_ns, why);
	if (!strcmp(name, "server-cpus"))
		return set_cpus(name, value, &p->server_cpus, why);
	if (!strcmp(name, "client-cpus"))
		return set_cpus(name, value, &p->client_cpus, why);
	if (!strcmp(name, "handler"))
		return field_text(&p->handler, value), 0;
	if (!strcmp(name, "workload"))
		return field_text(&p->workload, value), 0;
	if (!strcmp(name, "baseline"))
		return field_text(&p->baseline, value), 0;
	if (!strcmp(name, "tolerate"))
		return set_tolerate(p, value, why);
	if (!strcmp(name, "seed")) {
		p->seeded = true;
		return set_number(name, value, UINT32_MAX, &p->seed, why);
	}
	snprintf(why, WHY_SIZE, "there is no setting %s", name);
	return -ENOENT;
}

void plan_clear(struct plan *p, const char *name)
{
	if (!strcmp(name, "models")) {
		texts_clear(&p->models);
		p->all_models = false;
	} else if (!strcmp(name, "vary"))
		axes_clear(p);
	else if (!strcmp(name, "tolerate"))
		texts_clear(&p->tolerate);
}

/* ---- completing ----------------------------------------------------------- */

/* All models as the server lists them, with the limit at the end; then those
 * that were named besides. */
static int all_models(struct plan *p, const struct texts *known)
{
	struct texts named = p->models;
	int rc = 0;

	p->models = (struct texts) {0};
	for (size_t i = 0; i < known->count && !rc; i++)
		if (!strchr(known->at[i], ':'))
			rc = texts_add(&p->models, known->at[i]);
	for (size_t i = 0; i < named.count && !rc; i++)
		if (!texts_have(&p->models, named.at[i]))
			rc = texts_add(&p->models, named.at[i]);
	texts_clear(&named);
	return rc;
}

static int check_models(
	struct plan *p, const struct texts *known, char why[WHY_SIZE])
{
	for (size_t i = 0; i < p->models.count; i++) {
		const char *model = p->models.at[i];
		size_t used;

		if (external_named(model) &&
			external_check(model, why) == -EINVAL)
			return -EINVAL;
		if (programs_know(known, model))
			continue;
		used = (size_t)snprintf(why, WHY_SIZE,
			"there is no model %s; there are:", model);
		for (size_t k = 0; k < known->count && used < WHY_SIZE; k++)
			if (!strchr(known->at[k], ':') ||
				programs_is_peer(known->at[k]))
				used += (size_t)snprintf(why + used,
					WHY_SIZE - used, " %s", known->at[k]);
		return -EINVAL;
	}
	return 0;
}

static int check_baseline(struct plan *p, char why[WHY_SIZE])
{
	if (!p->baseline)
		field_text(&p->baseline, texts_have(&p->models, "epoll")
						 ? "epoll"
						 : p->models.at[0]);
	if (!p->baseline || texts_have(&p->models, p->baseline))
		return 0;
	snprintf(why, WHY_SIZE,
		"the baseline %s is not among the models that are compared",
		p->baseline);
	return -EINVAL;
}

int plan_complete(struct plan *p, const struct texts *known, char why[WHY_SIZE])
{
	int rc = 0;

	if (!p->models.count || p->all_models)
		rc = all_models(p, known);
	if (!rc && p->named)
		rc = check_models(p, known, why);
	if (!rc)
		rc = check_baseline(p, why);
	if (rc)
		return rc;
	if (!p->seeded) {
		uint32_t seed = 0;

		if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
			seed = (uint32_t)clock_ns();
		p->seed = seed | 1;
	}
	return cpus_choose(&p->server_cpus, &p->client_cpus);
}

/* What a sample takes besides its time: starting and ending two programs. */
#define SAMPLE_EXTRA_NS (250 * NS_PER_MS)

static uint64_t plan_takes_ns(const struct plan *p, size_t cells)
{
	return cells * p->rounds *
	       (p->duration_ns + p->warmup_ns + SAMPLE_EXTRA_NS);
}

void plan_fit(struct plan *p, size_t cells, uint64_t within_ns)
{
	uint64_t sample_ns = p->duration_ns + p->warmup_ns, left_ns;
	double part;

	while (p->rounds > 2 && plan_takes_ns(p, cells) > within_ns)
		p->rounds--;
	if (plan_takes_ns(p, cells) <= within_ns || !cells)
		return;
	left_ns = within_ns / (cells * p->rounds);
	left_ns = left_ns > 2 * SAMPLE_EXTRA_NS ? left_ns - SAMPLE_EXTRA_NS
						: left_ns / 2;
	part = (double)left_ns / (double)sample_ns;
	p->duration_ns = (uint64_t)((double)p->duration_ns * part) + 1;
	p->warmup_ns = (uint64_t)((double)p->warmup_ns * part);
}

/* ---- the cells ------------------------------------------------------------ */

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
