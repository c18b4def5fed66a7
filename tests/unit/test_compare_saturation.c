/* SPDX-License-Identifier: MIT */
/* Up to which offered load a model keeps up, and from where on it does not. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "compare/saturation.h"

/* A cell that answered so much of a rate in each of three rounds; a share below
 * 0: of every other round nothing is known. */
static void add(struct run *run, const char *model, const char *rate,
	const char *size, double share)
{
	struct cell *cell = run_add_cell(run);

	field_text(&cell->model, model);
	cell->point = json_pack("{s:s, s:s}", "rate", rate, "size", size);
	for (int64_t round = 1; round <= 3; round++) {
		struct sample *s = cell_add_sample(cell);
		double one = share + 0.001 * (double)round;

		s->round = round;
		field_text(&s->status, share < 0 ? "invalid" : "valid");
		s->requests = (int64_t)(1000 * one);
		s->client =
			json_pack("{s:{s:i}}", "requests", "scheduled", 1000);
	}
}

static void assert_found(
	const struct run *run, size_t cell, double last, double first)
{
	struct saturation s = saturation_find(run, &run->cells[cell]);

	assert_true(isnan(last) ? !s.last : s.last_rate == last);
	assert_true(isnan(first) ? !s.first : s.first_rate == first);
}

static struct run *make_run(void)
{
	struct run *run = run_new();

	run->seed = 1;
	/* In no order, and two sizes of their own. */
	add(run, "epoll", "2k", "1", 0.50);
	add(run, "epoll", "500", "1", 0.99);
	add(run, "epoll", "1k", "1", 0.97);
	add(run, "epoll", "500", "64", 0.40);
	add(run, "epoll", "1k", "64", 0.20);
	add(run, "poll", "500", "1", 1.00);
	add(run, "poll", "1k", "1", 0.99);
	/* Neither for sure, and so nothing above it either. */
	add(run, "fork", "500", "1", 0.99);
	add(run, "fork", "1k", "1", 0.948);
	add(run, "fork", "2k", "1", 0.99);
	add(run, "fork", "4k", "1", 0.10);
	add(run, "thread", "500", "1", -1);
	return run;
}

static void test_between_the_last_and_the_first(void **state)
{
	struct run *run = make_run();

	(void)state;
	assert_found(run, 0, 1000, 2000);
	assert_found(run, 2, 1000, 2000); /* whichever cell is asked */
	assert_found(run, 3, NAN, 500);	  /* not even with the lowest */
	assert_found(run, 5, 1000, NAN);  /* it was never reached */
	run_free(run);
}

static void test_what_is_in_doubt_is_neither(void **state)
{
	struct run *run = make_run();

	(void)state;
	assert_found(run, 7, 500, 4000);
	assert_found(run, 11, NAN, NAN);
	run_free(run);
}

static void test_a_run_that_does_not_vary_it(void **state)
{
	struct run *run = run_new();
	struct cell *cell = run_add_cell(run);

	(void)state;
	field_text(&cell->model, "epoll");
	cell->point = json_object();
	assert_int_equal(saturation_find(run, cell).rates, 0);
	run_free(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_between_the_last_and_the_first),
		cmocka_unit_test(test_what_is_in_doubt_is_neither),
		cmocka_unit_test(test_a_run_that_does_not_vary_it),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
