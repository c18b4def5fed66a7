/* SPDX-License-Identifier: MIT */
/* The account of a conversation: what each member has to hear, it hears once,
 * whoever comes and goes meanwhile, and in whichever thread. */
#include "client/hall.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "client/workload.h"

enum { MEMBERS = 6, WINDOW = 3 };

static _Atomic unsigned looks;

static void look(struct session *who)
{
	(void)who;
	looks++;
}

/* All have come in; rooms of 0 2 4 and 1 3 5 where there are two. */
static struct hall *hall_full(uint64_t rooms)
{
	struct hall *h = hall_new(MEMBERS, rooms, WINDOW, 7, look);
	uint64_t i;

	assert_non_null(h);
	for (i = 0; i < MEMBERS; i++) {
		assert_int_equal(hall_enter(h, i), 1);
		hall_join(h, i);
	}
	looks = 0;
	return h;
}

static uint64_t say(struct hall *h, uint64_t member, uint64_t hearers)
{
	uint64_t count, n = hall_say(h, member, 100, &count);

	assert_int_equal(count, hearers);
	return n;
}

static enum hearing hear_in(struct hall *h, uint64_t member, uint64_t speaker,
	uint32_t life, uint64_t number, uint64_t now)
{
	uint64_t said_ns = 0;
	enum hearing heard = hall_hear(
		h, member, speaker, life, number % HALL_NUMBERS, now, &said_ns);

	if (heard == HEARING_DUE)
		assert_int_equal(said_ns, 100);
	return heard;
}

static enum hearing hear(
	struct hall *h, uint64_t member, uint64_t speaker, uint64_t number)
{
	return hear_in(h, member, speaker, 1, number, 200 + member);
}

static bool answered(struct hall *h, uint64_t member, uint64_t when)
{
	uint64_t when_ns = 0;

	if (!hall_answered(h, member, &when_ns))
		return false;
	assert_int_equal(when_ns, when);
	return true;
}

static void a_line_is_over_when_the_last_of_its_room_has_heard_it(void **state)
{
	struct hall *h = hall_full(2);
	uint64_t n = say(h, 2, 2);

	(void)state;
	assert_int_equal(hall_missing(h), 2);
	assert_int_equal(hear(h, 4, 2, n), HEARING_DUE);
	assert_false(answered(h, 2, 0));
	assert_int_equal(hear(h, 0, 2, n), HEARING_DUE);
	assert_int_equal(looks, 1);
	assert_true(answered(h, 2, 204));
	assert_false(answered(h, 2, 0));
	assert_int_equal(hall_missing(h), 0);
	hall_free(h);
}

static void what_is_wrong_is_told_apart(void **state)
{
	struct hall *h = hall_full(2);
	uint64_t first = say(h, 0, 2), second = say(h, 0, 2);

	(void)state;
	assert_int_equal(hear(h, 2, 0, first), HEARING_DUE);
	assert_int_equal(hear(h, 2, 0, first), HEARING_TWICE);
	assert_int_equal(hear(h, 2, 0, second), HEARING_DUE);
	assert_int_equal(hear(h, 4, 0, second), HEARING_SKIPPED);
	assert_int_equal(hear(h, 1, 0, first), HEARING_UNKNOWN);
	assert_int_equal(hear(h, 0, 0, first), HEARING_UNKNOWN);
	assert_int_equal(hear(h, 2, MEMBERS, first), HEARING_UNKNOWN);
	assert_int_equal(hear_in(h, 2, 0, 2, first, 9), HEARING_UNKNOWN);
	hall_free(h);
}

/* The place of a line is used again, and its number comes again. */
static void lines_go_on_for_ever(void **state)
{
	struct hall *h = hall_full(1);
	uint64_t i, k;

	(void)state;
	for (i = 0; i < 3 * HALL_NUMBERS; i++) {
		uint64_t n = say(h, 0, MEMBERS - 1);

		for (k = 1; k < MEMBERS; k++)
			assert_int_equal(hear(h, k, 0, n), HEARING_DUE);
		assert_true(answered(h, 0, 205));
		assert_int_equal(hear(h, 3, 0, n), HEARING_TWICE);
	}
	hall_free(h);
}

static void who_leaves_is_not_waited_for(void **state)
{
	struct hall *h = hall_full(2);
	uint64_t n = say(h, 0, 2), mine = say(h, 4, 2);

	(void)state;
	assert_int_equal(hear(h, 2, 0, n), HEARING_DUE);
	/* What 0 said to 4, and what 4 said to 0 and 2. */
	assert_int_equal(hall_leave(h, 4), 3);
	assert_int_equal(hall_leave(h, 4), 0);
	assert_true(answered(h, 0, 202));
	/* It may still come: of no account. */
	assert_int_equal(hear(h, 2, 4, mine), HEARING_LATE);
	assert_int_equal(hall_missing(h), 0);
	/* And what is said now is for those who are there. */
	n = say(h, 0, 1);
	assert_int_equal(hear(h, 2, 0, n), HEARING_DUE);
	assert_true(answered(h, 0, 202));
	hall_free(h);
}

static void who_comes_again_need_not_hear_what_was_said_before(void **state)
{
	struct hall *h = hall_full(2);
	uint64_t n;

	(void)state;
	hall_leave(h, 4);
	n = say(h, 0, 1);
	assert_int_equal(hall_enter(h, 4), 2);
	hall_join(h, 4);
	assert_int_equal(hear(h, 4, 0, n), HEARING_LATE);
	assert_int_equal(hear(h, 2, 0, n), HEARING_DUE);
	assert_true(answered(h, 0, 202));
	n = say(h, 0, 2);
	assert_int_equal(hear(h, 4, 0, n), HEARING_DUE);
	assert_int_equal(hear(h, 4, 0, n), HEARING_TWICE);
	/* A line of its earlier life. */
	assert_int_equal(hear_in(h, 0, 4, 1, 5, 9), HEARING_LATE);
	n = say(h, 4, 2);
	assert_int_equal(hear_in(h, 0, 4, 2, n, 9), HEARING_DUE);
	hall_free(h);
}

static void a_line_that_nobody_heard_is_over_and_says_so(void **state)
{
	struct hall *h = hall_full(3);

	(void)state;
	say(h, 0, 1);
	assert_int_equal(hall_leave(h, 3), 1);
	assert_int_equal(looks, 1);
	assert_true(answered(h, 0, 0));
	say(h, 0, 0);
	assert_int_equal(looks, 2);
	assert_true(answered(h, 0, 0));
	assert_int_equal(hall_missing(h), 0);
	hall_free(h);
}

static void who_is_alone_is_told_when_that_ends(void **state)
{
	struct hall *h = hall_full(2);

	(void)state;
	assert_false(hall_is_alone(h, 0));
	hall_leave(h, 2);
	assert_false(hall_is_alone(h, 0));
	hall_leave(h, 4);
	assert_true(hall_is_alone(h, 0));
	hall_join(h, 2);
	assert_int_equal(looks, 1);
	assert_false(hall_is_alone(h, 0));
	hall_join(h, 4);
	assert_int_equal(looks, 1);
	hall_free(h);
}

static void an_end_is_claimed_once(void **state)
{
	struct hall *h = hall_full(1);

	(void)state;
	assert_true(hall_claim_end(h, 3, 1));
	assert_false(hall_claim_end(h, 3, 1));
	assert_true(hall_claim_end(h, 3, 2));
	assert_false(hall_claim_end(h, MEMBERS, 1));
	hall_free(h);
}

/* ---- threads ------------------------------------------------------------- */

/* A server for the threads below: what each member has said, in order. */
enum { CROWD = 4, TALK = 4000 };

struct member {
	struct session session;
	struct hall *hall;
	uint64_t index, due, heard, gone, late, wrong;
	uint64_t heard_of[CROWD]; /* how far it has read */
	pthread_t thread;
};

struct word {
	uint32_t life;
	uint64_t number;
};

static struct word words[CROWD][TALK];
static _Atomic uint64_t spoken[CROWD];

static void member_speak(struct member *m, uint32_t life)
{
	uint64_t hearers, at = spoken[m->index];

	words[m->index][at].life = life;
	words[m->index][at].number =
		hall_say(m->hall, m->index, 1, &hearers) % HALL_NUMBERS;
	m->due += hearers;
	spoken[m->index] = at + 1;
}

static void member_listen(struct member *m)
{
	uint64_t i, said_ns;

	for (i = 0; i < CROWD; i++)
		while (i != m->index && m->heard_of[i] < spoken[i]) {
			struct word w = words[i][m->heard_of[i]++];
			enum hearing heard = hall_hear(m->hall, m->index, i,
				w.life, w.number, 2, &said_ns);

			m->heard += heard == HEARING_DUE;
			m->late += heard == HEARING_LATE;
			m->wrong += heard > HEARING_LATE;
		}
}

static uint32_t member_enter(struct member *m)
{
	hall_place(m->hall, m->index, &m->session);
	return hall_enter(m->hall, m->index);
}

/* Speaks, hears, and leaves now and then, as after an error; what it missed
 * meanwhile does not come again. */
static void *member_main(void *arg)
{
	struct member *m = arg;
	uint32_t life = member_enter(m);
	uint64_t i, k, when_ns, open = 0;

	hall_join(m->hall, m->index);
	for (i = 0; i < TALK; i++) {
		while (open == WINDOW) {
			sched_yield();
			member_listen(m);
			open -= hall_answered(m->hall, m->index, &when_ns);
		}
		member_speak(m, life);
		open++;
		if ((i + m->index * 100) % 10 != 9)
			continue;
		m->gone += hall_leave(m->hall, m->index);
		life = member_enter(m);
		for (k = 0; k < CROWD; k++)
			if (k != m->index)
				m->heard_of[k] = spoken[k];
		hall_join(m->hall, m->index);
		open = 0;
	}
	member_listen(m);
	m->gone += hall_leave(m->hall, m->index);
	return NULL;
}

static void threads_account_for_each_delivery_once(void **state)
{
	struct hall *h = hall_new(CROWD, 1, WINDOW, 1, look);
	struct member members[CROWD] = {};
	uint64_t due = 0, known = 0, heard = 0, i;

	(void)state;
	assert_non_null(h);
	for (i = 0; i < CROWD; i++) {
		members[i].hall = h;
		members[i].index = i;
		assert_int_equal(pthread_create(&members[i].thread, NULL,
					 member_main, &members[i]),
			0);
	}
	for (i = 0; i < CROWD; i++) {
		pthread_join(members[i].thread, NULL);
		assert_int_equal(members[i].wrong, 0);
		due += members[i].due;
		heard += members[i].heard;
		known += members[i].heard + members[i].gone;
	}
	assert_int_equal(due, known);
	assert_true(heard > 0);
	assert_int_equal(hall_missing(h), 0);
	hall_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_line_is_over_when_the_last_of_its_room_has_heard_it),
		cmocka_unit_test(what_is_wrong_is_told_apart),
		cmocka_unit_test(lines_go_on_for_ever),
		cmocka_unit_test(who_leaves_is_not_waited_for),
		cmocka_unit_test(
			who_comes_again_need_not_hear_what_was_said_before),
		cmocka_unit_test(a_line_that_nobody_heard_is_over_and_says_so),
		cmocka_unit_test(who_is_alone_is_told_when_that_ends),
		cmocka_unit_test(an_end_is_claimed_once),
		cmocka_unit_test(threads_account_for_each_delivery_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
