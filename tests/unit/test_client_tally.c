/* SPDX-License-Identifier: MIT */
/* Handing over what was counted: nothing is lost, and the load never waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/tally.h"

static int setup(void **state)
{
	static struct tally_queue q;

	*state = &q;
	return tally_queue_init(&q);
}

static int teardown(void **state)
{
	tally_queue_release(*state);
	return 0;
}

/* Takes all that was handed over; returns how many requests that were. */
static uint64_t collect(struct tally_queue *q)
{
	uint64_t ok = 0;
	struct tally *t;

	while ((t = tally_queue_oldest(q))) {
		ok += t->ok;
		tally_queue_empty(q);
	}
	return ok;
}

static void test_tallies_are_handed_over_in_order(void **state)
{
	struct tally_queue *q = *state;
	uint64_t i;

	for (i = 0; i < 3; i++) {
		tally_queue_current(q)->index = i;
		tally_queue_close(q);
	}
	for (i = 0; i < 3; i++) {
		assert_int_equal(tally_queue_oldest(q)->index, i);
		tally_queue_empty(q);
	}
	assert_null(tally_queue_oldest(q));
}

/* Nobody collects: with a queue that waits this would never end. */
static void test_intervals_go_on_while_nobody_collects(void **state)
{
	struct tally_queue *q = *state;
	struct tally *now = tally_queue_current(q);
	uint64_t i;

	for (i = 0; i < 100; i++) {
		now->ok++;
		now = tally_queue_close_interval(q);
	}
	assert_ptr_equal(now, tally_queue_current(q));
	assert_ptr_equal(tally_queue_close_interval(q), now);
	/* there is room for the end of the window, all the same */
	tally_queue_close(q);
	assert_int_equal(collect(q), 100);
}

static void test_intervals_are_told_apart_again_afterwards(void **state)
{
	struct tally_queue *q = *state;
	struct tally *now;
	int i;

	for (i = 0; i < 10; i++)
		now = tally_queue_close_interval(q);
	collect(q);
	assert_ptr_not_equal(tally_queue_close_interval(q), now);
	assert_int_equal(tally_queue_current(q)->ok, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_tallies_are_handed_over_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_intervals_go_on_while_nobody_collects, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			test_intervals_are_told_apart_again_afterwards, setup,
			teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
