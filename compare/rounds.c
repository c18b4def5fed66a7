/* SPDX-License-Identifier: MIT */
#include "compare/rounds.h"

#include "common/clock.h"
#include "compare/analysis.h"
#include "compare/outcome.h"
#include "compare/stats.h"

#include <errno.h>
#include <gsl/gsl_randist.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- one sample ----------------------------------------------------------- */

/* Whether a disturbed sample is to be taken again. */
static bool once_more(const struct rounds *r, const struct sample *s)
{
	return s->noise && !r->sampler->counters &&
	       s->attempt <= (int64_t)r->plan->repeats &&
	       (r->repeated + 1) * 4 <=
		       r->run->cell_count * (uint64_t)r->run->rounds;
}

static bool repeat_if_due(struct rounds *r, struct sample *s)
{
	bool due = once_more(r, s);

	if (due) {
		field_text(&s->status, "repeated");
		r->repeated++;
	}
	return due;
}

/* Puts what was measured where it belongs: the database, then memory. */
static int keep(struct rounds *r, struct cell *cell, struct sample *s)
{
	int rc;

	repeat_if_due(r, s);
	rc = store_add_sample(r->store, r->id, cell->position, s);
	if (!rc)
		r->kept++;
	return rc;
}

static void take_back(struct cell *cell)
{
	fields_release(sample_fields, &cell->samples[--cell->sample_count]);
}

/* How long the next sample may wait. */
static uint64_t patience_left_ns(const struct rounds *r)
{
	bool own = r->plan->patience_ns != PLAN_PATIENCE_AUTO;
	uint64_t all = own ? r->plan->patience_ns
			   : (clock_ns() - r->began_ns) / ROUNDS_PATIENCE_PART;
	uint64_t left = all > r->waited_ns ? all - r->waited_ns : 0;

	if (!r->plan->repeats || r->sampler->counters)
		return 0;
	return own || left < ROUNDS_PATIENCE_NS ? left : ROUNDS_PATIENCE_NS;
}

static void await_pace(struct rounds *r)
{
	struct sampler *s = r->sampler;

	r->waited_ns += pace_wait(&s->pace, patience_left_ns(r), s->stop_fd,
		s->tick, s->tick_data);
}

/* One attempt. *again: it was disturbed, and there may be another. */
static int attempt(struct rounds *r, struct cell *cell, uint64_t round,
	uint64_t place, int64_t number, bool *again)
{
	struct sample *s = cell_add_sample(cell);
	int rc;

	if (!s)
		return -ENOMEM;
	s->round = (int64_t)round;
	s->place = (int64_t)place;
	s->attempt = number;
	await_pace(r);
	rc = sampler_take(r->sampler, cell, s);
	if (!rc && !cell->skipped)
		rc = keep(r, cell, s);
	*again = !rc && !cell->skipped && sample_is_repeated(s);
	if (rc || cell->skipped)
		take_back(cell);
	if (!rc && cell->skipped)
		rc = store_skip_cell(
			r->store, r->id, cell->position, cell->skipped);
	return rc;
}

static int take_one(struct rounds *r, struct cell *cell, uint64_t round,
	uint64_t place, int64_t number)
{
	bool again;
	int rc;

	progress_begin(&r->progress, round, cell->model);
	do
		rc = attempt(r, cell, round, place, number++, &again);
	while (again);
	progress_end(&r->progress,
		cell->skipped ? (uint64_t)r->run->rounds - round : 0);
	return rc;
}

/* ---- rounds ---------------------------------------------------------------- */

static int take_round(struct rounds *r, uint64_t round)
{
	int rc = 0;

	gsl_ran_shuffle(
		r->rng, r->order, r->run->cell_count, sizeof(*r->order));
	for (size_t i = 0; i < r->run->cell_count && !rc; i++) {
		struct cell *cell = &r->run->cells[r->order[i]];

		if (!cell->skipped)
			rc = take_one(r, cell, round, i + 1, 1);
	}
	return rc;
}

/* Whether yet another round is due after those that were asked for. */
static bool another(const struct rounds *r, uint64_t done)
{
	const struct plan *p = r->plan;
	uint64_t spent = clock_ns() - r->began_ns;
	uint64_t budget = p->budget_ns ? p->budget_ns : ROUNDS_BUDGET_NS;

	if ((!p->until && !p->budget_ns) || done >= ROUNDS_MOST)
		return false;
	if (spent + spent / done > budget)
		return false;
	return !p->until || !(analysis_width(r->run) <= p->until);
}

/* Makes room for one round more, if there is to be one. */
static bool extend(struct rounds *r, uint64_t done)
{
	if (done < r->plan->rounds)
		return true;
	if (!another(r, done))
		return false;
	r->run->rounds = (int64_t)done + 1;
	progress_extend(&r->progress, r->run);
	return true;
}

static int take_all(struct rounds *r)
{
	uint64_t round = 0;
	int rc;

	do {
		rc = take_round(r, ++round);
		if (rc || !extend(r, round))
			break;
		if (r->after_round)
			r->after_round(r->data);
	} while (true);
	return rc;
}

/* ---- looking back ----------------------------------------------------------- */

/* Judges a sample by what is known at the end; *again: it is worth another. */
static int judge(struct rounds *r, const struct cell *cell, struct sample *s,
	bool *again)
{
	const struct pace_reading best = pace_best(&r->sampler->pace);

	*again = false;
	if (!outcome_look_back(s, &best))
		return 0;
	*again = repeat_if_due(r, s);
	return store_judge_sample(r->store, r->id, cell->position, s);
}

static int look_back_at(struct rounds *r, struct cell *cell)
{
	size_t count = cell->sample_count;
	bool again;
	int rc = 0;

	for (size_t i = 0; i < count && !rc && !cell->skipped; i++) {
		rc = judge(r, cell, &cell->samples[i], &again);
		if (!rc && again) {
			const struct sample s = cell->samples[i];

			r->progress.total++;
			rc = take_one(r, cell, (uint64_t)s.round,
				(uint64_t)s.place, s.attempt + 1);
		}
	}
	return rc;
}

/* A run that began with its CPUs slow or far apart did not know it. */
static int look_back(struct rounds *r)
{
	int rc = 0;

	for (size_t c = 0; c < r->run->cell_count && !rc; c++)
		rc = look_back_at(r, &r->run->cells[c]);
	return rc;
}

/* ---- counting system calls -------------------------------------------------- */

static int count_rounds(struct rounds *r, struct syscalls *counters)
{
	uint64_t most = r->plan->syscalls;
	uint64_t usual_ns = r->sampler->duration_ns;
	int rc = 0;

	if (most > (uint64_t)r->run->rounds)
		most = (uint64_t)r->run->rounds;
	if (usual_ns > ROUNDS_COUNTED_NS)
		r->sampler->duration_ns = ROUNDS_COUNTED_NS;
	r->sampler->counters = counters;
	for (uint64_t round = 1; round <= most && !rc; round++) {
		progress_extend(&r->progress, r->run);
		rc = take_round(r, round);
	}
	r->sampler->counters = NULL;
	r->sampler->duration_ns = usual_ns;
	return rc;
}

/* What is done to a server would be done to it in the midst of counting. */
static bool any_injection(const struct run *run)
{
	for (size_t c = 0; c < run->cell_count; c++)
		if (json_object_size(
			    json_object_get(run->cells[c].options, "inject")))
			return true;
	return false;
}

static int count_calls(struct rounds *r)
{
	struct syscalls counters;
	char why[WHY_SIZE];
	int rc;

	if (!r->plan->syscalls || any_injection(r->run))
		return 0;
	if (syscalls_open(&counters, &r->sampler->group,
		    &r->sampler->server_cpus, why)) {
		field_text(&r->run->counting, why);
		return 0;
	}
	rc = count_rounds(r, &counters);
	syscalls_close(&counters);
	return rc;
}

int rounds_take(struct rounds *r)
{
	size_t cells = r->run->cell_count;
	int rc = -ENOMEM;

	r->order = calloc(cells + 1, sizeof(*r->order));
	r->rng = stats_rng(r->plan->seed);
	r->began_ns = clock_ns();
	progress_init(
		&r->progress, stderr, cells * r->plan->rounds, r->plan->rounds);
	r->sampler->tick = progress_tick;
	r->sampler->tick_data = &r->progress;
	for (size_t i = 0; r->order && i < cells; i++)
		r->order[i] = i;
	if (r->order && r->rng)
		rc = take_all(r);
	if (!rc)
		rc = look_back(r);
	if (!rc)
		rc = count_calls(r);
	progress_finish(&r->progress);
	if (r->rng)
		gsl_rng_free(r->rng);
	free(r->order);
	return rc;
}
