/* SPDX-License-Identifier: MIT */
/*
 * client: puts a server under load, verifies every reply, and reports.
 *
 * Read on in run.c (the phases of a run), worker.c (a thread), connection.c
 * (what happens on a connection), epoll.c (the system calls), and in
 * workloads/ (the protocols).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/config.h"
#include "client/report.h"
#include "client/run.h"
#include "client/text.h"
#include "common/log.h"

enum { EXIT_INVALID = 3 }; /* the figures must not be used */

static bool main_wants_colour(void)
{
	const char *no = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && !(no && *no);
}

static int main_write_json(const struct outcome *outcome, const char *path)
{
	FILE *f = stdout;
	int error;

	if (strcmp(path, "-") != 0)
		f = fopen(path, "we");
	if (!f) {
		log_warn("%s", path);
		return -errno;
	}
	error = report_json(outcome, f);
	if (f != stdout && fclose(f) == EOF && !error)
		error = -errno;
	if (error)
		log_warnx("%s: %s", path, strerror(-error));
	return error;
}

/* In a pipe to a program the text must not get among the JSON. */
static int main_report(const struct outcome *outcome)
{
	const struct config *config = outcome->config;
	bool to_stdout = config->json && strcmp(config->json, "-") == 0;
	int error = 0;

	if (!config->quiet && !to_stdout)
		text_report(outcome, stdout, main_wants_colour());
	if (config->json)
		error = main_write_json(outcome, config->json);
	if (fflush(stdout) == EOF) {
		log_warn("standard output");
		error = -EIO;
	}
	return error;
}

/* Better now than after a run whose result could not be kept. */
static int main_check_json(const struct config *config)
{
	FILE *f;

	if (!config->json || strcmp(config->json, "-") == 0)
		return 0;
	f = fopen(config->json, "ae");
	if (!f) {
		log_warn("%s", config->json);
		return -1;
	}
	fclose(f);
	return 0;
}

int main(int argc, char **argv)
{
	struct config config;
	struct outcome outcome;
	int status = EXIT_FAILURE;

	log_init("client", LOG_WARN);
	config_parse(&config, argc, argv);
	if (outcome_init(&outcome, &config)) {
		log_warnx("out of memory");
		config_release(&config);
		return EXIT_FAILURE;
	}
	if (main_check_json(&config) == 0 &&
		run_workload(&config, &outcome) == 0 &&
		main_report(&outcome) == 0)
		status = outcome.valid ? EXIT_SUCCESS : EXIT_INVALID;
	outcome_release(&outcome);
	config_release(&config);
	return status;
}
