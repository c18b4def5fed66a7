/* SPDX-License-Identifier: MIT */
#include "compare/lesson.h"

#include "compare/expect.h"
#include "compare/fit.h"
#include "compare/theory.h"

#include <errno.h>
#include <string.h>

int lesson_load(struct plan *plan, const struct run *run)
{
	char why[WHY_SIZE];

	plan_init(plan);
	if (!run->definition)
		return -ENOENT;
	return plan_read(plan, run->definition, false, why);
}

/* ---- whether it can be judged ---------------------------------------------- */

static int check_relation(const char *section, const char *line,
	const struct plan *plan, const struct run *run, char *why)
{
	struct expectation e;
	int rc = expect_evaluate(&e, line, run);

	if (rc != -EINVAL && (rc != -ENOENT || plan->quick))
		return 0;
	snprintf(why, WHY_SIZE, "[%s] %.60s: %.230s", section, e.name, e.why);
	return -EINVAL;
}

/* The term of [beside], with the model of its first row. */
static int check_beside(
	const struct plan *plan, const struct run *run, char *why)
{
	char line[400];

	if (!beside_relation(&plan->beside, 0, line, sizeof(line)))
		return 0;
	return check_relation("beside", line, plan, run, why);
}

static int check_axis(const char *section, const char *axis,
	const struct plan *plan, char *why)
{
	for (size_t a = 0; a < plan->axis_count; a++)
		if (!strcmp(plan->axes[a].name, axis))
			return 0;
	if (plan->quick)
		return 0;
	snprintf(why, WHY_SIZE, "[%s] %.100s is not varied", section, axis);
	return -EINVAL;
}

int lesson_check(
	const struct plan *plan, const struct run *run, char why[WHY_SIZE])
{
	int rc = check_beside(plan, run, why);
	const char *axis;

	for (size_t i = 0; i < plan->expects.count && !rc; i++)
		rc = check_relation(
			"expect", plan->expects.at[i], plan, run, why);
	for (size_t i = 0; i < plan->fits.count && !rc; i++) {
		fit_read(plan->fits.at[i], &axis);
		rc = check_axis("fit", axis, plan, why);
	}
	for (size_t i = 0; i < plan->plots.count && !rc; i++) {
		const char *over = strstr(plan->plots.at[i], " over ");

		if (over)
			rc = check_axis("plot", over + 6, plan, why);
	}
	return rc;
}

/* ---- telling it ------------------------------------------------------------ */

static const char *colour_of(enum verdict v)
{
	static const char *const colours[] = {"32", "31", "33"};

	return colours[v];
}

static void print_one(
	const struct expectation *e, const struct style *style, FILE *out)
{
	char figures[400];

	if (style->colour)
		fprintf(out, "\033[%sm%-9s\033[0m", colour_of(e->verdict),
			verdict_name(e->verdict));
	else
		fprintf(out, "%-9s", verdict_name(e->verdict));
	fprintf(out, "  %s: %s\n%11s%s\n", e->name, e->text, "",
		expect_figures(e, style, figures, sizeof(figures)));
}

void lesson_print_expectations(
	const struct run *run, const struct style *style, FILE *out)
{
	struct plan plan;

	if (!lesson_load(&plan, run) && plan.expects.count) {
		fputs("\nWhat was expected:\n", out);
		for (size_t i = 0; i < plan.expects.count; i++) {
			struct expectation e;

			expect_evaluate(&e, plan.expects.at[i], run);
			print_one(&e, style, out);
		}
	}
	beside_print(&plan.beside, run, style, out);
	plan_release(&plan);
}

static void print_usl(const struct run *run, const char *axis,
	const struct style *style, FILE *out)
{
	struct fits fits;

	if (!fits_make(run, axis, &fits) && fits.count)
		fits_print(&fits, axis, style, out);
	fits_release(&fits);
}

void lesson_print_fits(
	const struct run *run, const struct style *style, FILE *out)
{
	const char *axis;
	struct plan plan;
	int rc = lesson_load(&plan, run);

	for (size_t i = 0; !rc && i < plan.fits.count; i++) {
		enum fit_kind kind = fit_read(plan.fits.at[i], &axis);

		if (kind == FIT_USL)
			print_usl(run, axis, style, out);
		else if (kind == FIT_QUEUE)
			theory_print(run, axis, style, out);
	}
	plan_release(&plan);
}

void lesson_print_markdown(const struct run *run, FILE *out)
{
	struct plan plan;

	if (!lesson_load(&plan, run) && plan.explain)
		fprintf(out, "%s\n", plan.explain);
	beside_print_markdown(&plan.beside, run, out);
	plan_release(&plan);
}
