/* SPDX-License-Identifier: MIT */
#include "client/outcome.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/search.h"
#include "client/workload.h"
#include "common/clock.h"
#include "common/log.h"

int outcome_init(struct outcome *o, const struct config *config)
{
	struct hdr_log log = o->log;

	memset(o, 0, sizeof(*o));
	o->log = log;
	o->config = config;
	o->minimum_live = config->connections;
	if (tally_init(&o->window) || tally_init(&o->warmup) ||
		tally_init(&o->drain)) {
		outcome_release(o);
		return -ENOMEM;
	}
	return 0;
}

void outcome_release(struct outcome *o)
{
	tally_release(&o->window);
	tally_release(&o->warmup);
	tally_release(&o->drain);
	free(o->intervals);
	free(o->threads);
	o->intervals = NULL;
	o->threads = NULL;
}

uint64_t outcome_scheduled(const struct outcome *o)
{
	return o->in_flight_start + o->window.sent + o->unsent;
}

double outcome_rate(const struct outcome *o)
{
	if (o->window_ns == 0)
		return 0;
	return (double)o->window.ok * 1e9 / (double)o->window_ns;
}

uint64_t outcome_due(const struct outcome *o)
{
	const struct tally *before = &o->warmup;

	return before->due - before->heard - before->undelivered +
	       o->window.due;
}

uint64_t outcome_on_the_way(const struct outcome *o)
{
	const struct tally *after = &o->drain;

	return o->missing + after->heard + after->undelivered - after->due;
}

double outcome_delivery_rate(const struct outcome *o)
{
	if (o->window_ns == 0)
		return 0;
	return (double)o->window.heard * 1e9 / (double)o->window_ns;
}

static struct histogram *outcome_sum(
	const struct histogram *a, const struct histogram *b)
{
	struct histogram *sum = histogram_new();

	if (sum && a)
		histogram_merge(sum, a);
	if (sum && b)
		histogram_merge(sum, b);
	return sum;
}

struct histogram *outcome_raw(const struct outcome *o)
{
	return outcome_sum(o->window.whole, o->window.split);
}

struct histogram *outcome_first_byte(const struct outcome *o)
{
	return outcome_sum(o->window.whole, o->window.first);
}

struct histogram *outcome_connect(const struct outcome *o)
{
	return outcome_sum(o->warmup.connect, o->window.connect);
}

struct histogram *outcome_corrected(const struct outcome *o)
{
	if (!o->config->open_loop)
		return outcome_raw(o);
	return outcome_sum(o->window.corrected, NULL);
}

bool outcome_supports(uint64_t count, double percent)
{
	return count > 0 && (double)count * (100 - percent) >= 99.9999;
}

/* ---- the verdict -------------------------------------------------------- */

const char *const reason_names[REASON_KINDS] = {
	[REASON_CONNECTIONS] = "connections",
	[REASON_CROWD] = "crowd",
	[REASON_GAVE_UP] = "gave-up",
	[REASON_UNANSWERED] = "unanswered",
	[REASON_REPLIES] = "replies",
	[REASON_FAILED] = "failed",
	[REASON_MISCOUNTED] = "miscounted",
	[REASON_SATURATED] = "saturated",
	[REASON_LATE] = "late",
	[REASON_RATE] = "rate",
	[REASON_SEARCH] = "search",
};

__attribute__((format(printf, 3, 4))) static void outcome_reason(
	struct outcome *o, enum reason_kind kind, const char *format, ...)
{
	va_list args;

	o->valid = false;
	if (o->reason_count == OUTCOME_REASONS)
		return;
	o->reason_kinds[o->reason_count] = kind;
	va_start(args, format);
	vsnprintf(o->reasons[o->reason_count++], OUTCOME_REASON, format, args);
	va_end(args);
}

struct outcome_text {
	char text[120];
	size_t len;
};

static void outcome_name_error(void *context, const char *name, uint64_t count)
{
	struct outcome_text *t = context;

	if (t->len < sizeof(t->text))
		t->len += (size_t)snprintf(t->text + t->len,
			sizeof(t->text) - t->len, "%s%s %" PRIu64,
			t->len ? ", " : ": ", name, count);
}

/* Where each connection is a request, an open loop may have no use for all. */
static uint64_t outcome_wanted(const struct outcome *o)
{
	return o->config->workload->single ? o->tried : o->config->connections;
}

static void outcome_judge_connections(struct outcome *o)
{
	struct outcome_text why = {"", 0};
	struct errors connects;
	uint64_t asked = outcome_wanted(o);

	if (o->established < asked) {
		memset(&connects, 0, sizeof(connects));
		errors_add(&connects, &o->warmup.errors);
		errors_add(&connects, &o->window.errors);
		errors_each(&connects, outcome_name_error, &why);
		outcome_reason(o, REASON_CONNECTIONS,
			"only %" PRIu64 " of %" PRIu64
			" connections were established%s",
			o->established, asked, why.text);
	} else if (o->minimum_live * 10 < asked * 9) {
		outcome_reason(o, REASON_CONNECTIONS,
			"at times only %" PRIu64 " of %" PRIu64
			" connections were alive",
			o->minimum_live, asked);
	}
}

static void outcome_judge_crowd(struct outcome *o)
{
	int kind;

	for (kind = 0; kind < CROWD_KINDS; kind++) {
		const struct crowd_count *c = &o->crowd[kind];

		if (c->established < c->asked)
			outcome_reason(o, REASON_CROWD,
				"only %" PRIu64 " of %" PRIu64
				" connections of the group %s were "
				"established%s%s",
				c->established, c->asked, crowd_names[kind],
				c->error ? ": " : "",
				c->error ? errno_name(c->error) : "");
	}
}

static uint64_t outcome_wrong(const struct tally *t)
{
	const uint64_t *kinds = t->errors.by_kind;

	return kinds[ERROR_MISMATCH] + kinds[ERROR_SHORT] + kinds[ERROR_LONG] +
	       kinds[ERROR_PARSE] + kinds[ERROR_TWICE] + kinds[ERROR_SKIPPED];
}

/* All that became of them, and in the open loop all that the schedule held. */
static void outcome_judge_account(struct outcome *o)
{
	uint64_t scheduled = outcome_scheduled(o);
	uint64_t ended =
		o->window.ok + o->window.failed + o->in_flight_stop + o->unsent;
	uint64_t due = o->in_flight_start + o->overdue + o->due;

	if (scheduled != ended)
		outcome_reason(o, REASON_MISCOUNTED,
			"the client has miscounted: %" PRIu64
			" requests scheduled, %" PRIu64 " accounted for",
			scheduled, ended);
	if (o->config->open_loop && scheduled != due)
		outcome_reason(o, REASON_MISCOUNTED,
			"the client has miscounted: %" PRIu64
			" requests scheduled, %" PRIu64 " due",
			scheduled, due);
}

static void outcome_judge_requests(struct outcome *o)
{
	uint64_t wrong = outcome_wrong(&o->window) + outcome_wrong(&o->warmup) +
			 outcome_wrong(&o->drain);
	uint64_t ended = o->window.ok + o->window.failed;

	if (o->gave_up)
		outcome_reason(
			o, REASON_GAVE_UP, "gave up: no more replies came");
	if (o->window.ok == 0)
		outcome_reason(o, REASON_UNANSWERED, "no request was answered");
	if (wrong > 0)
		outcome_reason(o, REASON_REPLIES,
			"%" PRIu64 " replies were wrong", wrong);
	if (o->window.failed * 100 > ended)
		outcome_reason(o, REASON_FAILED,
			"%" PRIu64 " of %" PRIu64 " requests failed (%.1f %%)",
			o->window.failed, ended,
			100 * (double)o->window.failed / (double)ended);
	outcome_judge_account(o);
}

static void outcome_judge_deliveries(struct outcome *o)
{
	uint64_t due = outcome_due(o);
	uint64_t known =
		o->window.heard + o->window.undelivered + outcome_on_the_way(o);

	if (due != known)
		outcome_reason(o, REASON_MISCOUNTED,
			"the client has miscounted: %" PRIu64
			" deliveries due, %" PRIu64 " accounted for",
			due, known);
}

/* An open loop must have kept its promise: to send on time, at this rate. */
static void outcome_judge_rate(struct outcome *o, bool saturated)
{
	uint64_t lag_ns = histogram_percentile(o->window.send_lag, 50);
	uint64_t late = o->unsent + o->in_flight_stop;
	uint64_t room = o->config->connections * o->config->pipeline;
	char time[32];

	if (saturated)
		outcome_reason(o, REASON_SATURATED,
			"the client itself was saturated (%.0f %% of a CPU)",
			100 * o->busy_share);
	if (lag_ns > NS_PER_MS)
		outcome_reason(o, REASON_LATE,
			"the client itself was late: half of its requests by "
			"%s and more",
			format_time(lag_ns, time, sizeof(time)));
	if (late > room && late * 50 > outcome_scheduled(o))
		outcome_reason(o, REASON_RATE,
			"the rate was missed: %.0f/s of %.6g/s",
			outcome_rate(o), o->config->rate);
}

static void outcome_judge_search(struct outcome *o)
{
	const struct search *s = o->search;

	if (s && s->rate == 0)
		outcome_reason(o, REASON_SEARCH,
			"%s does not hold, not even at %.4g/s, the last of %u "
			"trials",
			s->objective->text, o->config->rate, s->trial_count);
}

/* What has set the pace: the schedule, if it was kept. */
static enum bound outcome_bound(const struct outcome *o, bool saturated)
{
	if (saturated)
		return BOUND_CLIENT;
	if (o->config->open_loop &&
		o->unsent + o->in_flight_stop <=
			o->config->connections * o->config->pipeline)
		return BOUND_RATE;
	return BOUND_SERVER;
}

void outcome_judge(struct outcome *o)
{
	bool saturated = o->busy_share >= 0.95;

	o->valid = true;
	o->reason_count = 0;
	outcome_judge_search(o);
	outcome_judge_connections(o);
	outcome_judge_crowd(o);
	outcome_judge_requests(o);
	outcome_judge_deliveries(o);
	o->bounded_by = outcome_bound(o, saturated);
	if (o->config->open_loop)
		outcome_judge_rate(o, saturated);
}
