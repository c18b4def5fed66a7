/* SPDX-License-Identifier: MIT */
#include "client/tally.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/log.h"

static const char *const error_phases[ERROR_PHASES] = {
	[ERROR_CONNECT] = "connect",
	[ERROR_WRITE] = "write",
	[ERROR_READ] = "read",
};

static const char *const error_kinds[ERROR_KINDS] = {
	[ERROR_EOF] = "read.EOF",
	[ERROR_MISMATCH] = "reply.mismatch",
	[ERROR_SHORT] = "reply.short",
	[ERROR_LONG] = "reply.long",
	[ERROR_STATUS] = "reply.status",
	[ERROR_PARSE] = "reply.parse",
	[ERROR_TIMEOUT] = "timeout",
	[ERROR_TWICE] = "reply.twice",
	[ERROR_SKIPPED] = "reply.skipped",
	[ERROR_DROPPED] = "member.dropped",
};

void errors_add(struct errors *into, const struct errors *from)
{
	int phase, i;

	for (phase = 0; phase < ERROR_PHASES; phase++)
		for (i = 0; i < ERROR_NUMBERS; i++)
			into->by_errno[phase][i] += from->by_errno[phase][i];
	for (i = 0; i < ERROR_KINDS; i++)
		into->by_kind[i] += from->by_kind[i];
}

void errors_each(const struct errors *e,
	void (*each)(void *context, const char *name, uint64_t count),
	void *context)
{
	char name[64];
	int phase, i;

	for (phase = 0; phase < ERROR_PHASES; phase++)
		for (i = 0; i < ERROR_NUMBERS; i++) {
			if (e->by_errno[phase][i] == 0)
				continue;
			snprintf(name, sizeof(name), "%s.%s",
				error_phases[phase],
				i ? errno_name(i) : "other");
			each(context, name, e->by_errno[phase][i]);
		}
	for (i = 0; i < ERROR_KINDS; i++)
		if (e->by_kind[i])
			each(context, error_kinds[i], e->by_kind[i]);
}

enum { TALLY_HISTOGRAMS = 7 };

static void tally_histograms(
	const struct tally *t, struct histogram *all[TALLY_HISTOGRAMS])
{
	all[0] = t->whole;
	all[1] = t->split;
	all[2] = t->first;
	all[3] = t->corrected;
	all[4] = t->send_lag;
	all[5] = t->connect;
	all[6] = t->delivery;
}

int tally_init(struct tally *t)
{
	struct histogram *all[TALLY_HISTOGRAMS];
	int i;

	memset(t, 0, sizeof(*t));
	t->whole = histogram_new();
	t->split = histogram_new();
	t->first = histogram_new();
	t->corrected = histogram_new();
	t->send_lag = histogram_new();
	t->connect = histogram_new();
	t->delivery = histogram_new();
	tally_histograms(t, all);
	for (i = 0; i < TALLY_HISTOGRAMS; i++)
		if (!all[i]) {
			tally_release(t);
			return -ENOMEM;
		}
	return 0;
}

void tally_release(struct tally *t)
{
	struct histogram *all[TALLY_HISTOGRAMS];
	int i;

	tally_histograms(t, all);
	for (i = 0; i < TALLY_HISTOGRAMS; i++)
		histogram_free(all[i]);
	memset(t, 0, sizeof(*t));
}

void tally_reset(struct tally *t)
{
	struct histogram *all[TALLY_HISTOGRAMS];
	int i;

	tally_histograms(t, all);
	for (i = 0; i < TALLY_HISTOGRAMS; i++)
		histogram_reset(all[i]);
	t->sent = t->ok = t->failed = t->greetings = 0;
	t->due = t->heard = t->undelivered = 0;
	t->bytes_in = t->bytes_out = t->syscalls = t->down = 0;
	memset(&t->errors, 0, sizeof(t->errors));
}

void tally_add(struct tally *into, const struct tally *from)
{
	struct histogram *mine[TALLY_HISTOGRAMS], *theirs[TALLY_HISTOGRAMS];
	int i;

	tally_histograms(into, mine);
	tally_histograms(from, theirs);
	for (i = 0; i < TALLY_HISTOGRAMS; i++)
		histogram_merge(mine[i], theirs[i]);
	into->sent += from->sent;
	into->ok += from->ok;
	into->failed += from->failed;
	into->greetings += from->greetings;
	into->due += from->due;
	into->heard += from->heard;
	into->undelivered += from->undelivered;
	into->bytes_in += from->bytes_in;
	into->bytes_out += from->bytes_out;
	into->syscalls += from->syscalls;
	errors_add(&into->errors, &from->errors);
}

int tally_queue_init(struct tally_queue *q)
{
	int i;

	memset(q, 0, sizeof(*q));
	for (i = 0; i < TALLY_QUEUE; i++)
		if (tally_init(&q->slots[i])) {
			tally_queue_release(q);
			return -ENOMEM;
		}
	return 0;
}

void tally_queue_release(struct tally_queue *q)
{
	int i;

	for (i = 0; i < TALLY_QUEUE; i++)
		tally_release(&q->slots[i]);
}

struct tally *tally_queue_current(struct tally_queue *q)
{
	return &q->slots[q->filled % TALLY_QUEUE];
}

/* Beside the current one. */
static uint64_t tally_queue_free(const struct tally_queue *q)
{
	return TALLY_QUEUE - 1 - (q->filled - q->emptied);
}

struct tally *tally_queue_close(struct tally_queue *q)
{
	const struct timespec pause = {.tv_nsec = 100000};

	while (tally_queue_free(q) == 0)
		nanosleep(&pause, NULL);
	q->filled++;
	return tally_queue_current(q);
}

struct tally *tally_queue_close_interval(struct tally_queue *q)
{
	if (tally_queue_free(q) >= 2)
		q->filled++;
	return tally_queue_current(q);
}

struct tally *tally_queue_oldest(struct tally_queue *q)
{
	if (q->emptied == q->filled)
		return NULL;
	return &q->slots[q->emptied % TALLY_QUEUE];
}

void tally_queue_empty(struct tally_queue *q)
{
	tally_reset(&q->slots[q->emptied % TALLY_QUEUE]);
	q->emptied++;
}
