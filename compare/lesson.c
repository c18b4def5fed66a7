/* SPDX-License-Identifier: MIT */
#include "compare/lesson.h"

#include "compare/expect.h"

#include <errno.h>

int lesson_load(struct plan *plan, const struct run *run)
{
	char why[WHY_SIZE];

	plan_init(plan);
	if (!run->definition)
		return -ENOENT;
	return plan_read(plan, run->definition, false, why);
}

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

void lesson_print_markdown(const struct run *run, FILE *out)
{
	struct plan plan;

	if (!lesson_load(&plan, run) && plan.explain)
		fprintf(out, "\n%s\n", plan.explain);
	plan_release(&plan);
}
