/* SPDX-License-Identifier: MIT */
#include "compare/whole.h"

#include "compare/analysis.h"

#include <stdio.h>
#include <string.h>

bool run_is_finished(const struct run *run)
{
	return run->status && !strcmp(run->status, "complete");
}

/* Where rounds go on until a figure is known, more than were asked for. */
size_t run_rounds_due(const struct run *run)
{
	size_t asked = run->rounds > 0 ? (size_t)run->rounds : 0;
	size_t begun = analysis_rounds(run);

	return begun > asked ? begun : asked;
}

/* A repeated one is no measurement: the next attempt is. */
static bool measures(const struct sample *s)
{
	return sample_is_valid(s) || sample_is_invalid(s);
}

static bool has_round(const struct cell *cell, int64_t round)
{
	for (size_t i = 0; i < cell->sample_count; i++)
		if (cell->samples[i].round == round &&
			measures(&cell->samples[i]))
			return true;
	return false;
}

static bool round_is_whole(const struct run *run, int64_t round)
{
	for (size_t c = 0; c < run->cell_count; c++)
		if (!run->cells[c].skipped && !has_round(&run->cells[c], round))
			return false;
	return true;
}

size_t run_rounds_whole(const struct run *run)
{
	size_t whole = 0, due = run_rounds_due(run);

	for (size_t round = 1; round <= due; round++)
		whole += round_is_whole(run, (int64_t)round);
	return whole;
}

size_t cell_rounds_done(const struct cell *cell)
{
	size_t done = 0;

	for (size_t i = 0; i < cell->sample_count; i++)
		done += measures(&cell->samples[i]);
	return done;
}

const char *run_say_unfinished(const struct run *run, char *buf, size_t size)
{
	const char *status = run->status ? run->status : "unknown";
	bool running = !strcmp(status, "running");

	buf[0] = '\0';
	if (!run_is_finished(run))
		snprintf(buf, size,
			"this run is not finished (%s%s): %zu of %zu rounds "
			"are whole",
			status, running ? ", or it was killed" : "",
			run_rounds_whole(run), run_rounds_due(run));
	return buf;
}
