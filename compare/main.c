/* SPDX-License-Identifier: MIT */
/* compare: measures server models side by side, keeps what it measured, and
 * says what of it is more than noise. This file finds the subcommand. */
#include "common/log.h"
#include "common/version.h"
#include "compare/command.h"
#include "compare/text.h"

#include <argp.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

const char *argp_program_version = "serverlab compare " SERVERLAB_VERSION;

static const struct command {
	const char *name, *arguments, *summary;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"run", "[EXPERIMENT|FILE.ini]", "measure, keep, and show the table",
		cmd_run},
	{"calibrate", "", "find what the client can do at most", cmd_calibrate},
	{"cpus", "", "watch the CPUs: are they as fast as they can be?",
		cmd_cpus},
	{"list", "", "the runs in the database and the experiments there are",
		cmd_list},
	{"show", "RUN", "the table of a run", cmd_show},
	{"report", "RUN [-o FILE.html]", "a run as a page for a browser",
		cmd_report},
	{"export", "RUN", "a run as CSV, JSON, Markdown or gnuplot",
		cmd_export},
	{"diff", "A B", "what has changed between two runs", cmd_diff},
	{"lesson", "EXPERIMENT", "its question, or its explanation",
		cmd_lesson},
	{"import", "FILE.json", "take an exported run into the database",
		cmd_import},
	{0},
};

static void print_help(FILE *out)
{
	fputs("Usage: compare COMMAND [OPTION...]\n"
	      "Compare server models by measuring them side by side.\n\n",
		out);
	for (const struct command *c = commands; c->name; c++)
		fprintf(out, "  %-9s %-22s %s\n", c->name, c->arguments,
			c->summary);
	fputs("\nRUN is a number that `compare list` shows, `latest`, a commit "
	      "that one was made\nwith, or a file that `compare export --format "
	      "json` wrote. `compare COMMAND\n--help` says more.\n\n"
	      "To begin with:\n"
	      "  compare run                            every model, a small "
	      "echo\n"
	      "  compare run --models epoll,poll,fork   three of them\n"
	      "  compare run --models epoll,select --vary "
	      "connections=1,16,256\n"
	      "  compare show latest\n",
		out);
}

static int usage_error(const char *what, const char *hint)
{
	char names[160] = "";
	size_t used = 0;

	for (const struct command *c = commands; c->name; c++)
		used += (size_t)snprintf(names + used, sizeof(names) - used,
			"%s%s", used ? ", " : "", c->name);
	log_warnx(
		"%s%s (there are %s; --help tells of them)", what, hint, names);
	return EXIT_USAGE;
}

static int no_command(const char *name)
{
	const char *names[sizeof(commands) / sizeof(*commands)];
	char what[128], hint[64];
	size_t count = 0;

	for (const struct command *c = commands; c->name; c++)
		names[count++] = c->name;
	snprintf(what, sizeof(what), "there is no command %.60s", name);
	text_hint(name, names, count, hint, sizeof(hint));
	return usage_error(what, hint);
}

/* Whether the first argument is one of these two. */
static bool asks(const char *argument, const char *name, const char *letter)
{
	return !strcmp(argument, name) || !strcmp(argument, letter);
}

static int run_command(const struct command *c, int argc, char **argv)
{
	char name[64];

	/* argp names the program by argv[0]. */
	snprintf(name, sizeof(name), "compare %s", c->name);
	argv[1] = name;
	return c->run(argc - 1, argv + 1);
}

static int run_named(int argc, char **argv)
{
	if (argc < 2)
		return usage_error("which command?", "");
	if (asks(argv[1], "--help", "-?") || !strcmp(argv[1], "help")) {
		print_help(stdout);
		return 0;
	}
	if (asks(argv[1], "--version", "-V")) {
		puts(argp_program_version);
		return 0;
	}
	for (const struct command *c = commands; c->name; c++)
		if (!strcmp(c->name, argv[1]))
			return run_command(c, argc, argv);
	return no_command(argv[1]);
}

int main(int argc, char **argv)
{
	int status;

	setlocale(LC_CTYPE, "");
	log_init("compare", LOG_WARN);
	status = run_named(argc, argv);
	/* What could not be written was not said, whatever else went well. */
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	log_warn("cannot write standard output");
	return status ? status : 1;
}
