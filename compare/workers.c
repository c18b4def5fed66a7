/* SPDX-License-Identifier: MIT */
#include "compare/workers.h"

#include "compare/stats.h"
#include "servers/core/scoreboard.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* More workers than that are one for each connection, mostly, and their list
 * would be long: it is left out. */
enum { WORKERS_LISTED = 64 };

struct scoreboard *workers_read(int fd)
{
	struct scoreboard *b = calloc(1, sizeof(*b));
	/* Another version's scoreboard has another size. */
	bool known = b && pread(fd, b, sizeof(*b), 0) == (ssize_t)sizeof(*b) &&
		     b->size == sizeof(*b);

	if (known)
		return b;
	free(b);
	return NULL;
}

/* ---- between two readings ------------------------------------------------- */

/* What workers did. */
struct deeds {
	uint64_t workers, connections, requests;
};

/* What has moved is never below 0, but a reading is not of one instant. */
static uint64_t moved(uint64_t before, uint64_t after)
{
	return after > before ? after - before : 0;
}

static unsigned buried(const struct slot *s)
{
	return atomic_load(&s->buried);
}

/* Of the worker that has the slot now. One that came after `before` was read
 * began with nothing. */
static struct deeds deeds_of(
	const struct slot *before, const struct slot *after)
{
	bool new = buried(before) != buried(after);

	return (struct deeds) {1,
		moved(new ? 0 : slot_get(&before->closed),
			slot_get(&after->accepted)),
		moved(new ? 0 : slot_get(&before->requests),
			slot_get(&after->requests))};
}

/* Of all that have ended meanwhile: what they counted is in the past now,
 * with what they had done before. */
static struct deeds deeds_of_ended(
	const struct scoreboard *before, const struct scoreboard *after)
{
	struct deeds sum = {0};
	uint64_t connections = slot_get(&before->past.accepted);
	uint64_t requests = slot_get(&before->past.requests);

	for (size_t i = 0; i < BOARD_SLOTS; i++) {
		const struct slot *s = &before->slots[i];
		uint64_t ended = buried(&after->slots[i]) - buried(s);

		sum.workers += ended;
		connections += ended ? slot_get(&s->closed) : 0;
		requests += ended ? slot_get(&s->requests) : 0;
	}
	sum.connections = moved(connections, slot_get(&after->past.accepted));
	sum.requests = moved(requests, slot_get(&after->past.requests));
	return sum;
}

static json_t *worker_to_json(
	unsigned id, const struct slot *s, const struct deeds *d)
{
	return json_pack("{s:I, s:s, s:I, s:I}", "id", (json_int_t)id, "kind",
		atomic_load(&s->kind) == SLOT_THREAD ? "thread" : "process",
		"connections", (json_int_t)d->connections, "requests",
		(json_int_t)d->requests);
}

/* Everyone who is there at the end. */
struct crowd {
	json_t *list;
	size_t count;
	double connections[BOARD_SLOTS], requests[BOARD_SLOTS];
};

static void count_workers(struct crowd *c, const struct scoreboard *before,
	const struct scoreboard *after)
{
	for (unsigned i = 0; i < BOARD_SLOTS; i++) {
		struct deeds d;

		if (!board_has_worker(after, i))
			continue;
		d = deeds_of(&before->slots[i], &after->slots[i]);
		c->connections[c->count] = (double)d.connections;
		c->requests[c->count++] = (double)d.requests;
		if (c->count <= WORKERS_LISTED)
			json_array_append_new(c->list,
				worker_to_json(i, &after->slots[i], &d));
	}
}

static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static void add_crowd(json_t *all, const struct crowd *c)
{
	json_object_set_new(all, "living", json_integer((json_int_t)c->count));
	json_object_set_new(all, "jain_connections",
		number(stats_jain(c->connections, c->count)));
	json_object_set_new(all, "jain_requests",
		number(stats_jain(c->requests, c->count)));
	if (c->count <= WORKERS_LISTED)
		json_object_set(all, "workers", c->list);
}

json_t *workers_between(
	const struct scoreboard *before, const struct scoreboard *after)
{
	const struct board_sums first = board_sums(before),
				last = board_sums(after);
	const struct deeds ended = deeds_of_ended(before, after);
	struct crowd *c = calloc(1, sizeof(*c));
	json_t *all = json_pack("{s:I, s:I, s:I, s:I, s:I}", "accepted",
		(json_int_t)moved(first.accepted, last.accepted),
		"accept_again",
		(json_int_t)moved(first.accept_again, last.accept_again),
		"ended", (json_int_t)ended.workers, "ended_connections",
		(json_int_t)ended.connections, "ended_requests",
		(json_int_t)ended.requests);

	if (c) {
		c->list = json_array();
		count_workers(c, before, after);
		add_crowd(all, c);
		json_decref(c->list);
	}
	free(c);
	return all;
}

/* ---- of a sample ---------------------------------------------------------- */

bool workers_are_of_window(const struct sample *s)
{
	return s->server_window != NULL;
}

json_t *workers_of(const struct sample *s)
{
	return json_object_get(
		workers_are_of_window(s) ? s->server_window : s->server,
		"workers");
}

/* Of the whole life, as older runs have it, where connections are those that a
 * worker has accepted. */
static double evenness_of_life(const struct sample *s, const char *what)
{
	double shares[BOARD_SLOTS];
	json_t *one;
	size_t i, n = 0;

	json_array_foreach(workers_of(s), i, one) if (n < BOARD_SLOTS)
		shares[n++] = json_number_value(json_object_get(one, what));
	return stats_jain(shares, n);
}

double workers_evenness(const struct sample *s, enum workers_share share)
{
	static const char *const of_window[] = {
		"jain_connections", "jain_requests"};
	static const char *const of_life[] = {"accepted", "requests"};
	json_t *jain = json_object_get(s->server_window, of_window[share]);
	json_t *ended = json_object_get(s->server_window, "ended");

	if (!workers_are_of_window(s))
		return evenness_of_life(s, of_life[share]);
	/* Who was there for a moment could not have its share. */
	return json_is_number(jain) && !json_integer_value(ended)
		       ? json_number_value(jain)
		       : NAN;
}

double workers_wasted(const struct sample *s)
{
	json_t *of = workers_are_of_window(s) ? s->server_window : s->server;
	json_t *again = json_object_get(of, "accept_again");
	double accepted = json_number_value(json_object_get(of, "accepted"));

	return json_is_number(again) && accepted > 0
		       ? json_number_value(again) / accepted
		       : NAN;
}
