/* SPDX-License-Identifier: MIT */
/* The sequential style, by both carriers of stream.h: what handler.h promises
 * of stream_*(). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"
#include "servers/core/serve.h"
#include "servers/core/stream.h"

extern const struct handler handler_echo, handler_echo_sequential;
extern const struct handler handler_line, handler_line_sequential;

/* ---- a handler that does what the bytes say, and keeps a diary ---------- */

/*
 * Orders of one byte, each a request:
 *   w writes "ok"    b writes 1000000 bytes     p pauses 5 ms
 *   r returns        f conn_finish(), and goes on reading
 *   h half a request: nothing until an `e`
 */
static char diary[1024];

static void note(const char *format, ...)
{
	const size_t n = strlen(diary);
	va_list args;

	va_start(args, format);
	vsnprintf(diary + n, sizeof(diary) - n, format, args);
	va_end(args);
}

static void note_result(const char *what, ssize_t result)
{
	note("%s%s ", what, result < 0 ? strerrorname_np((int)-result) : "");
}

/* False: the end. */
static bool obey_order(struct stream *s, char order)
{
	static char block[1000000];

	switch (order) {
	case 'w':
		note_result("w", stream_write(s, "ok", 2));
		break;
	case 'b':
		note_result("b", stream_write(s, block, sizeof(block)));
		break;
	case 'p':
		note_result("p", stream_pause(s, 5 * NS_PER_MS));
		break;
	case 'f':
		conn_finish(stream_conn(s));
		break;
	case 'h':
		note("h ");
		return true;
	case 'r':
		return false;
	}
	conn_request_done(stream_conn(s));
	return true;
}

static void obey_serve(struct stream *s)
{
	uint64_t *reads = conn_state(stream_conn(s));
	ssize_t n;
	char order;

	note("serve ");
	while ((n = stream_read(s, &order, 1)) > 0) {
		++*reads;
		if (!obey_order(s, order))
			break;
	}
	if (n <= 0)
		note_result("end", n);
	note("reads %d ", (int)*reads);
}

static void obey_close(struct conn *c, int why)
{
	const uint64_t *reads = conn_state(c);

	note("close %d%s", (int)*reads, why ? strerrorname_np(-why) : "");
}

static const struct handler obey = {
	.name = "obey",
	.state_size = sizeof(uint64_t),
	.serve = obey_serve,
	.close = obey_close,
};

/* Each once: they are kept for ever. */
static const struct handler *adapted(const struct handler *h)
{
	static const struct handler *from[8], *to[8];
	size_t i = 0;

	diary[0] = '\0';
	while (from[i] && from[i] != h)
		i++;
	from[i] = h;
	if (!to[i])
		to[i] = sequential_adapt(h);
	assert_non_null(to[i]);
	return to[i];
}

/* ---- fed by callbacks -------------------------------------------------- */

static void test_it_runs_until_it_must_wait(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, adapted(&obey), "");
	assert_string_equal(diary, "serve ");
	harness_send_text(&h, "w");
	assert_string_equal(diary, "serve w ");
	assert_string_equal(harness_output(&h, NULL), "ok");
	harness_send_text(&h, "ww");
	assert_string_equal(harness_output(&h, NULL), "okok");
	assert_int_equal(harness_requests(&h), 3);
	harness_release(&h);
}

static void test_the_end_of_input_is_0(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, adapted(&obey), "");
	harness_send_text(&h, "w");
	harness_send_eof(&h);
	assert_true(conn_done(h.conn));
	harness_close(&h);
	assert_string_equal(diary, "serve w end reads 1 close 1");
	harness_release(&h);
}

static void test_returning_finishes_the_connection(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, adapted(&obey), "");
	harness_send_text(&h, "wrw");
	assert_true(conn_done(h.conn));
	assert_string_equal(harness_output(&h, NULL), "ok");
	harness_close(&h);
	assert_string_equal(diary, "serve w reads 2 close 2");
	harness_release(&h);
}

static void test_a_pause_takes_its_time(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, adapted(&obey), "");
	h.asleep = true;
	harness_send_text(&h, "wpw");
	assert_string_equal(diary, "serve w ");
	assert_string_equal(harness_output(&h, NULL), "ok");
	h.asleep = false;
	harness_run(&h);
	assert_string_equal(diary, "serve w p w ");
	assert_string_equal(harness_output(&h, NULL), "ok");
	assert_int_equal(h.pauses, 1);
	harness_release(&h);
}

/* A peer that does not read stops the handler, not the memory. */
static void test_output_is_bounded(void **state)
{
	struct harness h;
	size_t len;

	(void)state;
	harness_init(&h, adapted(&obey), "");
	h.out_step = 5000;
	h.deaf = true;
	harness_send_text(&h, "bw");
	assert_string_equal(diary, "serve ");
	h.deaf = false;
	harness_run(&h);
	assert_string_equal(diary, "serve b w ");
	harness_output(&h, &len);
	assert_int_equal(len, 1000002);
	assert_true(h.most_queued <= 65536 + STREAM_CHUNK);
	harness_release(&h);
}

static void test_a_failure_is_told_where_it_waits(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, adapted(&obey), "");
	harness_send_text(&h, "w");
	conn_fail(h.conn, "read", ECONNRESET);
	harness_close(&h);
	assert_string_equal(
		diary, "serve w endECONNRESET reads 1 close 1ECONNRESET");
	harness_release(&h);
}

static void test_a_failure_ends_a_pause(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, adapted(&obey), "");
	h.asleep = true;
	harness_send_text(&h, "p");
	conn_fail(h.conn, "drain.cut", 0);
	harness_close(&h);
	assert_string_equal(
		diary, "serve pEPROTO endEPROTO reads 1 close 1EPROTO");
	harness_release(&h);
}

static void test_a_failure_ends_a_write(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, adapted(&obey), "");
	h.deaf = true;
	harness_send_text(&h, "b");
	conn_fail(h.conn, "write", EPIPE);
	harness_close(&h);
	assert_string_equal(
		diary, "serve bEPIPE endEPIPE reads 1 close 1EPIPE");
	harness_release(&h);
}

static void test_finishing_is_no_failure(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, adapted(&obey), "");
	harness_send_text(&h, "wfw");
	assert_string_equal(harness_output(&h, NULL), "ok");
	assert_true(conn_done(h.conn));
	harness_close(&h);
	assert_string_equal(diary, "serve w endESHUTDOWN reads 2 close 2");
	harness_release(&h);
}

/* From the first byte that was read until conn_request_done(). */
static void test_a_request_under_way_is_not_drained(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, adapted(&obey), "");
	harness_send_text(&h, "wh");
	conn_drain(h.conn);
	assert_false(conn_done(h.conn));
	harness_send_text(&h, "e");
	conn_drain(h.conn);
	assert_true(conn_done(h.conn));
	harness_release(&h);
}

/* Also where half of it came together with the one before. */
static void test_half_a_line_is_not_drained(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, adapted(&handler_line_sequential), "");
	harness_send_text(&h, "first\nsec");
	assert_string_equal(harness_output(&h, NULL), "FIRST\n");
	conn_drain(h.conn);
	assert_false(conn_done(h.conn));
	harness_send_text(&h, "ond\n");
	assert_string_equal(harness_output(&h, NULL), "SECOND\n");
	conn_drain(h.conn);
	assert_true(conn_done(h.conn));
	harness_release(&h);
}

static void ignore_the_end(struct stream *s)
{
	char byte;

	for (;;)
		if (stream_read(s, &byte, 1) == -ENOENT)
			return;
}

static const struct handler deaf_to_the_end = {
	.name = "deaf",
	.serve = ignore_the_end,
};

static void test_who_ignores_the_end_is_stopped(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, adapted(&deaf_to_the_end), "");
	harness_send_text(&h, "abc");
	conn_fail(h.conn, "read", ECONNRESET);
	harness_release(&h); /* comes back */
}

/* ---- both styles say the same ------------------------------------------ */

static const char *const texts[] = {
	"",
	"a",
	"one\n",
	"one\r\ntwo\nthree",
	"\n\n\r\n",
	"a\rb\n",
};

/* A text longer than all buffers on its way, of lines of 0 to 400 letters. */
static char *long_text(size_t size)
{
	char *text = malloc(size + 1);
	unsigned seed = 7;
	size_t n = 0;

	assert_non_null(text);
	while (n < size) {
		const size_t left = size - n - 1;
		size_t line = (size_t)rand_r(&seed) % 400;

		line = line < left ? line : left;
		memset(text + n, 'a' + rand_r(&seed) % 26, line);
		n += line;
		text[n++] = '\n';
	}
	text[n] = '\0';
	return text;
}

/* `n` letters without an end of line, then one. */
static char *long_line(size_t n)
{
	char *text = malloc(n + 2);

	assert_non_null(text);
	memset(text, 'x', n);
	memcpy(text + n, "\n", 2);
	return text;
}

static void assert_alike(const struct handler *callbacks,
	const struct handler *sequential, const char *options, const char *text)
{
	struct conversation a = {.handler = callbacks,
		.options = options,
		.input = text,
		.input_len = strlen(text),
		.eof = true};
	struct conversation b = a;

	b.handler = adapted(sequential);
	converse(&a);
	converse(&b);
	assert_int_equal(b.output_len, a.output_len);
	assert_memory_equal(b.output, a.output, a.output_len);
	assert_int_equal(b.requests, a.requests);
	assert_int_equal(b.ended, a.ended);
	free(a.output);
	free(b.output);
}

static void test_echo_in_both_styles(void **state)
{
	char *text = long_text(200000);

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_alike(&handler_echo, &handler_echo_sequential, "size=3",
			texts[i]);
	assert_alike(&handler_echo, &handler_echo_sequential, "size=64", text);
	free(text);
}

static void test_line_in_both_styles(void **state)
{
	static const size_t lengths[] = {16383, 16384, 16385, 50000};
	char *text = long_text(200000);

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		assert_alike(
			&handler_line, &handler_line_sequential, "", texts[i]);
	assert_alike(&handler_line, &handler_line_sequential, "", text);
	free(text);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		text = long_line(lengths[i]);
		assert_alike(&handler_line, &handler_line_sequential, "", text);
		free(text);
	}
}

/* ---- directly on a socket ---------------------------------------------- */

/* A thread that serves one end of a socket pair; the test has the other. */
struct direct {
	struct harness h;
	int peer, served;
	pthread_t thread;
};

static void *direct_thread(void *argument)
{
	struct direct *d = argument;
	struct slot *slot = board_claim(d->h.server.board, SLOT_THREAD);

	slot_add(&slot->accepted, 1);
	serve_alone(&d->h.server, slot, d->served);
	return NULL;
}

static void direct_start(
	struct direct *d, const struct handler *handler, uint64_t idle_ns)
{
	int ends[2];

	harness_prepare(&d->h, handler, "");
	d->h.server.config.idle_timeout_ns = idle_ns;
	assert_true(server_enter(&d->h.server));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	d->peer = ends[0];
	d->served = ends[1];
	assert_int_equal(pthread_create(&d->thread, NULL, direct_thread, d), 0);
}

static void direct_close(struct direct *d)
{
	close(d->peer);
	d->peer = -1;
}

static void direct_join(struct direct *d)
{
	pthread_join(d->thread, NULL);
	assert_int_equal(d->h.server.board->open, 0);
}

static void direct_free(struct direct *d)
{
	free((void *)(uintptr_t)d->h.server.handler_options);
	board_free(d->h.server.board);
	free(d->h.output);
}

static void direct_stop(struct direct *d)
{
	direct_close(d);
	direct_join(d);
	direct_free(d);
}

/* Sends all and half-closes, reads until the end, whatever comes first. */
static size_t direct_converse(
	int peer, const char *text, size_t len, char *reply, size_t size)
{
	size_t got = 0;
	ssize_t n = 1;

	assert_int_equal(fcntl(peer, F_SETFL, O_NONBLOCK), 0);
	while (n != 0) {
		struct pollfd p = {.fd = peer,
			.events = (short)(POLLIN | (len ? POLLOUT : 0))};

		assert_true(poll(&p, 1, -1) > 0);
		if (len && (n = send(peer, text, len, MSG_NOSIGNAL)) > 0) {
			text += n;
			len -= (size_t)n;
			if (!len)
				shutdown(peer, SHUT_WR);
		}
		n = recv(peer, reply + got, size - got, 0);
		got += n > 0 ? (size_t)n : 0;
		assert_true(got < size);
	}
	return got;
}

static void assert_direct(const struct handler *handler, const char *text,
	const char *expect, size_t expect_len)
{
	const size_t size = expect_len + 1000;
	char *reply = malloc(size);
	struct direct d;

	assert_non_null(reply);
	direct_start(&d, handler, 0);
	assert_int_equal(
		direct_converse(d.peer, text, strlen(text), reply, size),
		expect_len);
	assert_memory_equal(reply, expect, expect_len);
	free(reply);
	direct_stop(&d);
}

static void test_direct_says_the_same(void **state)
{
	char *text = long_text(3000000), *upper = strdup(text);

	(void)state;
	assert_non_null(upper);
	for (char *at = upper; *at; at++)
		*at = (char)(*at >= 'a' ? *at - 'a' + 'A' : *at);
	assert_direct(
		adapted(&handler_echo_sequential), text, text, strlen(text));
	assert_direct(
		adapted(&handler_line_sequential), text, upper, strlen(text));
	free(text);
	free(upper);
}

static void test_direct_obeys(void **state)
{
	char *block = calloc(1, 1000004);

	(void)state;
	assert_non_null(block);
	memcpy(block + 1000000, "okok", 4);
	assert_direct(adapted(&obey), "bwpw", block, 1000004);
	assert_string_equal(diary, "serve b w p w end reads 4 close 4");
	assert_direct(adapted(&obey), "wrw", "ok", 2);
	assert_string_equal(diary, "serve w reads 2 close 2");
	assert_direct(adapted(&obey), "wfw", "ok", 2);
	assert_string_equal(diary, "serve w endESHUTDOWN reads 2 close 2");
	free(block);
}

/* The reply is there although the peer has not finished. */
static void test_direct_replies_before_it_waits(void **state)
{
	struct direct d;
	char reply[8];

	(void)state;
	direct_start(&d, adapted(&obey), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(send(d.peer, "w", 1, 0), 1);
		assert_int_equal(recv(d.peer, reply, sizeof(reply), 0), 2);
	}
	direct_stop(&d);
	assert_string_equal(diary, "serve w w w end reads 3 close 3");
}

static void test_direct_times_out(void **state)
{
	struct direct d;
	char reply[8];

	(void)state;
	direct_start(&d, adapted(&obey), 20 * NS_PER_MS);
	assert_int_equal(recv(d.peer, reply, sizeof(reply), 0), 0);
	direct_join(&d);
	assert_string_equal(
		diary, "serve endETIMEDOUT reads 0 close 0ETIMEDOUT");
	assert_int_equal(harness_errors(&d.h, "timeout.idle"), 1);
	direct_close(&d);
	direct_free(&d);
}

static void test_direct_learns_that_the_peer_is_gone(void **state)
{
	struct direct d;

	(void)state;
	direct_start(&d, adapted(&obey), 0);
	assert_int_equal(send(d.peer, "b", 1, 0), 1);
	direct_stop(&d);
	/* A reset where the close found bytes that were not read. */
	if (strcmp(diary, "serve bEPIPE endEPIPE reads 1 close 1EPIPE"))
		assert_string_equal(diary,
			"serve bECONNRESET endECONNRESET reads 1 "
			"close 1ECONNRESET");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_runs_until_it_must_wait),
		cmocka_unit_test(test_the_end_of_input_is_0),
		cmocka_unit_test(test_returning_finishes_the_connection),
		cmocka_unit_test(test_a_pause_takes_its_time),
		cmocka_unit_test(test_output_is_bounded),
		cmocka_unit_test(test_a_failure_is_told_where_it_waits),
		cmocka_unit_test(test_a_failure_ends_a_pause),
		cmocka_unit_test(test_a_failure_ends_a_write),
		cmocka_unit_test(test_finishing_is_no_failure),
		cmocka_unit_test(test_a_request_under_way_is_not_drained),
		cmocka_unit_test(test_half_a_line_is_not_drained),
		cmocka_unit_test(test_who_ignores_the_end_is_stopped),
		cmocka_unit_test(test_echo_in_both_styles),
		cmocka_unit_test(test_line_in_both_styles),
		cmocka_unit_test(test_direct_says_the_same),
		cmocka_unit_test(test_direct_obeys),
		cmocka_unit_test(test_direct_replies_before_it_waits),
		cmocka_unit_test(test_direct_times_out),
		cmocka_unit_test(test_direct_learns_that_the_peer_is_gone),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
