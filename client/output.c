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

static int output_say(const char *path, int error)
{
	if (error)
		log_warnx("%s: %s",
			output_is_stdout(path) ? "standard output" : path,
			strerror(-error));
	return error;
}

static int output_check(const char *path)
{
	FILE *f;

	if (!path || output_is_stdout(path))
		return 0;
	f = fopen(path, "ae");
	if (!f)
		return output_say(path, -errno);
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
	return output_say(config->hlog, hdr_log_open(&o->log, config->hlog));
}

static int output_text(const struct outcome *o, FILE *out)
{
	const char *no = getenv("NO_COLOR");

	text_report(o, out, isatty(STDOUT_FILENO) && !(no && *no));
	return 0;
}

static int output_percentiles(const struct outcome *o, FILE *out)
{
	struct histogram *h = outcome_corrected(o);

	if (!h)
		return -ENOMEM;
	hdr_write_percentiles(h, out);
	histogram_free(h);
	return 0;
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
	return 0;
}

/* In memory first, so that one call fails, and errno says why. */
static int output_render(const struct outcome *o,
	int (*write)(const struct outcome *o, FILE *out), char **text,
	size_t *len)
{
	FILE *out = open_memstream(text, len);
	int error;

	if (!out)
		return -errno;
	error = write(o, out);
	if (fclose(out) == EOF && !error)
		error = -ENOMEM;
	return error;
}

static int output_put(const char *path, const char *text, size_t len)
{
	FILE *f = output_is_stdout(path) ? stdout : fopen(path, "we");
	int error = 0;

	if (!f)
		return -errno;
	if (fwrite(text, 1, len, f) < len || fflush(f) == EOF)
		error = -errno;
	if (f != stdout && fclose(f) == EOF && !error)
		error = -errno;
	return error;
}

/* Writes one file with `write`; does nothing where none is asked for. */
static int output_file(const struct outcome *o, const char *path,
	int (*write)(const struct outcome *o, FILE *out))
{
	char *text = NULL;
	size_t len = 0;
	int error;

	if (!path)
		return 0;
	error = output_render(o, write, &text, &len);
	if (!error)
		error = output_put(path, text, len);
	free(text);
	return output_say(path, error);
}

/* The text must not get among what a program reads. */
static bool output_wants_text(const struct config *config)
{
	return !config->quiet && !output_is_stdout(config->json) &&
	       !output_is_stdout(config->hgrm) &&
	       !output_is_stdout(config->csv);
}

/* One that fails does not keep the others from being written. */
int output_write(struct outcome *o)
{
	const struct config *config = o->config;
	const struct {
		const char *path;
		int (*write)(const struct outcome *o, FILE *out);
	} files[] = {
		{output_wants_text(config) ? "-" : NULL, output_text},
		{config->json, report_json},
		{config->hgrm, output_percentiles},
		{config->csv, output_series},
	};
	int error = output_say(config->hlog, hdr_log_close(&o->log));
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		int result = output_file(o, files[i].path, files[i].write);

		error = error ? error : result;
	}
	return error;
}

void output_close(struct outcome *o)
{
	hdr_log_close(&o->log);
}
