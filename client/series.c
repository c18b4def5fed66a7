/* SPDX-License-Identifier: MIT */
#include "client/series.h"

#include <errno.h>
#include <stdlib.h>

#include "client/hdr.h"

/* An interval that some thread may still add to. */
struct series_open {
	struct series_open *next;
	uint64_t index;
	uint64_t sent, ok, failed, down;
	struct histogram *latency;
};

void series_init(
	struct series *s, const struct run *run, struct outcome *outcome)
{
	*s = (struct series) {.run = run, .outcome = outcome};
}

static void series_free(struct series_open *o)
{
	while (o) {
		struct series_open *next = o->next;

		histogram_free(o->latency);
		free(o);
		o = next;
	}
}

void series_release(struct series *s)
{
	series_free(s->open);
	series_free(s->spare);
	s->open = s->spare = NULL;
}

static struct series_open *series_new(struct series *s, uint64_t index)
{
	struct series_open *o = s->spare;

	if (o) {
		s->spare = o->next;
	} else {
		o = calloc(1, sizeof(*o));
		if (!o)
			return NULL;
		o->latency = histogram_new();
		if (!o->latency) {
			free(o);
			return NULL;
		}
	}
	o->index = index;
	o->sent = o->ok = o->failed = o->down = 0;
	histogram_reset(o->latency);
	return o;
}

/* The open interval of that index, made if need be. */
static struct series_open *series_find(struct series *s, uint64_t index)
{
	struct series_open **at = &s->open, *o;

	while (*at && (*at)->index < index)
		at = &(*at)->next;
	if (*at && (*at)->index == index)
		return *at;
	o = series_new(s, index);
	if (o) {
		o->next = *at;
		*at = o;
	}
	return o;
}

static int series_add(struct series *s, const struct tally *t)
{
	bool open_loop = s->outcome->config->open_loop;
	struct series_open *o = series_find(s, t->index);

	if (!o)
		return -ENOMEM;
	o->sent += t->sent;
	o->ok += t->ok;
	o->failed += t->failed;
	o->down += t->down;
	if (open_loop) {
		histogram_merge(o->latency, t->corrected);
	} else {
		histogram_merge(o->latency, t->whole);
		histogram_merge(o->latency, t->split);
	}
	tally_add(&s->outcome->window, t);
	return 0;
}

static int series_take(struct series *s, const struct tally *t)
{
	if (t->stretch == STRETCH_WINDOW)
		return series_add(s, t);
	tally_add(t->stretch == STRETCH_WARMUP ? &s->outcome->warmup
					       : &s->outcome->drain,
		t);
	return 0;
}

static struct interval *series_slot(struct series *s)
{
	struct outcome *outcome = s->outcome;

	if (outcome->interval_count == s->capacity) {
		uint64_t capacity = s->capacity ? 2 * s->capacity : 64;
		struct interval *grown = realloc(outcome->intervals,
			capacity * sizeof(*outcome->intervals));

		if (!grown)
			return NULL;
		outcome->intervals = grown;
		s->capacity = capacity;
	}
	return &outcome->intervals[outcome->interval_count++];
}

/* The window may end within its last interval. */
static uint64_t series_length(const struct outcome *o, uint64_t start_ns)
{
	uint64_t length_ns = o->config->interval_ns;

	if (o->window_ns > 0 && start_ns + length_ns > o->window_ns)
		return o->window_ns > start_ns ? o->window_ns - start_ns : 0;
	return length_ns;
}

static struct interval series_summary(
	const struct series_open *o, const struct outcome *outcome)
{
	uint64_t asked = outcome->config->connections;
	uint64_t start_ns = o->index * outcome->config->interval_ns;

	return (struct interval) {
		.start_ns = start_ns,
		.length_ns = series_length(outcome, start_ns),
		.sent = o->sent,
		.ok = o->ok,
		.failed = o->failed,
		.live = o->down < asked ? asked - o->down : 0,
		.p50_ns = histogram_percentile(o->latency, 50),
		.p99_ns = histogram_percentile(o->latency, 99),
		.max_ns = histogram_max(o->latency),
	};
}

static int series_append(struct series *s, const struct interval *interval,
	const struct histogram *latency)
{
	struct outcome *o = s->outcome;
	struct interval *slot = series_slot(s);

	if (!slot)
		return -ENOMEM;
	*slot = *interval;
	if (interval->live < o->minimum_live)
		o->minimum_live = interval->live;
	hdr_log_interval(&o->log, s->run->start_ns + interval->start_ns,
		interval->length_ns, latency);
	return 0;
}

/* An interval that no thread was awake in, up to the one before `end`. */
static int series_fill(struct series *s, uint64_t end)
{
	struct series_open *empty;
	int error = 0;

	while (!error && s->outcome->interval_count < end) {
		struct interval interval;

		empty = series_new(s, s->outcome->interval_count);
		if (!empty)
			return -ENOMEM;
		interval = series_summary(empty, s->outcome);
		error = series_append(s, &interval, empty->latency);
		empty->next = s->spare;
		s->spare = empty;
	}
	return error;
}

static int series_complete(struct series *s)
{
	struct series_open *o = s->open;
	struct interval interval = series_summary(o, s->outcome);
	int error = series_fill(s, o->index);

	if (!error)
		error = series_append(s, &interval, o->latency);
	s->open = o->next;
	o->next = s->spare;
	s->spare = o;
	return error;
}

int series_collect(struct series *s, struct worker *workers, uint64_t count)
{
	uint64_t place = UINT64_MAX, i;
	struct tally *t;
	int error = 0;

	/* Places first: what was handed over before is then in the queues. */
	for (i = 0; i < count; i++) {
		uint64_t at = workers[i].place;

		place = at < place ? at : place;
	}
	for (i = 0; i < count; i++)
		while (!error && (t = tally_queue_oldest(&workers[i].queue))) {
			error = series_take(s, t);
			tally_queue_empty(&workers[i].queue);
		}
	/* Once all have left the window, series_finish() knows its end. */
	if (place >= worker_place(STRETCH_DRAIN, 0))
		return error;
	while (!error && s->open &&
		worker_place(STRETCH_WINDOW, s->open->index) < place)
		error = series_complete(s);
	return error;
}

int series_finish(struct series *s)
{
	uint64_t interval_ns = s->outcome->config->interval_ns;
	int error = 0;

	while (!error && s->open)
		error = series_complete(s);
	if (!error)
		error = series_fill(
			s, (s->outcome->window_ns + interval_ns - 1) /
				   interval_ns);
	return error;
}
