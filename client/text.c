/* SPDX-License-Identifier: MIT */
#include "client/text.h"

#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "client/engine.h"
#include "client/environment.h"
#include "client/search.h"
#include "client/workload.h"
#include "common/clock.h"

#define TEXT_SLOW_CLOCK_NS 200
#define TEXT_RAMP_MOST	   20 /* lines for a ramp */

const char *text_time(double ns, char *buf, size_t size)
{
	static const struct {
		double ns;
		const char *name;
	} units[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}, {1, "ns"}};
	size_t i = 0;
	double n;

	/* 999.96 us must not become "1000 us". */
	while (i < 3 && ns < 0.9995 * units[i].ns)
		i++;
	n = ns / units[i].ns;
	snprintf(buf, size, "%.*f %s",
		i == 3 || n >= 99.95 ? 0
		: n >= 9.995	     ? 1
				     : 2,
		n, units[i].name);
	return buf;
}

const char *text_count(double count, char *buf, size_t size)
{
	char digits[32];
	size_t len, i, n = 0;

	len = (size_t)snprintf(digits, sizeof(digits), "%.0f", count);
	for (i = 0; i < len && n + 2 < size; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			buf[n++] = ',';
		buf[n++] = digits[i];
	}
	buf[n] = '\0';
	return buf;
}

const char *text_bytes(double bytes, char *buf, size_t size)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	size_t i = 0;

	while (i < 4 && bytes >= 1023.5) {
		bytes /= 1024;
		i++;
	}
	snprintf(buf, size, "%.*f %s", i == 0 || bytes >= 99.95 ? 0 : 1, bytes,
		units[i]);
	return buf;
}

/* ---- the report --------------------------------------------------------- */

struct text {
	FILE *out;
	const char *bar; /* a piece of a bar */
	const char *bold, *red, *dim, *plain;
};

static struct text text_style(FILE *out, bool colour)
{
	struct text t = {out, "#", "", "", "", ""};

	setlocale(LC_CTYPE, "");
	if (strcmp(nl_langinfo(CODESET), "UTF-8") == 0)
		t.bar = "\u2588";
	if (colour) {
		t.bold = "\033[1m";
		t.red = "\033[31m";
		t.dim = "\033[2m";
		t.plain = "\033[0m";
	}
	return t;
}

static void text_head(const struct text *t, const struct outcome *o)
{
	const struct config *c = o->config;
	char time[32];

	fprintf(t->out, "%s%s%s on %s\n", t->bold, c->workload_text, t->plain,
		c->server_text);
	fprintf(t->out, "  %" PRIu64 " connection%s, %" PRIu64 " thread%s",
		c->connections, c->connections == 1 ? "" : "s", c->threads,
		c->threads == 1 ? "" : "s");
	if (c->pipeline > 1)
		fprintf(t->out, ", pipeline %" PRIu64, c->pipeline);
	if (c->requests_per_connection != UINT64_MAX)
		fprintf(t->out, ", %" PRIu64 " request%s per connection",
			c->requests_per_connection,
			c->requests_per_connection == 1 ? "" : "s");
	if (c->think_ns)
		fprintf(t->out, ", think %s",
			text_time((double)c->think_ns, time, sizeof(time)));
	if (c->open_loop)
		fprintf(t->out, ", open loop at %s%.6g/s (%s)",
			c->steps || c->ramp ? "a mean of " : "", c->rate,
			c->arrivals == ARRIVALS_POISSON ? "Poisson"
							: "constant");
	else
		fprintf(t->out, ", closed loop");
	fprintf(t->out, ", %s%s\n\n",
		text_time((double)o->window_ns, time, sizeof(time)),
		o->interrupted ? " (interrupted)" : "");
}

struct text_quantile {
	const char *name;
	double percent;
};

static const struct text_quantile text_quantiles[] = {{"50 %", 50},
	{"75 %", 75}, {"90 %", 90}, {"95 %", 95}, {"99 %", 99},
	{"99.9 %", 99.9}, {"99.99 %", 99.99}, {NULL, 0}};

static void text_cell(const struct text *t, double ns)
{
	char buf[32];

	fprintf(t->out, "  %10s", text_time(ns, buf, sizeof(buf)));
}

static void text_per_second(
	const struct text *t, uint64_t count, uint64_t length_ns)
{
	double seconds = (double)length_ns / 1e9;
	char buf[32];

	fprintf(t->out, "  %10s",
		text_count(seconds > 0 ? (double)count / seconds : 0, buf,
			sizeof(buf)));
}

static void text_summary(
	const struct text *t, const char *name, const struct histogram *h)
{
	if (histogram_count(h) == 0)
		return;
	fprintf(t->out, "  %-10s", name);
	text_cell(t, histogram_mean(h));
	text_cell(t, histogram_stddev(h));
	text_cell(t, (double)histogram_min(h));
	text_cell(t, (double)histogram_max(h));
	fputc('\n', t->out);
}

static void text_summaries(const struct text *t, const struct outcome *o,
	const struct histogram *raw, const struct histogram *corrected)
{
	struct histogram *first = outcome_first_byte(o);
	struct histogram *connect = outcome_connect(o);

	fprintf(t->out, "%s  %-10s  %10s  %10s  %10s  %10s%s\n", t->dim,
		"latency", "mean", "stddev", "min", "max", t->plain);
	if (o->config->open_loop) {
		text_summary(t, "corrected", corrected);
		text_summary(t, "raw", raw);
	} else {
		text_summary(t, "reply", raw);
	}
	if (histogram_count(o->window.first) > 0 && first)
		text_summary(t, "first byte", first);
	text_summary(t, "delivery", o->window.delivery);
	if (connect)
		text_summary(t, "connect", connect);
	if (o->config->open_loop)
		text_summary(t, "send lag", o->window.send_lag);
	histogram_free(first);
	histogram_free(connect);
}

/* A bar as long as the latency is, against the longest one shown. */
static void text_bar(const struct text *t, double ns, double longest_ns)
{
	int n = longest_ns > 0 ? (int)(ns / longest_ns * 30 + 0.5) : 0;

	fprintf(t->out, "   %s", t->dim);
	while (n-- > 0)
		fputs(t->bar, t->out);
	fprintf(t->out, "%s\n", t->plain);
}

static void text_distribution(const struct text *t, const struct outcome *o,
	const struct histogram *raw, const struct histogram *corrected)
{
	const struct text_quantile *q;
	double longest_ns = 0;

	for (q = text_quantiles; q->name; q++)
		if (outcome_supports(histogram_count(corrected), q->percent))
			longest_ns = (double)histogram_percentile(
				corrected, q->percent);
	fprintf(t->out, "\n%s  %-10s  %10s%s%s\n", t->dim, "percentile",
		o->config->open_loop ? "corrected" : "reply",
		o->config->open_loop ? "         raw" : "", t->plain);
	for (q = text_quantiles; q->name; q++) {
		double ns = (double)histogram_percentile(corrected, q->percent);

		if (!outcome_supports(histogram_count(corrected), q->percent))
			break;
		fprintf(t->out, "  %10s", q->name);
		text_cell(t, ns);
		if (o->config->open_loop)
			text_cell(t,
				(double)histogram_percentile(raw, q->percent));
		text_bar(t, ns, longest_ns);
	}
	fputc('\n', t->out);
}

static void text_error(void *context, const char *name, uint64_t count)
{
	const struct text *t = context;
	char number[32];

	fprintf(t->out, "  %s%-24s%s %12s\n", t->red, name, t->plain,
		text_count((double)count, number, sizeof(number)));
	if (strcmp(name, "connect.EADDRNOTAVAIL") == 0)
		fprintf(t->out, "    (no local port is left: name more "
				"addresses with --source)\n");
}

/* The segments that were measured: a warm-up has one of its own, the first. */
static const struct segment *text_segments(
	const struct config *c, unsigned *count)
{
	const unsigned skipped = c->warmup_ns > 0;

	*count = c->profile.count - skipped;
	return c->profile.segments + skipped;
}

/* With --steps an interval is a step, and with --ramp a tenth of it, unless
 * another length was asked for. */
static bool text_has_profile(const struct outcome *o)
{
	unsigned steps;

	text_segments(o->config, &steps);
	if (o->config->steps)
		return o->interval_count == steps;
	return o->config->ramp && o->interval_count <= TEXT_RAMP_MOST;
}

/* The mean over an interval. */
static double text_rate_asked(const struct outcome *o, unsigned i)
{
	unsigned steps;
	const struct segment *s = text_segments(o->config, &steps);
	const struct interval *in = &o->intervals[i];
	double middle_ns = (double)in->start_ns + (double)in->length_ns / 2;

	if (o->config->steps)
		return s[i].from;
	return s->from + (s->to - s->from) * middle_ns / (s->seconds * 1e9);
}

static void text_profile(const struct text *t, const struct outcome *o)
{
	unsigned i;

	if (!text_has_profile(o))
		return;
	fprintf(t->out, "%s  %10s  %10s  %10s  %10s  %10s  %10s  %10s%s\n",
		t->dim, "rate asked", "due", "sent", "answered", "p50", "p99",
		"max", t->plain);
	for (i = 0; i < o->interval_count; i++) {
		const struct interval *in = &o->intervals[i];
		char asked[32];

		fprintf(t->out, "  %10s",
			text_count(
				text_rate_asked(o, i), asked, sizeof(asked)));
		text_per_second(t, in->due, in->length_ns);
		text_per_second(t, in->sent, in->length_ns);
		text_per_second(t, in->ok, in->length_ns);
		text_cell(t, (double)in->p50_ns);
		text_cell(t, (double)in->p99_ns);
		text_cell(t, (double)in->max_ns);
		fputc('\n', t->out);
	}
	fputc('\n', t->out);
}

static void text_errors(const struct text *t, const struct outcome *o)
{
	struct errors *all = calloc(1, sizeof(*all));

	if (!all)
		return;
	errors_add(all, &o->warmup.errors);
	errors_add(all, &o->window.errors);
	errors_add(all, &o->drain.errors);
	errors_each(all, text_error, (void *)(uintptr_t)t);
	free(all);
}

static void text_crowd(const struct text *t, const struct outcome *o)
{
	static const char *const names[CROWD_KINDS] = {
		"idle connections", "slow readers", "slow writers"};
	char asked[32], lost[32];
	int kind;

	for (kind = 0; kind < CROWD_KINDS; kind++) {
		const struct crowd_count *c = &o->crowd[kind];

		if (c->asked)
			fprintf(t->out, "  beside %s %s, %s dropped\n",
				text_count(
					(double)c->asked, asked, sizeof(asked)),
				names[kind],
				text_count(
					(double)c->lost, lost, sizeof(lost)));
	}
}

/* Deliveries, where members hear each other. */
static void text_deliveries(const struct text *t, const struct outcome *o)
{
	char heard[32], rest[32], gone[32];

	if (!o->config->workload->hear)
		return;
	fprintf(t->out, "  %s deliveries heard, %s on the way at the end",
		text_count((double)o->window.heard, heard, sizeof(heard)),
		text_count((double)outcome_on_the_way(o), rest, sizeof(rest)));
	if (o->window.undelivered)
		fprintf(t->out, ", %s to or from members that went",
			text_count((double)o->window.undelivered, gone,
				sizeof(gone)));
	fputc('\n', t->out);
}

/* Each request reads it once. */
static void text_clock(const struct text *t, const struct outcome *o)
{
	struct environment e;
	char cost[32];

	environment_get(&e, &o->clock);
	if (e.clock_read_ns > TEXT_SLOW_CLOCK_NS)
		fprintf(t->out, "  the clock is slow: %s a reading (%s)\n",
			text_time(e.clock_read_ns, cost, sizeof(cost)),
			e.clock);
	if (e.clock_correction_ns > CLOCK_BOUND_NS)
		fprintf(t->out, "  the clock was wrong by up to %s at times\n",
			text_time((double)e.clock_correction_ns, cost,
				sizeof(cost)));
}

static void text_counts(const struct text *t, const struct outcome *o)
{
	double seconds = (double)o->window_ns / 1e9;
	char ok[32], in[32], out[32], n[32];

	fprintf(t->out, "  %s requests answered and verified in %s",
		text_count((double)o->window.ok, ok, sizeof(ok)),
		text_time((double)o->window_ns, n, sizeof(n)));
	fprintf(t->out, ", %s read, %s written\n",
		text_bytes((double)o->window.bytes_in, in, sizeof(in)),
		text_bytes((double)o->window.bytes_out, out, sizeof(out)));
	if (o->window.failed)
		fprintf(t->out, "  %s%s requests failed%s\n", t->red,
			text_count((double)o->window.failed, n, sizeof(n)),
			t->plain);
	if (o->unsent)
		fprintf(t->out, "  %s requests were due and never sent\n",
			text_count((double)o->unsent, n, sizeof(n)));
	text_deliveries(t, o);
	text_errors(t, o);
	text_crowd(t, o);
	fprintf(t->out, "  client: %.0f %% of a CPU in its busiest thread",
		100 * o->cpu_share);
	if (o->window.ok)
		fprintf(t->out, ", %.2f system calls and %s CPU per request",
			(double)o->window.syscalls / (double)o->window.ok,
			text_time(o->cpu_seconds * 1e9 / (double)o->window.ok,
				n, sizeof(n)));
	fputc('\n', t->out);
	text_clock(t, o);
	fputc('\n', t->out);
	if (seconds > 0)
		fprintf(t->out, "Transfer/sec: %12s\n",
			text_bytes((double)o->window.bytes_in / seconds, in,
				sizeof(in)));
}

static void text_verdict(const struct text *t, const struct outcome *o)
{
	const bool bound =
		o->bounded_by == BOUND_CLIENT && !o->config->open_loop;
	unsigned i;

	if (o->config->workload->hear)
		fprintf(t->out, "Deliveries/sec: %10.2f\n",
			outcome_delivery_rate(o));
	fprintf(t->out, "%sRequests/sec: %12.2f%s%s\n", t->bold,
		outcome_rate(o), t->plain, bound ? "   (at least)" : "");
	if (bound)
		fprintf(t->out,
			"  The client was busy all the time: the server can do "
			"at least this much.\n");
	if (o->search && o->search->rate > 0)
		fprintf(t->out,
			"\n%s holds up to %.0f/s: the highest rate of %u "
			"trials, within 5 %%\n",
			o->search->objective->text, o->search->rate,
			o->search->trial_count);
	if (o->valid)
		return;
	fprintf(t->out, "\n%sThese figures must not be used:%s\n", t->red,
		t->plain);
	for (i = 0; i < o->reason_count; i++)
		fprintf(t->out, "  - %s\n", o->reasons[i]);
}

void text_report(const struct outcome *o, FILE *out, bool colour)
{
	struct text t = text_style(out, colour);
	struct histogram *raw = outcome_raw(o);
	struct histogram *corrected = outcome_corrected(o);

	text_head(&t, o);
	if (raw && corrected && histogram_count(raw) > 0) {
		text_summaries(&t, o, raw, corrected);
		text_distribution(&t, o, raw, corrected);
	}
	text_profile(&t, o);
	text_counts(&t, o);
	text_verdict(&t, o);
	histogram_free(raw);
	histogram_free(corrected);
}
