/* SPDX-License-Identifier: MIT */
#include "compare/metric.h"

#include "compare/queueing.h"
#include "compare/stats.h"
#include "compare/text.h"
#include "compare/workers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double known(int64_t value)
{
	return value == FIELD_ABSENT ? NAN : (double)value;
}

static double per(int64_t value, int64_t requests)
{
	return requests > 0 ? known(value) / (double)requests : NAN;
}

static double of_throughput(const struct sample *s)
{
	return s->requests_per_second;
}

static double of_cpu(const struct sample *s)
{
	return s->cpu_ns > 0 ? per(s->cpu_ns, s->requests) : NAN;
}

static double of_user(const struct sample *s)
{
	return per(s->user_ns, s->requests);
}

static double of_system(const struct sample *s)
{
	return per(s->system_ns, s->requests);
}

static double of_p50(const struct sample *s)
{
	return known(s->p50_ns);
}

static double of_p90(const struct sample *s)
{
	return known(s->p90_ns);
}

static double of_p99(const struct sample *s)
{
	return known(s->p99_ns);
}

static double of_p99_9(const struct sample *s)
{
	return known(s->p99_9_ns);
}

/* From the actual send, as a client that waits for its reply sees it. */
static double of_raw_p99(const struct sample *s)
{
	json_t *raw = json_object_get(
		json_object_get(s->client, "latency_ns"), "raw");
	json_t *p99 = json_object_get(raw, "p99");

	return json_is_number(p99) ? json_number_value(p99) : NAN;
}

static double of_max(const struct sample *s)
{
	return known(s->max_ns);
}

static double of_switches(const struct sample *s)
{
	return per(s->voluntary_switches, s->switch_requests) +
	       per(s->involuntary_switches, s->switch_requests);
}

static double of_faults(const struct sample *s)
{
	return per(s->minor_faults, s->requests) +
	       per(s->major_faults, s->requests);
}

/* Shared pages counted once. */
static double of_memory(const struct sample *s)
{
	return known(s->pss_bytes);
}

static double of_rss(const struct sample *s)
{
	return known(s->rss_bytes);
}

static double of_memory_per_connection(const struct sample *s)
{
	if (s->pss_bytes == FIELD_ABSENT || s->idle_pss_bytes == FIELD_ABSENT)
		return NAN;
	return per(s->pss_bytes - s->idle_pss_bytes, s->connections_asked);
}

static double of_processes(const struct sample *s)
{
	return known(s->processes);
}

static double of_threads(const struct sample *s)
{
	return known(s->threads);
}

static double of_client(const struct sample *s)
{
	return s->client_cpu_share;
}

static double of_drops(const struct sample *s)
{
	return known(s->listen_drops);
}

static double of_jain(const struct sample *s)
{
	return workers_evenness(s, SHARE_OF_CONNECTIONS);
}

static double of_jain_requests(const struct sample *s)
{
	return workers_evenness(s, SHARE_OF_REQUESTS);
}

static double of_overflows(const struct sample *s)
{
	return known(s->listen_overflows);
}

static double of_accept_again(const struct sample *s)
{
	return known(s->accept_again);
}

static double of_syscalls(const struct sample *s)
{
	return per(s->syscall_count, s->requests);
}

static double of_mean(const struct sample *s)
{
	json_t *latency = json_object_get(s->client, "latency_ns");
	json_t *mean =
		json_object_get(json_object_get(latency, "corrected"), "mean");

	return s->requests > 0 && json_is_number(mean) ? json_number_value(mean)
						       : NAN;
}

static double of_utilisation(const struct sample *s)
{
	return per(s->cpu_ns, s->window_ns);
}

/* What a queue with this service time and utilisation has by theory. */

static double of_md1(const struct sample *s)
{
	return queueing_mean(of_cpu(s), of_utilisation(s), 0);
}

static double of_md1_p50(const struct sample *s)
{
	return queueing_md1(of_cpu(s), of_utilisation(s), 0.5);
}

static double of_md1_p99(const struct sample *s)
{
	return queueing_md1(of_cpu(s), of_utilisation(s), 0.99);
}

static double of_mm1(const struct sample *s)
{
	return queueing_mean(of_cpu(s), of_utilisation(s), 1);
}

static double of_mm1_p50(const struct sample *s)
{
	return queueing_mm1(of_cpu(s), of_utilisation(s), 0.5);
}

static double of_mm1_p99(const struct sample *s)
{
	return queueing_mm1(of_cpu(s), of_utilisation(s), 0.99);
}

/* Errors in the window, of connections that were made. One is one connection,
 * however many requests it cost. */
static double of_broken(const struct sample *s)
{
	json_t *errors = json_object_get(s->client, "errors"), *count;
	const char *name;
	double sum = 0;

	if (!errors)
		return NAN;
	json_object_foreach(errors, name, count)
	{
		if (strncmp(name, "connect.", 8))
			sum += json_number_value(count);
	}
	return sum;
}

static double of_served(const struct sample *s)
{
	return known(s->connections_served);
}

static double of_end(const struct sample *s)
{
	json_t *after = json_object_get(s->inject, "ended_after_ns");

	return json_is_number(after) ? json_number_value(after) : NAN;
}

static double of_failed(const struct sample *s)
{
	json_t *requests = json_object_get(s->client, "requests");

	return json_number_value(json_object_get(requests, "failed"));
}

const struct metric metrics[] = {
	{"throughput", "requests per second", UNIT_RATE, true, of_throughput},
	{"cpu_per_request", "server CPU per request", UNIT_TIME, false, of_cpu},
	{"user_per_request", "of it in user mode", UNIT_TIME, false, of_user},
	{"system_per_request", "of it in the kernel", UNIT_TIME, false,
		of_system},
	{"p50", "median latency", UNIT_TIME, false, of_p50},
	{"p90", "90th percentile latency", UNIT_TIME, false, of_p90},
	{"p99", "99th percentile latency", UNIT_TIME, false, of_p99},
	{"p99_9", "99.9th percentile latency", UNIT_TIME, false, of_p99_9},
	{"raw_p99", "99th percentile latency, from the actual send", UNIT_TIME,
		false, of_raw_p99},
	{"max", "longest latency", UNIT_TIME, false, of_max},
	{"switches_per_request", "context switches per request", UNIT_NUMBER,
		false, of_switches},
	{"faults_per_request", "page faults per request", UNIT_NUMBER, false,
		of_faults},
	{"memory", "memory (PSS)", UNIT_BYTES, false, of_memory},
	{"rss", "memory (RSS, shared pages counted in each process)",
		UNIT_BYTES, false, of_rss},
	{"memory_per_connection", "memory per connection", UNIT_BYTES, false,
		of_memory_per_connection},
	{"processes", "processes", UNIT_NUMBER, false, of_processes},
	{"threads", "threads", UNIT_NUMBER, false, of_threads},
	{"jain", "evenness of connections over workers (Jain's index)",
		UNIT_NUMBER, true, of_jain},
	{"jain_requests", "evenness of requests over workers (Jain's index)",
		UNIT_NUMBER, true, of_jain_requests},
	{"syscalls_per_request", "system calls per request", UNIT_NUMBER, false,
		of_syscalls},
	{"accept_again", "accepts that found nobody", UNIT_NUMBER, false,
		of_accept_again},
	{"listen_overflows", "connections that found the listen queue full",
		UNIT_NUMBER, false, of_overflows},
	{"client_cpu_share", "the client's CPU share", UNIT_NUMBER, false,
		of_client},
	{"listen_drops", "connections dropped from the listen queue",
		UNIT_NUMBER, false, of_drops},
	{"failed", "failed requests", UNIT_NUMBER, false, of_failed},
	{"broken", "connections that broke", UNIT_NUMBER, false, of_broken},
	{"served", "connections that were served", UNIT_NUMBER, true,
		of_served},
	{"time_to_end", "from the signal to the server's end", UNIT_TIME, false,
		of_end},
	{"wasted_wakeups", "wake-ups without a connection, per connection",
		UNIT_NUMBER, false, workers_wasted},
	{"mean", "mean latency", UNIT_TIME, false, of_mean},
	{"utilisation", "share of a CPU that the server used", UNIT_NUMBER,
		false, of_utilisation},
	{"md1", "mean latency that M/D/1 predicts", UNIT_TIME, false, of_md1},
	{"md1_p50", "median latency that M/D/1 predicts", UNIT_TIME, false,
		of_md1_p50},
	{"md1_p99", "99th percentile latency that M/D/1 predicts", UNIT_TIME,
		false, of_md1_p99},
	{"mm1", "mean latency that M/M/1 predicts", UNIT_TIME, false, of_mm1},
	{"mm1_p50", "median latency that M/M/1 predicts", UNIT_TIME, false,
		of_mm1_p50},
	{"mm1_p99", "99th percentile latency that M/M/1 predicts", UNIT_TIME,
		false, of_mm1_p99},
	{0},
};

const struct metric *metric_find(const char *name)
{
	for (const struct metric *m = metrics; m->name; m++)
		if (!strcmp(m->name, name))
			return m;
	return NULL;
}

const char *metric_hint(const char *wrong, char *buf, size_t size)
{
	const char *names[sizeof(metrics) / sizeof(*metrics)];
	size_t count = 0;

	for (const struct metric *m = metrics; m->name; m++)
		names[count++] = m->name;
	return text_hint(wrong, names, count, buf, size);
}

/* Whether the sample is one that this metric is taken from. */
static bool metric_takes(const struct metric *m, const struct sample *s)
{
	return m->of == of_syscalls ? sample_is_counted(s) : sample_is_valid(s);
}

void metric_by_round(const struct metric *m, const struct cell *cell,
	double *values, size_t rounds)
{
	for (size_t r = 0; r < rounds; r++)
		values[r] = NAN;
	for (size_t i = 0; i < cell->sample_count; i++) {
		const struct sample *s = &cell->samples[i];

		if (metric_takes(m, s) && s->round >= 1 &&
			(size_t)s->round <= rounds)
			values[s->round - 1] = m->of(s);
	}
}

size_t metric_values(
	const struct metric *m, const struct cell *cell, double *values)
{
	size_t n = 0;

	for (size_t i = 0; i < cell->sample_count; i++) {
		double value;

		if (!metric_takes(m, &cell->samples[i]))
			continue;
		value = m->of(&cell->samples[i]);
		if (isfinite(value))
			values[n++] = value;
	}
	return n;
}

double metric_median(const struct cell *cell, const char *name)
{
	double *values = calloc(cell->sample_count + 1, sizeof(*values));
	double median = NAN;

	if (values)
		median = stats_median(
			values, metric_values(metric_find(name), cell, values));
	free(values);
	return median;
}
