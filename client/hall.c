/* SPDX-License-Identifier: MIT */
/*
 * The order of things, where two threads meet (all of it sequentially
 * consistent, as _Atomic is by default):
 *
 *   A line is published by raising `said`, and a member leaves by lowering
 *   `in`. The speaker publishes, then looks who is away; who leaves goes away,
 *   then looks what is published. At least one of them sees the other, and the
 *   mark lets only one of them count.
 *
 *   A place of the window is used again only when all have accounted for the
 *   line in it, for which all its marks were set. The marks are cleared last,
 *   and each word of them tells the turn of its place, so a mark that can be
 *   set belongs to the line that is meant: whoever was held up while the
 *   speaker left, came again and used the place once more is too late.
 */
#include "client/hall.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "client/workload.h"

enum {
	HALL_MARKS = 48, /* in a word; above them is the turn of the place */
	HALL_TURNS = 1 << 16,
};

struct hall_line {
	_Atomic uint64_t said_ns;
	_Atomic uint64_t heard_ns; /* by the last one; 0: by nobody */
	_Atomic uint32_t missing;  /* members that have not accounted for it */
};

struct hall_member {
	_Alignas(64) _Atomic uint64_t said, done; /* lines, ever */
	_Atomic uint32_t life;
	_Atomic bool in;
	_Atomic uint32_t ended; /* the last life that hall_claim_end() had */
	uint64_t *fresh;	/* who has not been heard since it joined */
	struct session *_Atomic who; /* again at each life */
};

struct hall_room {
	_Alignas(64) _Atomic uint64_t away; /* members that are not in */
	uint64_t size;
};

struct hall {
	uint64_t members, rooms, window, words; /* words of marks, per line */
	void (*look)(struct session *who);
	struct hall_member *member;
	struct hall_room *room;
	struct hall_line *lines; /* `window` for each member */
	_Atomic uint64_t *marks; /* `words` for each line */
	uint64_t *fresh;	 /* `words` for each member */
};

/* ---- where things are --------------------------------------------------- */

static struct hall_room *hall_room(const struct hall *h, uint64_t member)
{
	return &h->room[member % h->rooms];
}

static uint64_t hall_slot(const struct hall *h, uint64_t member, uint64_t n)
{
	return member * h->window + n % h->window;
}

static struct hall_line *hall_line(
	const struct hall *h, uint64_t member, uint64_t n)
{
	return &h->lines[hall_slot(h, member, n)];
}

/* The word of marks of that line that has the mark of `hearer`, and *bit. */
static _Atomic uint64_t *hall_mark(const struct hall *h, uint64_t member,
	uint64_t n, uint64_t hearer, uint64_t *bit)
{
	uint64_t place = hearer / h->rooms;

	*bit = (uint64_t)1 << (place % HALL_MARKS);
	return &h->marks[hall_slot(h, member, n) * h->words +
			 place / HALL_MARKS];
}

/* Above the marks of line n. */
static uint64_t hall_turn(const struct hall *h, uint64_t n)
{
	return n / h->window % HALL_TURNS << HALL_MARKS;
}

/* Accounted for: it has its mark, or its place is another's by now. */
static bool hall_is_set(
	const struct hall *h, uint64_t n, uint64_t word, uint64_t bit)
{
	return word & bit ||
	       word >> HALL_MARKS != hall_turn(h, n) >> HALL_MARKS;
}

static bool hall_is_marked(
	const struct hall *h, uint64_t member, uint64_t n, uint64_t hearer)
{
	uint64_t bit, word = *hall_mark(h, member, n, hearer, &bit);

	return hall_is_set(h, n, word, bit);
}

/* ---- making one --------------------------------------------------------- */

static void hall_init(struct hall *h, uint64_t seed)
{
	uint64_t i;

	for (i = 0; i < h->rooms; i++) {
		h->room[i].size =
			h->members / h->rooms + (i < h->members % h->rooms);
		h->room[i].away = h->room[i].size;
	}
	for (i = 0; i < h->members; i++) {
		struct hall_member *m = &h->member[i];

		m->fresh = &h->fresh[i * h->words];
		m->said = m->done = workload_random(&seed) % HALL_NUMBERS;
	}
	for (i = 0; i < h->members * h->window * h->words; i++)
		h->marks[i] = UINT64_MAX;
}

/* Zeroed; for members of several threads, so each begins a cache line. */
static void *hall_array(uint64_t count, size_t size)
{
	void *array = aligned_alloc(64, count * size);

	return array ? memset(array, 0, count * size) : NULL;
}

struct hall *hall_new(uint64_t members, uint64_t rooms, uint64_t window,
	uint64_t seed, void (*look)(struct session *who))
{
	struct hall *h = calloc(1, sizeof(*h));

	if (!h)
		return NULL;
	h->members = members;
	h->rooms = rooms;
	h->window = window;
	h->words =
		((members + rooms - 1) / rooms + HALL_MARKS - 1) / HALL_MARKS;
	h->look = look;
	h->member = hall_array(members, sizeof(*h->member));
	h->room = hall_array(rooms, sizeof(*h->room));
	h->lines = calloc(members * window, sizeof(*h->lines));
	h->marks = calloc(members * window * h->words, sizeof(*h->marks));
	h->fresh = calloc(members * h->words, sizeof(*h->fresh));
	if (!h->member || !h->room || !h->lines || !h->marks || !h->fresh) {
		hall_free(h);
		return NULL;
	}
	hall_init(h, seed);
	return h;
}

void hall_free(struct hall *h)
{
	if (!h)
		return;
	free(h->member);
	free(h->room);
	free(h->lines);
	free(h->marks);
	free(h->fresh);
	free(h);
}

/* ---- coming and going --------------------------------------------------- */

void hall_place(struct hall *h, uint64_t member, struct session *who)
{
	h->member[member].who = who;
}

uint32_t hall_enter(struct hall *h, uint64_t member)
{
	return ++h->member[member].life;
}

/* One that was alone in the room may speak now. */
static void hall_tell_first(struct hall *h, uint64_t second)
{
	uint64_t i;

	for (i = second % h->rooms; i < h->members; i += h->rooms)
		if (i != second && h->member[i].in)
			h->look(h->member[i].who);
}

void hall_join(struct hall *h, uint64_t member)
{
	struct hall_room *room = hall_room(h, member);
	struct hall_member *m = &h->member[member];
	uint64_t i;

	for (i = 0; i < h->words; i++)
		m->fresh[i] = UINT64_MAX;
	m->in = true;
	if (--room->away + 2 == room->size)
		hall_tell_first(h, member);
}

/* Several hear a line at once: the latest counts. */
static void hall_heard_at(struct hall_line *line, uint64_t now)
{
	uint64_t before = line->heard_ns;

	while (before < now &&
		!atomic_compare_exchange_weak(&line->heard_ns, &before, now))
		;
}

/*
 * Accounts for a line with one of its hearers, unless that has been done: it
 * has heard it at `now`, or, with 0, will not. Lowering `missing` is the last
 * that is done to the line: who sees 0 has it for himself.
 */
static bool hall_account(struct hall *h, uint64_t member, uint64_t n,
	uint64_t hearer, uint64_t now)
{
	struct hall_line *line = hall_line(h, member, n);
	uint64_t bit;
	_Atomic uint64_t *marks = hall_mark(h, member, n, hearer, &bit);
	uint64_t word = *marks;

	do
		if (hall_is_set(h, n, word, bit))
			return false;
	while (!atomic_compare_exchange_weak(marks, &word, word | bit));
	hall_heard_at(line, now);
	if (atomic_fetch_sub(&line->missing, 1) == 1)
		h->look(h->member[member].who);
	return true;
}

/* What others have said, and it has not heard. */
static uint64_t hall_leave_unheard(struct hall *h, uint64_t hearer)
{
	uint64_t count = 0, i, n;

	for (i = hearer % h->rooms; i < h->members; i += h->rooms) {
		const struct hall_member *m = &h->member[i];

		if (i == hearer)
			continue;
		for (n = m->done; n < m->said; n++)
			count += hall_account(h, i, n, hearer, 0);
	}
	return count;
}

/* What it has said itself, and others have not heard. */
static uint64_t hall_leave_unsaid(struct hall *h, uint64_t member)
{
	struct hall_member *m = &h->member[member];
	uint64_t count = 0, i, n;

	for (n = m->done; n < m->said; n++)
		for (i = member % h->rooms; i < h->members; i += h->rooms)
			count += hall_account(h, member, n, i, 0);
	m->done = m->said;
	return count;
}

uint64_t hall_leave(struct hall *h, uint64_t member)
{
	struct hall_member *m = &h->member[member];

	if (!m->in)
		return 0;
	m->in = false;
	hall_room(h, member)->away++;
	return hall_leave_unsaid(h, member) + hall_leave_unheard(h, member);
}

/* ---- saying and hearing ------------------------------------------------- */

/* But for the speaker's own: nobody hears himself. */
static void hall_clear_marks(struct hall *h, uint64_t member, uint64_t n)
{
	uint64_t own, i;
	_Atomic uint64_t *marks = &h->marks[hall_slot(h, member, n) * h->words];
	_Atomic uint64_t *mine = hall_mark(h, member, n, member, &own);

	for (i = 0; i < h->words; i++)
		marks[i] = hall_turn(h, n) | (&marks[i] == mine ? own : 0);
}

uint64_t hall_say(
	struct hall *h, uint64_t member, uint64_t now, uint64_t *hearers)
{
	const struct hall_room *room = hall_room(h, member);
	struct hall_member *m = &h->member[member];
	uint64_t n = m->said, i;
	struct hall_line *line = hall_line(h, member, n);

	/* A line of an earlier life: somebody is just accounting for it. */
	while (line->missing > 0)
		sched_yield();
	line->said_ns = now;
	line->heard_ns = 0;
	line->missing = (uint32_t)room->size - 1;
	*hearers = room->size - 1;
	hall_clear_marks(h, member, n);
	m->said = n + 1;
	if (room->away == 0)
		return n;
	for (i = member % h->rooms; i < h->members; i += h->rooms)
		if (!h->member[i].in)
			*hearers -= hall_account(h, member, n, i, 0);
	return n;
}

/* Whether a line was heard since the hearer has joined; if not, those before it
 * need not have come. */
static bool hall_is_fresh(
	const struct hall *h, uint64_t hearer, uint64_t speaker)
{
	uint64_t place = speaker / h->rooms;

	return h->member[hearer].fresh[place / 64] >> (place % 64) & 1;
}

static void hall_not_fresh(struct hall *h, uint64_t hearer, uint64_t speaker)
{
	uint64_t place = speaker / h->rooms;

	h->member[hearer].fresh[place / 64] &= ~((uint64_t)1 << (place % 64));
}

static bool hall_has_skipped(
	const struct hall *h, uint64_t speaker, uint64_t n, uint64_t hearer)
{
	return n > h->member[speaker].done &&
	       !hall_is_marked(h, speaker, n - 1, hearer);
}

static enum hearing hall_hear_now(struct hall *h, uint64_t member,
	uint64_t speaker, uint64_t number, uint64_t now, uint64_t *said_ns)
{
	const struct hall_member *m = &h->member[speaker];
	uint64_t done = m->done, said = m->said;
	uint64_t n = done + (number - done) % HALL_NUMBERS;

	if (n >= said)
		return hall_is_fresh(h, member, speaker) ? HEARING_LATE
							 : HEARING_TWICE;
	if (hall_has_skipped(h, speaker, n, member))
		return HEARING_SKIPPED;
	*said_ns = hall_line(h, speaker, n)->said_ns;
	if (!hall_account(h, speaker, n, member, now))
		return hall_is_fresh(h, member, speaker) ? HEARING_LATE
							 : HEARING_TWICE;
	if (hall_is_fresh(h, member, speaker))
		hall_not_fresh(h, member, speaker);
	return HEARING_DUE;
}

/* The speaker may leave while its line is judged: then that is of no account.
 */
enum hearing hall_hear(struct hall *h, uint64_t member, uint64_t speaker,
	uint32_t life, uint64_t number, uint64_t now, uint64_t *said_ns)
{
	const struct hall_member *m = &h->member[speaker];
	enum hearing heard;

	if (speaker >= h->members || speaker == member || life > m->life ||
		speaker % h->rooms != member % h->rooms)
		return HEARING_UNKNOWN;
	if (!h->member[member].in || !m->in || m->life != life)
		return HEARING_LATE;
	heard = hall_hear_now(h, member, speaker, number, now, said_ns);
	if (heard != HEARING_DUE && (!m->in || m->life != life))
		return HEARING_LATE;
	return heard;
}

bool hall_answered(struct hall *h, uint64_t member, uint64_t *when_ns)
{
	struct hall_member *m = &h->member[member];
	const struct hall_line *line = hall_line(h, member, m->done);

	if (m->done == m->said || line->missing > 0)
		return false;
	*when_ns = line->heard_ns;
	m->done++;
	return true;
}

bool hall_is_alone(const struct hall *h, uint64_t member)
{
	const struct hall_room *room = hall_room(h, member);

	return room->away + 1 >= room->size;
}

bool hall_claim_end(struct hall *h, uint64_t who, uint32_t life)
{
	uint32_t ended;

	if (who >= h->members)
		return false;
	ended = h->member[who].ended;
	while (ended < life)
		if (atomic_compare_exchange_weak(
			    &h->member[who].ended, &ended, life))
			return true;
	return false;
}

uint64_t hall_missing(const struct hall *h)
{
	uint64_t sum = 0, i, n;

	for (i = 0; i < h->members; i++)
		for (n = h->member[i].done; n < h->member[i].said; n++)
			sum += hall_line(h, i, n)->missing;
	return sum;
}
