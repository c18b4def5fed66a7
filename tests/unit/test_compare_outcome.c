/* SPDX-License-Identifier: MIT */
/* What an experiment may tolerate, and what it may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "compare/outcome.h"

/* A client that complains of one kind of thing, with one kind of error. */
static json_t *complaint(const char *kind, const char *error, int ok)
{
	return json_pack("{s:b, s:[s], s:[s], s:{s:i}, s:{}, s:{}, s:{s:i}}",
		"valid", 0, "reasons", "a reason", "reason_kinds", kind,
		"errors", error, 3, "errors_before", "errors_after", "requests",
		"ok", ok);
}

static bool is_valid(const char *tolerated, json_t *client)
{
	struct texts tolerate = {0};
	struct sample s;
	bool valid;

	fields_init(sample_fields, &s);
	s.client = client;
	if (*tolerated)
		assert_int_equal(texts_add_list(&tolerate, tolerated), 0);
	outcome_client(&s, &tolerate);
	valid = !s.status;
	assert_true(valid == (s.note != NULL)); /* it is told in any case */
	fields_release(sample_fields, &s);
	texts_clear(&tolerate);
	return valid;
}

static void test_without_a_word_nothing_is_tolerated(void **state)
{
	(void)state;
	assert_false(is_valid("", complaint("failed", "read.EOF", 100)));
}

static void test_broken_connections_are_tolerated_by_their_error(void **state)
{
	(void)state;
	assert_true(is_valid("read.EOF", complaint("failed", "read.EOF", 9)));
	assert_true(is_valid(
		"timeout, read.EOF", complaint("connections", "read.EOF", 9)));
	assert_false(is_valid(
		"read.EOF", complaint("failed", "read.ECONNRESET", 9)));
}

static void test_wrong_replies_never(void **state)
{
	(void)state;
	assert_false(is_valid(
		"read.EOF", complaint("replies", "reply.mismatch", 9)));
	assert_false(is_valid("read.EOF", complaint("replies", "read.EOF", 9)));
	assert_false(outcome_may_tolerate("reply.mismatch"));
	assert_false(outcome_may_tolerate("replies"));
	assert_true(outcome_may_tolerate("connect.ECONNREFUSED"));
}

static void test_a_client_that_was_too_slow_never(void **state)
{
	(void)state;
	assert_false(
		is_valid("read.EOF", complaint("saturated", "read.EOF", 9)));
	assert_false(is_valid("rate", complaint("late", "read.EOF", 9)));
}

static void test_no_reply_and_a_missed_rate_by_their_names(void **state)
{
	(void)state;
	assert_true(is_valid(
		"unanswered, timeout", complaint("unanswered", "timeout", 0)));
	assert_false(
		is_valid("timeout", complaint("unanswered", "timeout", 0)));
	assert_true(is_valid("rate, timeout", complaint("rate", "timeout", 9)));
	assert_false(is_valid("timeout", complaint("rate", "timeout", 9)));
}

/* A sample whose server's clocks and kernel's ticks moved so far, in ms. */
static struct sample used(int cpu, int user, int system, bool group)
{
	const struct usage before = {.from_group = group};
	const struct usage after = {
		.cpu_ns = (uint64_t)cpu * 1000000,
		.user_ns = (uint64_t)user * 1000000,
		.system_ns = (uint64_t)system * 1000000,
		.from_group = group,
	};
	struct sample s;

	fields_init(sample_fields, &s);
	outcome_usage(&s, &before, &after);
	field_text(&s.cpu_source, NULL);
	return s;
}

static void test_what_was_in_user_mode(void **state)
{
	struct sample s;

	(void)state;
	s = used(12, 5, 7, true);
	assert_int_equal(s.user_ns, 5000000);
	assert_int_equal(s.system_ns, 7000000);
	s = used(12, 10, 20, false); /* of ticks the share alone counts */
	assert_int_equal(s.user_ns, 4000000);
	assert_int_equal(s.system_ns, 8000000);
	s = used(4, 0, 0, false); /* not a tick: nothing is known */
	assert_int_equal(s.cpu_ns, 4000000);
	assert_int_equal(s.user_ns, FIELD_ABSENT);
	assert_int_equal(s.system_ns, FIELD_ABSENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_a_word_nothing_is_tolerated),
		cmocka_unit_test(
			test_broken_connections_are_tolerated_by_their_error),
		cmocka_unit_test(test_wrong_replies_never),
		cmocka_unit_test(test_a_client_that_was_too_slow_never),
		cmocka_unit_test(
			test_no_reply_and_a_missed_rate_by_their_names),
		cmocka_unit_test(test_what_was_in_user_mode),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
