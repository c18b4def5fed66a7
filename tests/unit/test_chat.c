/* SPDX-License-Identifier: MIT */
/* The chat room and the hub that carries it, within one worker. Between
 * workers: tests/chat.t. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness.h"
#include "servers/core/hub.h"
#include "servers/core/stream.h"

extern const struct handler handler_chat, handler_chat_sequential;

/* The sequential one dressed for models of callbacks; kept for ever. */
static const struct handler *dressed;

static int dress(void **state)
{
	(void)state;
	dressed = sequential_adapt(&handler_chat_sequential);
	return dressed ? 0 : -1;
}

/* ---- what a member is answered ------------------------------------------ */

#define WELCOME "* welcome; what is your nick?\n"

static void check_member(
	const char *input, const char *reply, uint64_t requests)
{
	assert_reply(&handler_chat, "", input, reply, requests);
	assert_reply(dressed, "", input, reply, requests);
}

static void test_a_member_from_nick_to_quit(void **state)
{
	(void)state;
	check_member("", WELCOME, 0);
	check_member("bob\n", WELCOME "* you are bob, in room lobby\n", 1);
	check_member(
		"bob\r\nsaid to nobody\n\n/nick al\n/room attic\n/quit\nx\n",
		WELCOME "* you are bob, in room lobby\n"
			"* you are al, in room attic\n",
		6);
}

static void test_what_is_no_name_is_told(void **state)
{
	(void)state;
	check_member("a b\n",
		WELCOME "error: a nick has 1 to 16 letters, "
			"digits, - or _\n",
		1);
	check_member("12345678901234567\n1234567890123456\n",
		WELCOME "error: a nick has 1 to 16 letters, digits, - or _\n"
			"* you are 1234567890123456, in room lobby\n",
		2);
	check_member("a\n/room \n/dance\n",
		WELCOME "* you are a, in room lobby\n"
			"error: a room has 1 to 16 letters, digits, - or _ for "
			"a name\n"
			"error: there is /nick NAME, /room NAME and /quit\n",
		3);
}

/* ---- what members hear -------------------------------------------------- */

/* A worker with a hub and a second connection, beside the harness's. */
struct room {
	struct harness h;
	struct conn *other;
};

static void room_open(struct room *r)
{
	harness_prepare(&r->h, &handler_chat, "");
	r->h.server.hub = hub_new();
	assert_non_null(r->h.server.hub);
	harness_connect(&r->h);
	assert_int_equal(hub_join(&r->h.worker), 0);
	assert_true(server_enter(&r->h.server));
	r->other = conn_new(&r->h.worker, -1);
	assert_non_null(r->other);
	conn_open(r->other);
	harness_send_text(&r->h, "ann\n");
	conn_input(r->other, "bob\n", 4);
}

static void room_close(struct room *r)
{
	if (r->other) {
		conn_close(r->other);
		conn_free(r->other);
	}
	harness_release(&r->h);
}

/* What the harness's member is told by now, without the beginning. */
static const char *room_told(struct room *r)
{
	hub_hear(&r->h.worker);
	while (worker_unqueue(&r->h.worker))
		;
	harness_run(&r->h);
	return harness_output(&r->h, NULL);
}

static void room_say(struct room *r, const char *text)
{
	conn_input(r->other, text, strlen(text));
}

static void test_others_hear_and_the_speaker_does_not(void **state)
{
	struct room r;

	(void)state;
	room_open(&r);
	assert_string_equal(room_told(&r),
		WELCOME "* you are ann, in room lobby\n* bob joins\n");
	harness_send_text(&r.h, "to bob\n");
	assert_string_equal(room_told(&r), "");
	room_say(&r, "to ann\n/nick rob\nagain\n");
	assert_string_equal(
		room_told(&r), "bob: to ann\n* bob is now rob\nrob: again\n");
	room_close(&r);
}

static void test_rooms_are_apart(void **state)
{
	struct room r;

	(void)state;
	room_open(&r);
	room_told(&r);
	room_say(&r, "/room attic\nto nobody\n/room lobby\nto ann\n");
	assert_string_equal(
		room_told(&r), "* bob leaves\n* bob joins\nbob: to ann\n");
	room_close(&r);
}

static void test_nothing_said_steers_a_terminal(void **state)
{
	struct room r;

	(void)state;
	room_open(&r);
	room_told(&r);
	conn_input(r.other, "\x1b[31m\a \0 caf\xc3\xa9\x7f\n", 16);
	assert_string_equal(room_told(&r), "bob:  [31m    caf\xc3\xa9 \n");
	room_close(&r);
}

static void test_leaving_is_told_with_its_reason(void **state)
{
	static const struct {
		int error;
		const char *told;
	} ends[] = {{0, "* bob leaves\n"},
		{ECONNRESET, "* bob is gone: Connection reset by peer\n"},
		{ENOBUFS, "* bob is dropped: does not read\n"}};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct room r;

		room_open(&r);
		room_told(&r);
		if (ends[i].error)
			conn_fail(r.other, "test", ends[i].error);
		conn_close(r.other);
		assert_string_equal(room_told(&r), ends[i].told);
		conn_free(r.other);
		r.other = NULL;
		room_close(&r);
	}
}

/* ---- bounds ------------------------------------------------------------- */

static void say_much(struct room *r, size_t lines)
{
	char line[1001];

	memset(line, 'x', 1000);
	line[1000] = '\n';
	for (size_t i = 0; i < lines; i++)
		conn_input(r->other, line, sizeof(line));
}

/* Several times the high-water mark, but the socket takes it. */
static void test_who_reads_hears_much_at_once(void **state)
{
	struct room r;
	size_t len, heard = 0;
	int turns = 0;

	(void)state;
	room_open(&r);
	room_told(&r);
	say_much(&r, 300);
	do {
		assert_true(turns++ < 10);
		assert_true(hub_told(&r.h.worker));
		len = strlen(room_told(&r));
		assert_true(len < 80000); /* bounded all the same */
		heard += len;
	} while (heard < 300 * (5 + 1001));
	assert_false(hub_told(&r.h.worker));
	assert_int_equal(heard, 300 * (5 + 1001));
	assert_int_equal(harness_errors(&r.h, "broadcast.ENOBUFS"), 0);
	room_close(&r);
}

static void test_who_does_not_read_is_dropped(void **state)
{
	struct room r;

	(void)state;
	room_open(&r);
	room_told(&r);
	r.h.deaf = true;
	for (int i = 0; i < 200 && !conn_done(r.h.conn); i++) {
		say_much(&r, 1);
		r.h.conn->blocked = true; /* the socket was tried */
		room_told(&r);
	}
	assert_true(conn_done(r.h.conn));
	assert_int_equal(r.h.conn->error, ENOBUFS);
	assert_int_equal(harness_errors(&r.h, "broadcast.ENOBUFS"), 1);
	assert_false(conn_done(r.other)); /* the speaker stays */
	room_close(&r);
}

/* A worker that has fallen behind by the whole ring cannot know what its
 * connections have missed. */
static void test_who_falls_behind_the_ring_is_ended(void **state)
{
	struct room r;

	(void)state;
	room_open(&r);
	room_told(&r);
	say_much(&r, HUB_RING / 1000 + 100);
	hub_hear(&r.h.worker);
	assert_int_equal(r.h.conn->error, ENOBUFS);
	room_close(&r);
}

static void test_all_of_much_arrives_in_order(void **state)
{
	struct room r;

	(void)state;
	room_open(&r);
	room_told(&r);
	for (int i = 0; i < 5000; i++) { /* several times round the ring */
		char line[600], expect[640];
		const int n = 1 + i * 7 % 500;

		memset(line, 'a' + i % 26, (size_t)n);
		strcpy(line + n, "\n");
		room_say(&r, line);
		snprintf(expect, sizeof(expect), "bob: %s", line);
		assert_string_equal(room_told(&r), expect);
	}
	room_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_member_from_nick_to_quit),
		cmocka_unit_test(test_what_is_no_name_is_told),
		cmocka_unit_test(test_others_hear_and_the_speaker_does_not),
		cmocka_unit_test(test_rooms_are_apart),
		cmocka_unit_test(test_nothing_said_steers_a_terminal),
		cmocka_unit_test(test_leaving_is_told_with_its_reason),
		cmocka_unit_test(test_who_reads_hears_much_at_once),
		cmocka_unit_test(test_who_does_not_read_is_dropped),
		cmocka_unit_test(test_who_falls_behind_the_ring_is_ended),
		cmocka_unit_test(test_all_of_much_arrives_in_order),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, dress, NULL);
}
