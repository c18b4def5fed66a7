/* SPDX-License-Identifier: MIT */
#include "client/output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/hdr.h"
#include "client/report.h"
#include "client/text.h"
#include "common/log.h"

static bool output_is_stdout(const char *path)
{
	return path && strcmp(path, "-") == 0;
}

static int output_check(const char *path)
{
	FILE *f;

	if (!path || output_is_stdout(path))
		return 0;
	f = fopen(path, "ae");
	if (!f) {
		log_warn("%s", path);
		return -errno;
	}
	fclose(f);
	return 0;
}

int output_open(struct outcome *o)
{
	const struct config *config = o->config;
	int error = output_check(config->json);

	if (!error)
		error = output_check(config->hgrm);
	if (!error)
		error = output_check(config->csv);
	if (error || !config->hlog)
		return error;
	o->log = fopen(config->hlog, "we");
	if (!o->log) {
		log_warn("%s", config->hlog);
		return -errno;
	}
	hdr_log_begin(o->log);
	return 0;
}

static int output_percentiles(const struct outcome *o, FILE *out)
{
	struct histogram *h = outcome_corrected(o);
	int error = h ? hdr_write_percentiles(h, out) : -ENOMEM;

	histogram_free(h);
	return error;
}

static int output_series(const struct outcome *o, FILE *out)
{
	uint64_t i;

	fputs("start_ns,length_ns,due,sent,ok,failed,asked,live,p50_ns,p99_ns,"
	      "max_ns\n",
		out);
	for (i = 0; i < o->interval_count; i++) {
		const struct interval *in = &o->intervals[i];
		char due[32] = "";

		if (o->config->open_loop)
			snprintf(due, sizeof(due), "%" PRIu64, in->due);
		fprintf(out,
			"%" PRIu64 ",%" PRIu64 ",%s,%" PRIu64 ",%" PRIu64
			",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64
			",%" PRIu64 ",%" PRIu64 "\n",
			in->start_ns, in->length_ns, due, in->sent, in->ok,
			in->failed, o->config->connections, in->live,
			in->p50_ns, in->p99_ns, in->max_ns);
	}
	return ferror(out) ? -EIO : 0;
}

/* Writes one file with `write`; does nothing where none is asked for. */
static int output_file(const struct outcome *o, const char *path,
	int (*write)(const struct outcome *o, FILE *out))
{
	FILE *f = stdout;
	int error;

	if (!path)
		return 0;
	if (!output_is_stdout(path))
		f = fopen(path, "we");
	if (!f) {
		log_warn("%s", path);
		return -errno;
	}
	error = write(o, f);
	if (f != stdout && fclose(f) == EOF && !error)
		error = -errno;
	if (error)
		log_warnx("%s: %s", path, strerror(-error));
	return error;
}

static bool output_wants_colour(void)
{
	const char *no = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && !(no && *no);
}

/* The text must not get among what a program reads. */
static bool output_wants_text(const struct config *config)
{
	return !config->quiet && !output_is_stdout(config->json) &&
	       !output_is_stdout(config->hgrm) &&
	       !output_is_stdout(config->csv);
}

int output_write(struct outcome *o)
{
	const struct config *config = o->config;
	int error;

	if (output_wants_text(config))
		text_report(o, stdout, output_wants_colour());
	error = output_file(o, config->json, report_json);
	if (!error)
		error = output_file(o, config->hgrm, output_percentiles);
	if (!error)
		error = output_file(o, config->csv, output_series);
	if (fflush(stdout) == EOF && !error) {
		error = -errno;
		log_warn("standard output");
	}
	if (o->log && fflush(o->log) == EOF && !error) {
		error = -errno;
		log_warn("%s", config->hlog);
	}
	return error;
}

void output_close(struct outcome *o)
{
	if (o->log)
		fclose(o->log);
	o->log = NULL;
}
