/* SPDX-License-Identifier: MIT */
/* compare: measures server models side by side, keeps what it measured, and
 * says what of it is more than noise. This file finds the subcommand. */
#include "common/log.h"
#include "common/version.h"
#include "compare/command.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

static const struct command {
	const char *name, *arguments, *summary;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"run", "[EXPERIMENT|FILE.ini]", "measure, keep, and show the table",
		cmd_run},
	{"list", "", "the runs in the database and the experiments there are",
		cmd_list},
	{"show", "RUN", "the table of a run", cmd_show},
	{"export", "RUN", "a run as CSV, JSON or Markdown", cmd_export},
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
		fprintf(out, "  %-7s %-22s %s\n", c->name, c->arguments,
			c->summary);
	fputs("\nRUN is a number that `compare list` shows, `latest`, or a "
	      "file that\n`compare export --format json` wrote. "
	      "`compare COMMAND --help` says more.\n\n"
	      "To begin with:\n"
	      "  compare run                            every model, a small "
	      "echo\n"
	      "  compare run --models epoll,poll,fork   three of them\n"
	      "  compare run --models epoll,select --vary "
	      "connections=1,16,256\n"
	      "  compare show latest\n",
		out);
}

static int unknown(const char *name)
{
	log_warnx("there is no command %s: there are run, list, show, export, "
		  "import (and --help)",
		name);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	char name[64];

	setlocale(LC_CTYPE, "");
	log_init("compare", LOG_WARN);
	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
		!strcmp(argv[1], "help")) {
		print_help(stdout);
		return 0;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		puts("serverlab compare " SERVERLAB_VERSION);
		return 0;
	}
	for (const struct command *c = commands; c->name; c++) {
		if (strcmp(c->name, argv[1]))
			continue;
		snprintf(name, sizeof(name), "compare %s", c->name);
		argv[1] = name;
		return c->run(argc - 1, argv + 1);
	}
	return unknown(argv[1]);
}
