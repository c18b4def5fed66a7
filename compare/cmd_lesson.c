/* SPDX-License-Identifier: MIT */
/* compare lesson: the words of an experiment, for a guided run (scripts/demo):
 * the question before, the explanation after. */
#include "common/log.h"
#include "compare/command.h"
#include "compare/plan.h"

#include <argp.h>
#include <stdio.h>
#include <string.h>

struct lesson_options {
	const char *experiment;
	bool explain;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct lesson_options *o = state->input;

	if (key == 'e')
		o->explain = true;
	else if (key == ARGP_KEY_ARG && !o->experiment)
		o->experiment = arg;
	else if (key == ARGP_KEY_ARG || (key == ARGP_KEY_END && !o->experiment))
		argp_error(state, "one EXPERIMENT is needed");
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

/* Each line of the choices is one, with a letter to vote for. */
static void print_choices(const char *choices)
{
	char letter = 'a';

	while (*choices) {
		size_t len = strcspn(choices, "\n");

		printf("  %c) %.*s\n", letter++, (int)len, choices);
		choices += len + (choices[len] == '\n');
	}
}

static void print_question(const struct plan *p)
{
	printf("%s\n\n", p->title ? p->title : "");
	if (p->question)
		printf("%s\n\n", p->question);
	if (p->choices)
		print_choices(p->choices);
}

static void print_explanation(const struct plan *p)
{
	if (p->explain)
		printf("%s\n", p->explain);
	if (p->read_next)
		printf("\nRead next: %s\n", p->read_next);
}

int cmd_lesson(int argc, char **argv)
{
	static const struct argp_option table[] = {
		{"explain", 'e', NULL, 0,
			"the explanation, instead of the question", 0},
		{0},
	};
	static const struct argp argp = {table, parse, "EXPERIMENT",
		"Print the question of an experiment, or its explanation.",
		NULL, NULL, NULL};
	struct lesson_options o = {0};
	struct programs programs;
	char why[WHY_SIZE];
	struct plan plan;
	int rc;

	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &o);
	if (programs_find(&programs))
		return 1;
	plan_init(&plan);
	rc = plan_load(&plan, &programs, o.experiment, false, why);
	if (rc)
		log_warnx("%s", why);
	else if (o.explain)
		print_explanation(&plan);
	else
		print_question(&plan);
	plan_release(&plan);
	return rc ? EXIT_USAGE : 0;
}
