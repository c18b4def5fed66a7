/* SPDX-License-Identifier: MIT */
/* The account of children: each in a slot of its own, also when all are taken.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "servers/core/children.h"
#include "servers/core/scoreboard.h"
#include "servers/core/server.h"

static int set_up(void **state)
{
	struct scoreboard *b = board_new(-1);

	assert_non_null(b);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	board_free(*state);
	return 0;
}

/* Takes all that are left. */
static unsigned fill(struct scoreboard *b)
{
	unsigned taken = 0;

	while (board_claim(b, SLOT_PROCESS) != &b->slots[0])
		taken++;
	return taken;
}

static void test_no_more_connections_than_slots(void **state)
{
	struct server s = {.board = *state};

	children_limit(&s);
	assert_int_equal(s.config.max_connections, fill(*state));
	s.config.max_connections = 7;
	children_limit(&s);
	assert_int_equal(s.config.max_connections, 7);
}

/* Its child ends at once, and leaves its connection open. */
static void add_dying_child(struct children *all, struct slot *slot)
{
	pid_t child;

	slot_add(&slot->accepted, 1);
	atomic_fetch_add(&all->board->open, 1);
	child = fork();
	if (!child)
		_exit(0);
	assert_int_not_equal(child, -1);
	assert_int_equal(children_add(all, child, slot), 0);
}

static void test_the_next_child_waits_for_a_slot(void **state)
{
	struct scoreboard *b = *state;
	struct children all;
	struct slot *slot;

	children_init(&all, b);
	slot = children_claim(&all);
	fill(b);
	add_dying_child(&all, slot);
	assert_ptr_equal(children_claim(&all), slot);
	assert_int_equal(slot_get(&slot->accepted), 0);
	assert_int_equal(b->past.accepted, 1);
	assert_int_equal(b->past.closed, 1);
	assert_int_equal(b->open, 0);
	assert_int_equal(children_drain(&all), 0);
}

static void test_the_shared_slot_loses_nothing(void **state)
{
	struct scoreboard *b = *state;
	const pid_t own = atomic_load(&b->slots[0].pid);

	b->slots[0].accepted = 3;
	b->slots[0].closed = 1;
	b->open = 2;
	assert_int_equal(board_lost(b, &b->slots[0]), 0);
	board_bury(b, &b->slots[0], 5);
	assert_int_equal(b->slots[0].accepted, 3);
	assert_int_equal(b->slots[0].closed, 1);
	assert_int_equal(b->open, 2);
	assert_int_equal(atomic_load(&b->slots[0].pid), own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_no_more_connections_than_slots, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_the_next_child_waits_for_a_slot, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_the_shared_slot_loses_nothing, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("children", tests, NULL, NULL);
}
