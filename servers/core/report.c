/* SPDX-License-Identifier: MIT */
#include "servers/core/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "servers/core/conn.h"
#include "servers/core/scoreboard.h"
#include "servers/core/server.h"
#include "servers/core/stats.h"
#include "servers/core/worker.h"

/* Within a label's quotes, these three are escaped. */
static void report_label(FILE *out, const char *name, const char *value)
{
	fprintf(out, "%s=\"", name);
	for (; *value; value++) {
		if (*value == '\n')
			fputs("\\n", out);
		else if (*value == '\\' || *value == '"')
			fprintf(out, "\\%c", *value);
		else
			fputc(*value, out);
	}
	fputc('"', out);
}

static void report_head(
	FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP serverlab_%s %s\n# TYPE serverlab_%s %s\n", name,
		help, name, type);
}

static void report_value(FILE *out, const char *name, const char *type,
	const char *help, uint64_t value)
{
	report_head(out, name, type, help);
	fprintf(out, "serverlab_%s %" PRIu64 "\n", name, value);
}

static void report_sums(FILE *out, const struct scoreboard *b)
{
	const struct board_sums s = board_sums(b);

	report_value(out, "connections_accepted_total", "counter",
		"Connections accepted.", s.accepted);
	report_value(out, "connections_closed_total", "counter",
		"Connections closed.", s.closed);
	report_value(out, "connections_refused_total", "counter",
		"Connections closed at once for lack of room.", s.refused);
	report_value(out, "connections_open", "gauge",
		"Connections served now.", atomic_load(&b->open));
	report_value(out, "requests_total", "counter", "Requests answered.",
		s.requests);
	report_value(out, "received_bytes_total", "counter",
		"Bytes received from clients.", s.bytes_in);
	report_value(out, "sent_bytes_total", "counter",
		"Bytes sent to clients.", s.bytes_out);
	report_value(out, "accept_again_total", "counter",
		"Times a worker was woken to accept and found nothing.",
		s.accept_again);
}

static void report_errors(FILE *out, const struct scoreboard *b)
{
	report_head(
		out, "errors_total", "counter", "Errors by phase and errno.");
	for (int i = 0; i < BOARD_ERRORS; i++) {
		const struct board_error *e = &b->errors[i];

		if (atomic_load(&e->state) != 2)
			continue;
		fputs("serverlab_errors_total{", out);
		report_label(out, "error", e->name);
		fprintf(out, "} %" PRIu64 "\n", slot_get(&e->count));
	}
}

static void report_server(FILE *out, const struct server *s)
{
	report_head(out, "info", "gauge", "What this server is.");
	fputs("serverlab_info{", out);
	report_label(out, "model", s->model_spec);
	fputc(',', out);
	report_label(out, "handler", s->handler_spec);
	fputs("} 1\n", out);
	report_sums(out, s->board);
	report_errors(out, s->board);
}

/* Collects what `write` prints. */
static char *report_collect(void (*write)(FILE *, const struct server *),
	const struct conn *c, size_t *len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, len);
	int failed;

	if (!out)
		return NULL;
	write(out, c->worker->server);
	failed = ferror(out);
	if (fclose(out) || failed) {
		free(text);
		return NULL;
	}
	return text;
}

static void report_stats(FILE *out, const struct server *s)
{
	stats_write(s, out);
}

char *report_json(const struct conn *c, size_t *len)
{
	return report_collect(report_stats, c, len);
}

char *report_metrics(const struct conn *c, size_t *len)
{
	return report_collect(report_server, c, len);
}
