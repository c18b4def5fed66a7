/* SPDX-License-Identifier: MIT */
#include "compare/notes.h"

#include "compare/grid.h"
#include "compare/steady.h"
#include "compare/whole.h"

#include <stdlib.h>
#include <string.h>

/* ---- lines, or a list ------------------------------------------------------- */

FILE *notes_begin(struct notes *n, bool markdown, FILE *to)
{
	*n = (struct notes) {.to = to};
	if (markdown)
		n->lines = open_memstream(&n->text, &n->size);
	return n->lines ? n->lines : to;
}

void notes_end(struct notes *n)
{
	char *rest, *line;

	if (!n->lines)
		return;
	fclose(n->lines);
	for (line = strtok_r(n->text, "\n", &rest); line;
		line = strtok_r(NULL, "\n", &rest)) {
		fputs("- ", n->to);
		grid_markdown_text(line, n->to);
		fputc('\n', n->to);
	}
	if (n->size)
		fputc('\n', n->to);
	free(n->text);
}

/* ---- of the whole run ------------------------------------------------------- */

/* What the notes below the tables are about. */
struct found {
	bool lower_bound, marked, several_best, undecided;
};

static void look_at(const struct point *p, struct found *f)
{
	for (size_t i = 0; i < p->count; i++) {
		const struct summary *s = &p->summaries[i];

		f->marked |= s->standing == RANKED;
		f->lower_bound |= s->standing == RANKED && s->lower_bound;
		f->several_best |= i > 0 && s->best;
		f->undecided |= s->has_baseline && !s->differs;
	}
}

void notes_print_legend(const struct analysis *a, bool ranked,
	const struct style *style, FILE *out)
{
	struct found f = {0};

	for (size_t i = 0; i < a->count; i++)
		look_at(&a->points[i], &f);
	f.marked = f.marked && ranked;
	if (f.lower_bound)
		fprintf(out,
			"%s  the client, not the server, was the slower side: "
			"at least so many.%s\n",
			style->utf8 ? "≥" : ">=",
			f.marked ? " Order, bars and ratios\n   go by the "
				   "server's CPU per request: the less of it, "
				   "the more requests a CPU can serve."
				 : "");
	if (f.marked)
		fprintf(out, "*  the best%s\n",
			f.several_best ? ", and what cannot be told from it"
				       : "");
	if (f.undecided)
		fprintf(out,
			"~  no difference from %s that is more than noise\n",
			a->run->baseline);
}

/* Figures from a busy machine are no measure of anything. */
static void print_noise(const struct run *run, FILE *out)
{
	double noise = analysis_noise(run);
	size_t noisy = 0, all = 0;

	for (size_t c = 0; c < run->cell_count; c++)
		for (size_t i = 0; i < run->cells[c].sample_count; i++) {
			const struct sample *s = &run->cells[c].samples[i];

			all += sample_is_valid(s);
			noisy += sample_is_valid(s) && s->noise;
		}
	if (analysis_is_noisy(run))
		fprintf(out,
			"!  %.0f %% of the machine went to other things "
			"meanwhile: measure again when it is quiet\n",
			100 * noise);
	else if (noisy)
		fprintf(out,
			"!  %zu of %zu samples were disturbed by others "
			"on this machine; they count all the same\n",
			noisy, all);
}

void notes_print_warnings(
	const struct analysis *a, const struct style *style, FILE *out)
{
	char text[160];

	if (run_say_unfinished(a->run, text, sizeof(text))[0])
		fprintf(out, "!  %s\n", text);
	steady_print(a, style, out);
	print_noise(a->run, out);
}

/* ---- of a point ------------------------------------------------------------- */

/* Of one model, by its name; of several, how many there were. */
static void print_repeated(const struct point *p, FILE *out)
{
	const char *model = NULL;
	size_t samples = 0, models = 0;

	for (size_t i = 0; i < p->count; i++)
		if (p->summaries[i].repeated) {
			model = p->summaries[i].cell->model;
			samples += p->summaries[i].repeated;
			models++;
		}
	if (models == 1)
		fprintf(out, "%zu disturbed sample%s of %s %s", samples,
			samples == 1 ? "" : "s", model,
			samples == 1 ? "was" : "were");
	else if (models)
		fprintf(out, "%zu disturbed samples of %zu models were",
			samples, models);
	if (models)
		fprintf(out, " taken again; what stands is the last\n");
}

void notes_print_remarks(const struct point *p, FILE *out)
{
	print_repeated(p, out);
	for (size_t i = 0; i < p->count; i++) {
		const struct summary *s = &p->summaries[i];
		const char *model = s->cell->model;

		if (s->standing == SKIPPED)
			fprintf(out, "skipped  %s: %s\n", model, s->why);
		else if (s->standing == NO_FIGURES)
			fprintf(out, "%s  %s: %s\n", summary_lacks(s), model,
				s->why);
		else if (s->standing == UNRANKED)
			fprintf(out, "not ranked  %s %s\n", model, s->why);
		if (s->standing < NO_FIGURES && s->invalid)
			fprintf(out,
				"%zu of %zu samples of %s were invalid and are "
				"left out\n",
				s->invalid, s->invalid + s->valid, model);
	}
}

bool notes_has_remarks(const struct point *p)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->summaries[i].standing != RANKED ||
			p->summaries[i].invalid || p->summaries[i].repeated)
			return true;
	return false;
}
