/* SPDX-License-Identifier: MIT */
#include "compare/outcome.h"

#include "compare/pace.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int outcome_invalid(struct sample *s, const char *format, ...)
{
	char text[512];
	va_list args;

	if (s->reason)
		return 0;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	field_text(&s->reason, text);
	field_text(&s->status, "invalid");
	return 0;
}

void outcome_note(struct sample *s, const char *note)
{
	char text[1024];

	snprintf(text, sizeof(text), "%s%s%s", s->note ? s->note : "",
		s->note ? "; " : "", note);
	field_text(&s->note, text);
}

/* How far a count has moved; clocks of ended processes can fall back. */
static int64_t moved(uint64_t before, uint64_t after)
{
	return after > before ? (int64_t)(after - before) : 0;
}

/* How much of the CPU time was in user mode. The control group knows; of single
 * processes the kernel tells it in ticks of 10 ms, which give the share alone. */
static void take_modes(struct sample *s, const struct usage *before,
	const struct usage *after, bool exact)
{
	int64_t user = moved(before->user_ns, after->user_ns);
	int64_t system = moved(before->system_ns, after->system_ns);

	if (!exact && user + system == 0)
		return;
	if (!exact) {
		user = (int64_t)((double)s->cpu_ns * (double)user /
				 (double)(user + system));
		system = s->cpu_ns - user;
	}
	s->user_ns = user;
	s->system_ns = system;
}

static void take_cost(
	struct sample *s, const struct usage *before, const struct usage *after)
{
	bool group = before->from_group && after->from_group;

	field_text(&s->cpu_source, group ? "cgroup" : "processes");
	s->cpu_ns = moved(before->cpu_ns, after->cpu_ns);
	take_modes(s, before, after, group);
	s->minor_faults = moved(before->minor_faults, after->minor_faults);
	s->major_faults = moved(before->major_faults, after->major_faults);
	s->steal_ns = moved(before->steal_ns, after->steal_ns);
	s->foreign_ns = moved(before->busy_ns, after->busy_ns);
	s->listen_drops = moved(before->listen_drops, after->listen_drops);
	s->listen_overflows =
		moved(before->listen_overflows, after->listen_overflows);
}

/* ---- the edges of the window ---------------------------------------------- */

/* A member of a member; NULL if either is not there. */
static json_t *within(const json_t *from, const char *outer, const char *inner)
{
	return json_object_get(json_object_get(from, outer), inner);
}

static int64_t whole_number(const json_t *value)
{
	return json_is_number(value) ? (int64_t)json_number_value(value)
				     : FIELD_ABSENT;
}

static int64_t or_zero(int64_t value)
{
	return value == FIELD_ABSENT ? 0 : value;
}

static int64_t distance(int64_t a, int64_t b)
{
	return a > b ? a - b : b - a;
}

/*
 * The time between two readings of the CPU time, if that is not the client's
 * window: compare was stopped or late, or there was much to read. A reading that
 * took long is of any moment within it, and the worst is assumed. False where
 * they are as near each other as `share` of the window, or it is not known.
 */
static bool edges_off(const struct sample *s, const struct usage *before,
	const struct usage *after, double share, int64_t *found_ns)
{
	int64_t window = whole_number(json_object_get(s->client, "window_ns"));
	int64_t most = moved(before->at_ns, after->until_ns);
	int64_t least = moved(before->until_ns, after->at_ns);
	double off;

	if (window == FIELD_ABSENT)
		return false;
	*found_ns =
		distance(most, window) > distance(least, window) ? most : least;
	off = (double)distance(*found_ns, window);
	return off > OUTCOME_EDGE_LEAST_NS && off > share * (double)window;
}

static bool edges_lost(const struct sample *s, const struct usage *before,
	const struct usage *after)
{
	int64_t found_ns;

	return edges_off(s, before, after, OUTCOME_EDGE_LOST, &found_ns);
}

void outcome_usage(
	struct sample *s, const struct usage *before, const struct usage *after)
{
	s->processes = (int64_t)after->processes;
	s->threads = (int64_t)after->threads;
	s->load = after->load;
	if (!edges_lost(s, before, after)) {
		take_cost(s, before, after);
		return;
	}
	/* It was read at the same time. */
	json_decref(s->server_window);
	s->server_window = NULL;
}

/* ---- the client's figures ------------------------------------------------- */

/* The latency that counts: from the intended send where that is known. */
static void take_latency(struct sample *s)
{
	json_t *latency = json_object_get(s->client, "latency_ns");
	json_t *q = json_object_get(latency, "corrected");

	if (!json_is_object(q) ||
		!or_zero(whole_number(json_object_get(q, "count"))))
		q = json_object_get(latency, "raw");
	if (!or_zero(whole_number(json_object_get(q, "count"))))
		return;
	s->p50_ns = whole_number(json_object_get(q, "p50"));
	s->p90_ns = whole_number(json_object_get(q, "p90"));
	s->p99_ns = whole_number(json_object_get(q, "p99"));
	s->p99_9_ns = whole_number(json_object_get(q, "p99_9"));
	s->max_ns = whole_number(json_object_get(q, "max"));
}

bool outcome_may_tolerate(const char *what)
{
	return !strcmp(what, "unanswered") || !strcmp(what, "rate") ||
	       !strcmp(what, "timeout") || !strncmp(what, "connect.", 8) ||
	       !strncmp(what, "read.", 5) || !strncmp(what, "write.", 6);
}

/* Are all errors of a phase such as the experiment tolerates? */
static bool errors_belong(
	const struct sample *s, const char *phase, const struct texts *tolerate)
{
	json_t *errors = json_object_get(s->client, phase), *count;
	const char *name;

	json_object_foreach(errors, name, count)
	{
		if (json_number_value(count) > 0 && !texts_have(tolerate, name))
			return false;
	}
	return true;
}

/* Connections that broke, and what was lost with them, are the reason. */
static bool is_about_connections(const char *kind)
{
	return !strcmp(kind, "connections") || !strcmp(kind, "failed") ||
	       !strcmp(kind, "crowd") || !strcmp(kind, "gave-up");
}

static bool all_tolerated(const struct sample *s, const struct texts *tolerate)
{
	bool belong = errors_belong(s, "errors_before", tolerate) &&
		      errors_belong(s, "errors", tolerate) &&
		      errors_belong(s, "errors_after", tolerate);
	json_t *kinds = json_object_get(s->client, "reason_kinds"), *one;
	size_t i;

	json_array_foreach(kinds, i, one)
	{
		const char *kind = json_string_value(one);

		if (!belong || !kind ||
			(!texts_have(tolerate, kind) &&
				!is_about_connections(kind)))
			return false;
	}
	return tolerate->count && i > 0;
}

/* Its own reasons, in one line. */
static void take_validity(struct sample *s, const struct texts *tolerate)
{
	char text[512] = "";
	json_t *reason;
	size_t i, used = 0;

	if (json_is_true(json_object_get(s->client, "valid")))
		return;
	json_array_foreach(json_object_get(s->client, "reasons"), i,
		reason) if (json_is_string(reason) && used < sizeof(text))
		used += (size_t)snprintf(text + used, sizeof(text) - used,
			"%s%s", i ? "; " : "", json_string_value(reason));
	if (all_tolerated(s, tolerate))
		outcome_note(s, text);
	else
		outcome_invalid(s, "%s", text[0] ? text : "the client says so");
}

/* Requests under way at the end of the window that were not answered before
 * the client gave up waiting for them either. */
static int64_t unanswered(const struct sample *s)
{
	int64_t left =
		or_zero(whole_number(
			within(s->client, "requests", "in_flight"))) -
		or_zero(whole_number(within(s->client, "requests", "drained")));

	return left > 0 ? left : 0;
}

/*
 * In a closed loop each connection waits for its own replies only. Those whose
 * requests were still not answered a second after the window were never
 * served: their server had its hands full with the others.
 */
static void take_served(struct sample *s)
{
	const char *loop =
		json_string_value(within(s->client, "config", "loop"));
	int64_t pipeline =
		or_zero(whole_number(within(s->client, "config", "pipeline")));

	s->connections_served = s->connections_asked;
	if (loop && !strcmp(loop, "closed") && pipeline > 0 &&
		s->connections_asked != FIELD_ABSENT)
		s->connections_served -= unanswered(s) / pipeline;
}

int outcome_client(struct sample *s, const struct texts *tolerate)
{
	json_t *cpu;

	if (!json_is_object(s->client)) {
		outcome_invalid(s, "the client wrote no result");
		return -1;
	}
	s->requests = whole_number(within(s->client, "requests", "ok"));
	s->requests_per_second = json_number_value(
		within(s->client, "throughput", "requests_per_second"));
	s->window_ns = whole_number(json_object_get(s->client, "window_ns"));
	s->connections_asked =
		whole_number(within(s->client, "connections", "asked"));
	s->client_cpu_share =
		json_number_value(within(s->client, "client", "cpu_share"));
	field_text(&s->bounded_by,
		json_string_value(json_object_get(s->client, "bounded_by")));
	take_latency(s);
	take_served(s);
	take_validity(s, tolerate);
	/* Of all that ran, what neither program used. */
	cpu = within(s->client, "client", "cpu_seconds");
	if (s->foreign_ns != FIELD_ABSENT && s->cpu_ns != FIELD_ABSENT) {
		s->foreign_ns -=
			s->cpu_ns + (int64_t)(json_number_value(cpu) * 1e9);
		s->foreign_ns = s->foreign_ns > 0 ? s->foreign_ns : 0;
	}
	if (!or_zero(s->requests) && !texts_have(tolerate, "unanswered"))
		outcome_invalid(s, "no request was answered");
	return 0;
}

/* ---- noise ----------------------------------------------------------------- */

/* What others may have: this share of the time, and more than the kernel's
 * clock of 10 ms can tell at two edges on two CPUs. */
#define NOISE_SHARE    0.05
#define NOISE_LEAST_NS 30e6

/* Disturbed by this also. */
static void __attribute__((format(printf, 2, 3)))
add_noise(struct sample *s, const char *format, ...)
{
	char what[160], text[480];
	va_list list;

	va_start(list, format);
	vsnprintf(what, sizeof(what), format, list);
	va_end(list);
	snprintf(text, sizeof(text), "%s%s%s", s->noise ? s->noise : "",
		s->noise ? "; " : "", what);
	field_text(&s->noise, text);
}

static void noise_of_edges(
	struct sample *s, const struct usage *before, const struct usage *after)
{
	bool lost = edges_lost(s, before, after);
	int64_t found_ns;

	if (edges_off(s, before, after, OUTCOME_EDGE_SHARE, &found_ns))
		add_noise(s,
			"the server's cost was read over %.1f ms, and the "
			"window had %.1f ms%s",
			(double)found_ns / 1e6, (double)s->window_ns / 1e6,
			lost ? ": it is left out" : "");
}

static void noise_of_others(struct sample *s, const struct usage *before,
	const struct usage *after, unsigned cpus)
{
	json_t *cpu = within(s->client, "client", "cpu_seconds");
	double own = (double)or_zero(s->cpu_ns) + json_number_value(cpu) * 1e9;
	double all = (double)moved(before->at_ns, after->at_ns) * cpus;
	double steal =
		(double)moved(before->here_steal_ns, after->here_steal_ns);
	double others =
		(double)moved(before->here_busy_ns, after->here_busy_ns) - own;

	if (!json_is_number(cpu) || !after->here_busy_ns || all <= 0)
		return;
	others = others > 0 ? others : 0;
	s->noise_share = (others + steal) / all;
	if (s->noise_share <= NOISE_SHARE || others + steal <= NOISE_LEAST_NS)
		return;
	add_noise(s,
		"other programs had %.0f %% of its CPUs' time, the host %.0f %%",
		100 * others / all, 100 * steal / all);
}

void outcome_noise(struct sample *s, const struct usage *before,
	const struct usage *after, unsigned cpus)
{
	/* Without the server's own share it is not known what others had. */
	if (!edges_lost(s, before, after))
		noise_of_others(s, before, after, cpus);
	noise_of_edges(s, before, after);
}

static void add_slow(struct sample *s, const struct pace_reading *r)
{
	add_noise(s,
		"a CPU took %.0f %% longer for the same work than at its best",
		100 * (r->slowdown - 1));
}

static void add_far(struct sample *s, const struct pace_reading *r)
{
	add_noise(s,
		"its CPUs were %.1f times as far apart as at their best, %.0f "
		"ns there and back",
		r->farther, r->distance_ns);
}

void outcome_pace(struct sample *s, const struct pace_reading *before,
	const struct pace_reading *after)
{
	const struct pace_reading worst = {
		.work_ns = fmax(before->work_ns, after->work_ns),
		.slowdown = fmax(before->slowdown, after->slowdown),
		.distance_ns = fmax(before->distance_ns, after->distance_ns),
		.farther = fmax(before->farther, after->farther),
	};

	s->work_ns = worst.work_ns;
	s->slowdown = worst.slowdown;
	s->distance_ns = worst.distance_ns;
	if (pace_is_slow(&worst))
		add_slow(s, &worst);
	if (pace_is_far(&worst))
		add_far(s, &worst);
}

bool outcome_look_back(struct sample *s, const struct pace_reading *best)
{
	const struct pace_reading then = {
		.slowdown = s->work_ns / best->work_ns,
		.distance_ns = s->distance_ns,
		.farther = s->distance_ns / best->distance_ns,
	};
	bool slow = pace_is_slow(&then), far = pace_is_far(&then);

	if (!sample_is_valid(s) || s->noise || (!slow && !far))
		return false;
	if (slow) {
		s->slowdown = then.slowdown;
		add_slow(s, &then);
	}
	if (far)
		add_far(s, &then);
	return true;
}

/* ---- agreement -------------------------------------------------------------- */

/* All requests that the client saw answered, in the window and around it. */
static int64_t requests_of_life(const struct sample *s)
{
	return or_zero(whole_number(within(s->client, "requests", "warmup"))) +
	       or_zero(whole_number(within(s->client, "requests", "ok"))) +
	       or_zero(whole_number(within(s->client, "requests", "drained"))) +
	       or_zero(whole_number(
		       within(s->client, "requests", "greetings")));
}

void outcome_switches(struct sample *s, const struct usage *before,
	const struct usage *after, const struct rusage *life)
{
	int64_t found_ns;
	bool known = before->threads && !before->late && !after->late &&
		     before->thread_set == after->thread_set;

	if (known &&
		!edges_off(s, before, after, OUTCOME_EDGE_SHARE, &found_ns)) {
		s->voluntary_switches =
			moved(before->voluntary, after->voluntary);
		s->involuntary_switches =
			moved(before->involuntary, after->involuntary);
		s->switch_requests = s->requests;
	} else if (life->ru_nvcsw) {
		s->voluntary_switches = life->ru_nvcsw;
		s->involuntary_switches = life->ru_nivcsw;
		s->switch_requests = requests_of_life(s);
	}
}

/* Each error before the window cost what was under way on a connection. */
static int64_t lost_before(const struct sample *s)
{
	json_t *errors = json_object_get(s->client, "errors_before"), *count;
	const char *name;
	int64_t sum = 0;

	json_object_foreach(errors, name, count)
	{
		if (strncmp(name, "connect.", 8))
			sum += or_zero(whole_number(count));
	}
	return sum *
	       or_zero(whole_number(within(s->client, "config", "pipeline")));
}

static bool has_crowd(const struct sample *s)
{
	return or_zero(whole_number(
		       within(s->client, "config", "slow_readers"))) ||
	       or_zero(whole_number(
		       within(s->client, "config", "slow_writers")));
}

void outcome_server(struct sample *s)
{
	s->accept_again = whole_number(
		json_object_get(s->server_window ? s->server_window : s->server,
			"accept_again"));
}

void outcome_agreement(struct sample *s)
{
	int64_t server = whole_number(json_object_get(s->server, "requests"));
	int64_t client = requests_of_life(s);
	/* Of what was lost with its connection nobody knows how far it came. */
	int64_t lost =
		or_zero(whole_number(within(s->client, "requests", "failed"))) +
		lost_before(s);

	/* A crowd asks, too, and is not counted by the client. */
	bool crowd = has_crowd(s);

	if (!s->client || server == FIELD_ABSENT ||
		(server >= client && crowd) ||
		(server >= client && server <= client + unanswered(s) + lost))
		return;
	outcome_invalid(s,
		"the server counted %lld requests and the client %lld",
		(long long)server, (long long)client);
}
