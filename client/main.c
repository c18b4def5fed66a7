/* SPDX-License-Identifier: MIT */
/*
 * client: puts a server under load, verifies every reply, and reports.
 *
 * Read on in run.c (the phases of a run), worker.c (a thread), connection.c
 * (what happens on a connection), epoll.c (the system calls), and in
 * workloads/ (the protocols).
 */
#include <stdlib.h>

#include "client/config.h"
#include "client/output.h"
#include "client/run.h"
#include "client/search.h"
#include "common/log.h"

enum { EXIT_INVALID = 3 }; /* the figures must not be used */

static int main_run(
	struct config *config, struct outcome *outcome, struct search *search)
{
	if (config->objective.text)
		return search_workload(config, outcome, search);
	return run_workload(config, outcome);
}

int main(int argc, char **argv)
{
	struct config config;
	struct outcome outcome = {0};
	struct search search;
	int status = EXIT_FAILURE;

	log_init("client", LOG_WARN);
	config_parse(&config, argc, argv);
	if (outcome_init(&outcome, &config)) {
		log_warnx("out of memory");
		config_release(&config);
		return EXIT_FAILURE;
	}
	if (output_open(&outcome) == 0 &&
		main_run(&config, &outcome, &search) == 0 &&
		output_write(&outcome) == 0)
		status = outcome.valid ? EXIT_SUCCESS : EXIT_INVALID;
	output_close(&outcome);
	outcome_release(&outcome);
	config_release(&config);
	return status;
}
