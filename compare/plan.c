/* SPDX-License-Identifier: MIT */
#include "compare/plan.h"

#include "common/clock.h"
#include "compare/cpus.h"
#include "compare/external.h"

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
		.start_ns = 60 * NS_PER_S,
		.repeats = 2,
		.patience_ns = PLAN_PATIENCE_AUTO,
		.syscalls = 1,
	};
	field_text(&p->workload, "echo:size=64");
	plan_set_client(p, "connections", "64", (char[WHY_SIZE]) {0});
}

void plan_release(struct plan *p)
{
	char **owned[] = {&p->experiment, &p->definition, &p->title,
		&p->question, &p->choices, &p->explain, &p->read_next,
		&p->handler, &p->workload, &p->baseline, &p->server_cpus,
		&p->client_cpus};

	for (size_t i = 0; i < sizeof(owned) / sizeof(*owned); i++)
		field_text(owned[i], NULL);
	plan_clear(p, "vary");
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

/* Of all that is known, the models and peers, without their options. */
static void known_models(const struct texts *known, struct texts *models)
{
	for (size_t k = 0; k < known->count; k++)
		if (!strchr(known->at[k], ':') ||
			programs_is_peer(known->at[k]))
			texts_add(models, known->at[k]);
}

/* Says that there is no such model, and what was meant perhaps. */
static int no_model(const char *model, const struct texts *known, char *why)
{
	struct texts models = {0};
	char name[64], hint[80];
	size_t used;

	known_models(known, &models);
	snprintf(name, sizeof(name), "%.*s",
		programs_is_peer(model) ? 63 : (int)strcspn(model, ":"), model);
	texts_hint(&models, name, hint, sizeof(hint));
	used = (size_t)snprintf(why, WHY_SIZE,
		"there is no model %.60s%s (there are:", model, hint);
	for (size_t k = 0; k < models.count && used < WHY_SIZE; k++)
		used += (size_t)snprintf(
			why + used, WHY_SIZE - used, " %s", models.at[k]);
	if (used < WHY_SIZE)
		snprintf(why + used, WHY_SIZE - used, ")");
	texts_clear(&models);
	return -EINVAL;
}

static int check_models(
	struct plan *p, const struct texts *known, char why[WHY_SIZE])
{
	for (size_t i = 0; i < p->models.count; i++) {
		const char *model = p->models.at[i];

		if (external_named(model) &&
			external_check(model, why) == -EINVAL)
			return -EINVAL;
		if (!programs_know(known, model))
			return no_model(model, known, why);
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
	if (!rc)
		rc = cpus_check("server-cpus", p->server_cpus, why);
	if (!rc)
		rc = cpus_check("client-cpus", p->client_cpus, why);
	if (rc)
		return rc;
	if (!p->seed) {
		uint32_t seed = 0;

		if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
			seed = (uint32_t)clock_ns();
		p->seed = seed | 1;
	}
	return cpus_choose(&p->server_cpus, &p->client_cpus);
}

/* What a sample takes besides its time: starting and ending two programs. */
#define SAMPLE_EXTRA_NS (250 * NS_PER_MS)
/* Below this it shows nothing. */
#define SAMPLE_LEAST_NS (20 * NS_PER_MS)
enum { ROUNDS_LEAST = 2 };

static uint64_t plan_takes_ns(const struct plan *p, size_t cells)
{
	return cells * p->rounds *
	       (p->duration_ns + p->warmup_ns + SAMPLE_EXTRA_NS);
}

int plan_fit(
	struct plan *p, size_t cells, uint64_t within_ns, char why[WHY_SIZE])
{
	uint64_t sample_ns = p->duration_ns + p->warmup_ns, least_ns;
	double part;

	while (p->rounds > ROUNDS_LEAST && plan_takes_ns(p, cells) > within_ns)
		p->rounds--;
	if (plan_takes_ns(p, cells) <= within_ns)
		return 0;
	least_ns = cells * p->rounds * (SAMPLE_EXTRA_NS + SAMPLE_LEAST_NS);
	if (within_ns < least_ns) {
		snprintf(why, WHY_SIZE,
			"within %.3g s: %zu cells in %llu rounds take %.3g s "
			"at least",
			(double)within_ns / 1e9, cells,
			(unsigned long long)p->rounds, (double)least_ns / 1e9);
		return -EINVAL;
	}
	part = (double)(within_ns / (cells * p->rounds) - SAMPLE_EXTRA_NS) /
	       (double)sample_ns;
	p->duration_ns = (uint64_t)((double)p->duration_ns * part) + 1;
	p->warmup_ns = (uint64_t)((double)p->warmup_ns * part);
	return 0;
}
