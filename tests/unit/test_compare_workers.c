/* SPDX-License-Identifier: MIT */
/* What the workers of a server did between two readings of its scoreboard. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "compare/workers.h"
#include "servers/core/scoreboard.h"

/* A scoreboard in the memory of a file, as a server keeps it. */
struct fixture {
	int fd;
	struct scoreboard *board;
	struct scoreboard *before;
	struct sample sample;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->fd = memfd_create("scoreboard", MFD_CLOEXEC);
	f->board = board_new(f->fd);
	assert_non_null(f->board);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	board_free(f->board);
	close(f->fd);
	free(f->before);
	json_decref(f->sample.server_window);
	free(f);
	return 0;
}

static void begin(struct fixture *f)
{
	f->before = workers_read(f->fd);
	assert_non_null(f->before);
}

static void end(struct fixture *f)
{
	struct scoreboard *after = workers_read(f->fd);

	assert_non_null(after);
	f->sample.server_window = workers_between(f->before, after);
	free(after);
}

static struct slot *serve(
	struct fixture *f, size_t i, uint64_t accepted, uint64_t requests)
{
	struct slot *s = &f->board->slots[i];

	s->kind = SLOT_PROCESS;
	s->accepted += accepted;
	s->requests += requests;
	return s;
}

static void bury(struct fixture *f, struct slot *s)
{
	board_lost(f->board, s);
	board_bury(f->board, s, 0);
}

static int64_t number(const struct fixture *f, const char *name)
{
	json_t *value = json_object_get(f->sample.server_window, name);

	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

static int64_t of_worker(const struct fixture *f, size_t i, const char *name)
{
	json_t *value = json_object_get(
		json_array_get(workers_of(&f->sample), i), name);

	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

static void test_the_warmup_is_not_counted(void **state)
{
	struct fixture *f = *state;

	serve(f, 1, 4, 100)->closed = 1;
	serve(f, 2, 2, 900);
	f->board->slots[2].accept_again = 7;
	begin(f);
	serve(f, 1, 5, 30);
	serve(f, 2, 0, 10);
	f->board->slots[2].accept_again += 2;
	end(f);
	assert_true(workers_are_of_window(&f->sample));
	assert_int_equal(number(f, "accepted"), 5);
	assert_int_equal(number(f, "accept_again"), 2);
	assert_int_equal(number(f, "ended"), 0);
	assert_int_equal(number(f, "living"), 2);
	assert_int_equal(of_worker(f, 0, "requests"), 30);
	assert_int_equal(of_worker(f, 1, "requests"), 10);
	/* Those that were open, and those that came. */
	assert_int_equal(of_worker(f, 0, "connections"), 3 + 5);
	assert_int_equal(of_worker(f, 1, "connections"), 2);
	assert_float_equal(workers_evenness(&f->sample, SHARE_OF_REQUESTS),
		40.0 * 40 / (2 * (900 + 100)), 1e-12);
	assert_float_equal(workers_evenness(&f->sample, SHARE_OF_CONNECTIONS),
		10.0 * 10 / (2 * (64 + 4)), 1e-12);
	assert_float_equal(workers_wasted(&f->sample), 0.4, 1e-12);
}

static void test_a_worker_that_did_nothing_counts(void **state)
{
	struct fixture *f = *state;

	serve(f, 1, 1, 5);
	serve(f, 2, 0, 0);
	begin(f);
	serve(f, 1, 0, 10);
	end(f);
	assert_float_equal(
		workers_evenness(&f->sample, SHARE_OF_REQUESTS), 0.5, 1e-12);
	/* Nobody came: there is nothing to divide by. */
	assert_true(isnan(workers_wasted(&f->sample)));
}

/* Of those that ended, only what they did in the window. */
static void test_workers_that_end(void **state)
{
	struct fixture *f = *state;

	bury(f, serve(f, 9, 1, 1000));
	serve(f, 1, 1, 100);
	serve(f, 2, 1, 50);
	begin(f);
	serve(f, 1, 0, 3);
	bury(f, &f->board->slots[1]);
	bury(f, serve(f, 1, 1, 7)); /* another, who came and went */
	serve(f, 1, 1, 2);	    /* and one who stays */
	serve(f, 2, 0, 5);
	end(f);
	assert_int_equal(number(f, "ended"), 2);
	assert_int_equal(number(f, "ended_requests"), 3 + 7);
	assert_int_equal(number(f, "ended_connections"), 2);
	assert_int_equal(number(f, "accepted"), 2);
	assert_int_equal(of_worker(f, 0, "requests"), 2);
	assert_int_equal(of_worker(f, 1, "requests"), 5);
	/* No share can be told of those who were there for a moment. */
	assert_true(isnan(workers_evenness(&f->sample, SHARE_OF_REQUESTS)));
}

static void test_many_workers_are_counted_and_not_listed(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 1; i <= 65; i++)
		serve(f, i, 1, 1);
	begin(f);
	for (size_t i = 1; i <= 65; i++)
		serve(f, i, 0, 2);
	end(f);
	assert_int_equal(number(f, "living"), 65);
	assert_null(workers_of(&f->sample));
	assert_float_equal(
		workers_evenness(&f->sample, SHARE_OF_REQUESTS), 1, 1e-12);
}

/* Another program wrote nothing, another version something else. */
static void test_no_scoreboard(void **state)
{
	struct fixture *f = *state;

	f->board->size = sizeof(*f->board) - 64;
	assert_null(workers_read(f->fd));
	assert_int_equal(ftruncate(f->fd, 0), 0);
	assert_null(workers_read(f->fd));
	assert_null(workers_read(-1));
}

/* A run of before has what the server wrote at its end. */
static void test_the_whole_life_where_no_window_is_known(void **state)
{
	struct sample s = {0};

	(void)state;
	s.server = json_pack("{s:i, s:i, s:[{s:i, s:i}, {s:i, s:i}]}",
		"accepted", 8, "accept_again", 2, "workers", "accepted", 2,
		"requests", 10, "accepted", 6, "requests", 10);
	assert_false(workers_are_of_window(&s));
	assert_int_equal(json_array_size(workers_of(&s)), 2);
	assert_float_equal(
		workers_evenness(&s, SHARE_OF_CONNECTIONS), 0.8, 1e-12);
	assert_float_equal(workers_evenness(&s, SHARE_OF_REQUESTS), 1, 1e-12);
	assert_float_equal(workers_wasted(&s), 0.25, 1e-12);
	json_decref(s.server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_the_warmup_is_not_counted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_worker_that_did_nothing_counts, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_workers_that_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_many_workers_are_counted_and_not_listed, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_no_scoreboard, set_up, tear_down),
		cmocka_unit_test(test_the_whole_life_where_no_window_is_known),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
