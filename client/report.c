/* SPDX-License-Identifier: MIT */
#include "client/report.h"

#include <errno.h>
#include <math.h>

#include "client/engine.h"
#include "client/environment.h"
#include "client/search.h"
#include "client/workload.h"
#include "common/json.h"

/* A limit that is none is null. */
static void report_limit(struct json *j, const char *key, uint64_t value)
{
	if (value == UINT64_MAX)
		json_number(j, key, NAN);
	else
		json_u64(j, key, value);
}

/* What there is in the open loop only: by the schedule. */
static void report_due(struct json *j, const struct outcome *o, const char *key,
	uint64_t value)
{
	report_limit(j, key, o->config->open_loop ? value : UINT64_MAX);
}

static void report_config(struct json *j, const struct config *c)
{
	static const char *const clocks[] = {
		[CLOCK_KIND_AUTO] = "auto",
		[CLOCK_KIND_TSC] = "tsc",
		[CLOCK_KIND_MONOTONIC] = "monotonic",
	};

	json_object(j, "config");
	json_string(j, "address", c->server_text);
	json_string(j, "workload", c->workload_text);
	json_string(j, "engine", c->engine->name);
	json_string(j, "loop", c->open_loop ? "open" : "closed");
	json_u64(j, "connections", c->connections);
	json_u64(j, "threads", c->threads);
	json_u64(j, "pipeline", c->pipeline);
	report_limit(j, "duration_ns", c->duration_ns);
	report_limit(j, "requests", c->requests);
	report_limit(j, "requests_per_connection", c->requests_per_connection);
	json_number(j, "rate", c->open_loop ? c->rate : NAN);
	json_string(j, "steps", c->steps ? c->steps : "");
	json_string(j, "ramp", c->ramp ? c->ramp : "");
	json_string(j, "arrivals",
		c->arrivals == ARRIVALS_POISSON ? "poisson" : "constant");
	json_u64(j, "think_ns", c->think_ns);
	json_u64(j, "warmup_ns", c->warmup_ns);
	json_u64(j, "timeout_ns", c->timeout_ns);
	json_u64(j, "interval_ns", c->interval_ns);
	json_u64(j, "seed", c->seed);
	json_string(j, "source", c->source_text ? c->source_text : "");
	json_string(j, "cpus", c->cpus_text ? c->cpus_text : "");
	json_string(j, "close", c->close_by_reset ? "rst" : "fin");
	json_number(
		j, "connect_rate", c->connect_rate > 0 ? c->connect_rate : NAN);
	json_bool(j, "busy_poll", c->busy_poll);
	json_string(j, "clock", clocks[c->clock]);
	json_u64(j, "idle", c->idle);
	json_u64(j, "slow_readers", c->slow_readers);
	json_u64(j, "slow_writers", c->slow_writers);
	json_end(j);
}

static void report_environment(struct json *j, const struct outcome *o)
{
	struct environment e;

	environment_get(&e, &o->clock);
	json_object(j, "environment");
	json_string(j, "kernel", e.kernel);
	json_string(j, "cpu", e.cpu);
	json_i64(j, "cpus", e.cpus);
	json_string(j, "governor", e.governor);
	json_bool(j, "virtual", e.virtual);
	json_string(j, "placement", e.placement);
	json_string(j, "clock", e.clock);
	json_string(j, "clock_source", e.clock_source);
	json_number(j, "clock_read_ns", e.clock_read_ns);
	json_u64(j, "clock_correction_ns", e.clock_correction_ns);
	json_end(j);
}

static void report_verdict(struct json *j, const struct outcome *o)
{
	static const char *const bounds[] = {
		[BOUND_SERVER] = "server",
		[BOUND_CLIENT] = "client",
		[BOUND_RATE] = "rate",
	};
	unsigned i;

	json_bool(j, "valid", o->valid);
	json_array(j, "reasons");
	for (i = 0; i < o->reason_count; i++)
		json_string(j, NULL, o->reasons[i]);
	json_end(j);
	json_array(j, "reason_kinds");
	for (i = 0; i < o->reason_count; i++)
		json_string(j, NULL, reason_names[o->reason_kinds[i]]);
	json_end(j);
	json_string(j, "bounded_by", bounds[o->bounded_by]);
	json_bool(j, "interrupted", o->interrupted);
	json_u64(j, "window_ns", o->window_ns);
}

static uint64_t report_greetings(const struct outcome *o)
{
	return o->warmup.greetings + o->window.greetings + o->drain.greetings;
}

static void report_counts(struct json *j, const struct outcome *o)
{
	json_object(j, "connections");
	json_u64(j, "asked", o->config->connections);
	json_u64(j, "established", o->established);
	json_u64(j, "minimum_live", o->minimum_live);
	json_end(j);

	json_object(j, "requests");
	json_u64(j, "scheduled", outcome_scheduled(o));
	json_u64(j, "in_flight_before", o->in_flight_start);
	report_due(j, o, "overdue_before", o->overdue);
	report_due(j, o, "due", o->due);
	json_u64(j, "sent", o->in_flight_start + o->window.sent);
	json_u64(j, "ok", o->window.ok);
	json_u64(j, "in_flight", o->in_flight_stop);
	json_u64(j, "unsent", o->unsent);
	json_u64(j, "failed", o->window.failed);
	json_u64(j, "warmup", o->warmup.ok);
	json_u64(j, "drained", o->drain.ok);
	json_u64(j, "greetings", report_greetings(o));
	json_end(j);
}

static void report_crowd(struct json *j, const struct outcome *o)
{
	int kind;

	json_object(j, "crowd");
	for (kind = 0; kind < CROWD_KINDS; kind++) {
		const struct crowd_count *c = &o->crowd[kind];

		json_object(j, crowd_names[kind]);
		json_u64(j, "asked", c->asked);
		json_u64(j, "established", c->established);
		json_u64(j, "lost", c->lost);
		json_end(j);
	}
	json_end(j);
}

static void report_search(struct json *j, const struct outcome *o)
{
	const struct search *s = o->search;
	unsigned i;

	if (!s)
		return;
	json_object(j, "search");
	json_string(j, "objective", s->objective->text);
	json_number(j, "rate", s->rate > 0 ? s->rate : NAN);
	json_array(j, "trials");
	for (i = 0; i < s->trial_count; i++) {
		const struct search_trial *t = &s->trials[i];

		json_object(j, NULL);
		json_number(j, "rate", t->rate);
		json_number(j, "answered_per_second", t->answered);
		json_u64(j, "latency_ns", t->latency_ns);
		json_bool(j, "held", t->held);
		json_end(j);
	}
	json_end(j);
	json_end(j);
}

static void report_error(void *context, const char *name, uint64_t count)
{
	json_u64(context, name, count);
}

static void report_errors(
	struct json *j, const char *key, const struct tally *t)
{
	json_object(j, key);
	errors_each(&t->errors, report_error, j);
	json_end(j);
}

static void report_throughput(struct json *j, const struct outcome *o)
{
	double seconds = (double)o->window_ns / 1e9;

	json_object(j, "throughput");
	json_number(j, "requests_per_second", outcome_rate(o));
	json_number(j, "bytes_in_per_second",
		seconds > 0 ? (double)o->window.bytes_in / seconds : 0);
	json_number(j, "bytes_out_per_second",
		seconds > 0 ? (double)o->window.bytes_out / seconds : 0);
	json_end(j);
}

/* A percentile that too few values speak for is null. */
static void report_percentile(struct json *j, const char *key,
	const struct histogram *h, double percent)
{
	if (outcome_supports(histogram_count(h), percent))
		json_u64(j, key, histogram_percentile(h, percent));
	else
		json_number(j, key, NAN);
}

static void report_quantiles(
	struct json *j, const char *key, const struct histogram *h)
{
	json_object(j, key);
	json_u64(j, "count", histogram_count(h));
	json_u64(j, "min", histogram_min(h));
	json_number(j, "mean", histogram_mean(h));
	json_number(j, "stddev", histogram_stddev(h));
	report_percentile(j, "p50", h, 50);
	report_percentile(j, "p75", h, 75);
	report_percentile(j, "p90", h, 90);
	report_percentile(j, "p95", h, 95);
	report_percentile(j, "p99", h, 99);
	report_percentile(j, "p99_9", h, 99.9);
	report_percentile(j, "p99_99", h, 99.99);
	json_u64(j, "max", histogram_max(h));
	json_end(j);
}

static int report_latency(struct json *j, const struct outcome *o)
{
	static const struct {
		const char *name;
		struct histogram *(*make)(const struct outcome *o);
	} parts[] = {
		{"corrected", outcome_corrected},
		{"raw", outcome_raw},
		{"connect", outcome_connect},
		{"first_byte", outcome_first_byte},
	};
	int error = 0;
	size_t i;

	json_object(j, "latency_ns");
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		struct histogram *h = parts[i].make(o);

		if (h)
			report_quantiles(j, parts[i].name, h);
		else
			error = -ENOMEM;
		histogram_free(h);
	}
	json_end(j);
	return error;
}

/* Only where members hear each other. */
static void report_deliveries(struct json *j, const struct outcome *o)
{
	if (!o->config->workload->hear)
		return;
	json_object(j, "deliveries");
	json_u64(j, "due", outcome_due(o));
	json_u64(j, "heard", o->window.heard);
	json_u64(j, "undelivered", o->window.undelivered);
	json_u64(j, "in_flight", outcome_on_the_way(o));
	json_u64(j, "warmup", o->warmup.heard);
	json_u64(j, "drained", o->drain.heard);
	json_number(j, "per_second", outcome_delivery_rate(o));
	report_quantiles(j, "latency_ns", o->window.delivery);
	json_end(j);
}

static void report_client(struct json *j, const struct outcome *o)
{
	double ok = (double)o->window.ok;
	uint64_t i;

	json_object(j, "client");
	json_number(j, "cpu_seconds", o->cpu_seconds);
	json_number(j, "cpu_share", o->cpu_share);
	json_number(j, "busy_share", o->busy_share);
	json_array(j, "threads");
	for (i = 0; o->threads && i < o->config->threads; i++) {
		json_object(j, NULL);
		json_number(j, "cpu_share", o->threads[i].cpu_share);
		json_number(j, "busy_share", o->threads[i].busy_share);
		json_end(j);
	}
	json_end(j);
	json_u64(j, "helpers", o->helpers);
	json_number(j, "syscalls_per_request",
		ok > 0 ? (double)o->window.syscalls / ok : NAN);
	report_quantiles(j, "send_lag_ns", o->window.send_lag);
	json_end(j);
}

static void report_intervals(struct json *j, const struct outcome *o)
{
	uint64_t i;

	json_array(j, "intervals");
	for (i = 0; i < o->interval_count; i++) {
		const struct interval *in = &o->intervals[i];

		json_object(j, NULL);
		json_u64(j, "start_ns", in->start_ns);
		json_u64(j, "length_ns", in->length_ns);
		report_due(j, o, "due", in->due);
		json_u64(j, "sent", in->sent);
		json_u64(j, "ok", in->ok);
		json_u64(j, "failed", in->failed);
		json_u64(j, "asked", o->config->connections);
		json_u64(j, "live", in->live);
		json_u64(j, "p50_ns", in->p50_ns);
		json_u64(j, "p99_ns", in->p99_ns);
		json_u64(j, "max_ns", in->max_ns);
		json_end(j);
	}
	json_end(j);
}

int report_json(const struct outcome *o, FILE *out)
{
	struct json j;
	int error;

	json_init(&j, out);
	json_object(&j, NULL);
	json_string(&j, "schema", "serverlab.client/1");
	report_config(&j, o->config);
	report_environment(&j, o);
	report_verdict(&j, o);
	report_counts(&j, o);
	report_crowd(&j, o);
	report_errors(&j, "errors", &o->window);
	report_errors(&j, "errors_before", &o->warmup);
	report_errors(&j, "errors_after", &o->drain);
	report_throughput(&j, o);
	error = report_latency(&j, o);
	report_deliveries(&j, o);
	report_client(&j, o);
	report_search(&j, o);
	report_intervals(&j, o);
	json_end(&j);
	return error;
}
