/* SPDX-License-Identifier: MIT */
/* What a connection promises to its handler and to its model (conn.h). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness.h"
#include "servers/core/file.h"
#include "servers/core/sock.h"

/* ---- a handler that does what the bytes say, and keeps a diary ---------- */

/*
 * Orders, each one a request:
 *   wTEXT.  writes TEXT            bN.    writes N * 1000 bytes
 *   pN.     pauses N ms            f.     finishes
 *   x.      writes, finishes and writes again
 * An order without its "." waits for more.
 */
static char diary[4096];

static void note(const char *text)
{
	strncat(diary, text, sizeof(diary) - strlen(diary) - 1);
}

static void obey_open(struct conn *c)
{
	(void)c;
	diary[0] = '\0';
	note("open ");
}

static void obey_write_many(struct conn *c, size_t thousands)
{
	static const char block[1000];

	while (thousands--)
		conn_write(c, block, sizeof(block));
}

static size_t obey_data(struct conn *c, const char *buf, size_t len)
{
	const char *dot = memchr(buf, '.', len);
	const size_t n = dot ? (size_t)(dot - buf) : 0;

	if (!dot) {
		note("more ");
		return 0;
	}
	note((char[]) {buf[0], ' ', '\0'});
	switch (buf[0]) {
	case 'w':
		conn_write(c, buf + 1, n - 1);
		break;
	case 'b':
		obey_write_many(c, strtoul(buf + 1, NULL, 10));
		break;
	case 'p':
		conn_pause(c, strtoul(buf + 1, NULL, 10) * NS_PER_MS);
		break;
	case 'f':
		conn_finish(c);
		break;
	case 'x':
		conn_write(c, "last", 4);
		conn_finish(c);
		conn_write(c, "too late", 8);
		break;
	}
	conn_request_done(c);
	return n + 1;
}

static void obey_resume(struct conn *c)
{
	(void)c;
	note("resume ");
}

static void obey_eof(struct conn *c)
{
	note("eof ");
	conn_write(c, "bye", 3);
	conn_finish(c);
}

static void obey_close(struct conn *c, int why)
{
	conn_write(c, "nobody hears this", 17);
	note(why ? "close(" : "close");
	if (why) {
		note(strerrorname_np(-why));
		note(")");
	}
}

static const struct handler obey = {
	.name = "obey",
	.open = obey_open,
	.data = obey_data,
	.resume = obey_resume,
	.eof = obey_eof,
	.close = obey_close,
};

static const struct handler plain = {
	.name = "plain",
	.open = obey_open,
	.data = obey_data,
};

/* ---- input ------------------------------------------------------------- */

static void test_unconsumed_input_is_offered_again_with_more(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &obey, "");
	harness_send_text(&h, "wab");
	harness_send_text(&h, "cd");
	assert_string_equal(harness_output(&h, NULL), "");
	harness_send_text(&h, ".");
	assert_string_equal(harness_output(&h, NULL), "abcd");
	assert_string_equal(diary, "open more more w ");
	harness_release(&h);
}

static void test_the_rest_is_offered_at_once(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &obey, "");
	harness_send_text(&h, "w1.w2.w3.w");
	assert_string_equal(harness_output(&h, NULL), "123");
	assert_string_equal(diary, "open w w w more ");
	harness_release(&h);
}

static void test_input_that_leads_to_nothing_is_bounded(void **state)
{
	char *endless = calloc(1, 4 * CONN_INPUT_MAX);
	struct harness h;

	(void)state;
	assert_non_null(endless);
	memset(endless, 'w', 4 * CONN_INPUT_MAX);
	harness_init(&h, &obey, "");
	harness_send(&h, endless, CONN_INPUT_MAX - 1);
	assert_false(conn_done(h.conn));
	harness_send(&h, endless, 2 * CONN_INPUT_MAX);
	assert_true(conn_done(h.conn));
	assert_true(h.input_len >= CONN_INPUT_MAX - WORKER_LARGE);
	assert_int_equal(harness_errors(&h, "request.too_long"), 1);
	harness_close(&h);
	assert_non_null(strstr(diary, "close(EPROTO)"));
	harness_release(&h);
	free(endless);
}

/* A turn is bounded: then the connection says that it wants another. */
static void test_one_turn_does_not_answer_endlessly(void **state)
{
	char orders[3 * 1000 + 1];
	struct harness h;

	(void)state;
	for (int i = 0; i < 1000; i++)
		memcpy(orders + 3 * i, "wa.", 4);
	harness_init(&h, &plain, "");
	conn_input(h.conn, orders, 3000);
	assert_true(h.conn->again);
	assert_false(conn_wants_input(h.conn));
	assert_in_range(harness_requests(&h), 1, 200);
	harness_run(&h);
	assert_int_equal(harness_requests(&h), 1000);
	assert_int_equal(h.output_len, 1000);
	harness_release(&h);
}

/* ---- the two ways to bring input are the same --------------------------- */

static void test_input_from_elsewhere(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &obey, "");
	conn_input(h.conn, "w1.w", 4);
	conn_input(h.conn, "2", 1);
	conn_input(h.conn, ".", 1);
	harness_run(&h);
	assert_string_equal(harness_output(&h, NULL), "12");
	assert_int_equal(slot_get(&h.worker.slot->bytes_in), 6);
	assert_int_equal(slot_get(&h.worker.slot->bytes_out), 2);
	harness_release(&h);
}

/* ---- output ------------------------------------------------------------ */

static void test_input_stops_above_high_water(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &obey, "");
	h.deaf = true;
	harness_send_text(&h, "b60.b10.w1.w2.");
	assert_string_equal(diary, "open b b ");
	assert_true(conn_choked(h.conn));
	assert_false(conn_wants_input(h.conn));
	harness_release(&h);
}

static void test_input_goes_on_below_low_water_only(void **state)
{
	struct harness h;
	size_t waiting;

	(void)state;
	harness_init(&h, &obey, "");
	h.deaf = true;
	harness_send_text(&h, "b70.w1.");
	while (conn_output(h.conn, &waiting) && waiting - 1000 > 16384) {
		conn_sent(h.conn, 1000);
		assert_true(conn_choked(h.conn));
	}
	assert_string_equal(diary, "open b ");
	conn_sent(h.conn, 1000);
	assert_false(conn_choked(h.conn));
	harness_run(&h); /* still deaf */
	assert_string_equal(diary, "open b resume w ");
	harness_release(&h);
}

/* Exactly at the mark is not above it. */
static void test_high_water_is_exclusive(void **state)
{
	struct harness h;

	(void)state;
	harness_prepare(&h, &obey, "");
	h.server.config.high_water = 4000;
	h.server.config.low_water = 1000;
	harness_connect(&h);
	h.deaf = true;
	harness_send_text(&h, "b4.");
	assert_false(conn_choked(h.conn));
	harness_send_text(&h, "wx.");
	assert_true(conn_choked(h.conn));
	harness_release(&h);
}

static void test_nothing_to_send_is_nothing(void **state)
{
	struct harness h;
	size_t len;

	(void)state;
	harness_init(&h, &obey, "");
	assert_null(conn_output(h.conn, &len));
	conn_input(h.conn, "w.", 2);
	assert_null(conn_output(h.conn, &len));
	harness_release(&h);
}

/* ---- files ------------------------------------------------------------- */

enum { FILE_SIZE = 700000 };

static int the_file; /* what "s." sends, between "<" and ">" */

static int make_file(void)
{
	static char bytes[FILE_SIZE];
	const int fd = memfd_create("file", MFD_CLOEXEC);

	for (int i = 0; i < FILE_SIZE; i++)
		bytes[i] = (char)(i % 251);
	assert_int_equal(write(fd, bytes, FILE_SIZE), FILE_SIZE);
	return fd;
}

static size_t sender_data(struct conn *c, const char *buf, size_t len)
{
	struct file *f;

	note((char[]) {buf[0], ' ', '\0'});
	if (buf[0] != 's')
		return obey_data(c, buf, len);
	f = file_new(dup(the_file));
	assert_non_null(f);
	conn_write(c, "<", 1);
	conn_write_file(c, f, 1, FILE_SIZE - 1);
	conn_write(c, ">", 1);
	return 2;
}

static const struct handler sender = {
	.name = "sender",
	.open = obey_open,
	.data = sender_data,
	.resume = obey_resume,
};

static void assert_file_between(const char *at)
{
	assert_int_equal(at[0], '<');
	for (int i = 1; i < FILE_SIZE; i++)
		assert_int_equal((unsigned char)at[i], i % 251);
	assert_int_equal(at[FILE_SIZE], '>');
}

/* Descriptors in use are counted by the number of the next one. */
static int next_descriptor(void)
{
	const int fd = dup(STDIN_FILENO);

	close(fd);
	return fd;
}

static void test_file_is_read_in_order_and_in_pieces(void **state)
{
	struct harness h;
	size_t len;
	const char *out;
	int before;

	(void)state;
	the_file = make_file();
	before = next_descriptor();
	harness_init(&h, &sender, "");
	h.out_step = 5000;
	harness_send_text(&h, "s.wmore.s.");
	out = harness_output(&h, &len);
	assert_int_equal(len, 2 * (FILE_SIZE + 1) + 4);
	assert_file_between(out);
	assert_memory_equal(out + FILE_SIZE + 1, "more", 4);
	assert_file_between(out + FILE_SIZE + 5);
	assert_in_range(h.most_queued, 1, 65536);
	assert_int_equal(next_descriptor(), before);
	harness_release(&h);
	close(the_file);
}

static void test_input_waits_until_a_file_was_sent(void **state)
{
	struct harness h;

	(void)state;
	the_file = make_file();
	harness_init(&h, &sender, "");
	h.deaf = true;
	harness_send_text(&h, "s.wmore.");
	assert_string_equal(diary, "open s ");
	assert_true(conn_choked(h.conn));
	h.deaf = false;
	harness_run(&h);
	assert_string_equal(diary, "open s resume w w ");
	harness_release(&h);
	close(the_file);
}

static void test_only_one_file_at_a_time(void **state)
{
	struct harness h;

	(void)state;
	the_file = make_file();
	harness_init(&h, &sender, "");
	sender_data(h.conn, "s.", 2);
	sender_data(h.conn, "s.", 2);
	assert_int_equal(h.conn->error, EBUSY);
	assert_int_equal(harness_errors(&h, "file.EBUSY"), 1);
	harness_release(&h);
	close(the_file);
}

static void test_file_of_a_connection_that_fails_is_closed(void **state)
{
	struct harness h;
	int before;

	(void)state;
	the_file = make_file();
	before = next_descriptor();
	harness_init(&h, &sender, "");
	h.deaf = true;
	harness_send_text(&h, "s.");
	assert_int_not_equal(next_descriptor(), before);
	conn_fail(h.conn, "write", EPIPE);
	assert_int_equal(next_descriptor(), before);
	conn_finish(h.conn);
	sender_data(h.conn, "s.", 2); /* too late, as any writing */
	assert_int_equal(next_descriptor(), before);
	harness_release(&h);
	close(the_file);
}

/* All that the other end of a socket is sent, until the connection is done. */
static size_t receive_all(struct conn *c, int fd, char *into, size_t size)
{
	size_t got = 0;
	ssize_t n;

	do {
		const bool idle = conn_flush(c, MSG_DONTWAIT) == SOCK_AGAIN;

		n = recv(fd, into + got, size - got, MSG_DONTWAIT);
		got += n > 0 ? (size_t)n : 0;
		assert_false(idle && n < 0); /* it says full, and is not */
	} while (c->out || n > 0);
	return got;
}

/* A socket that blocks, as a thread has one. */
static void send_by_socket(struct harness *h, int ends[2], bool no_sendfile)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	harness_init(h, &sender, "");
	h->conn->watch.fd = ends[0];
	sender_data(h->conn, "s.", 2);
	if (no_sendfile) {
		h->conn->out->file->begun = true;
		h->conn->out->file->no_sendfile = true;
	}
}

static void send_whole_file(bool no_sendfile)
{
	static char into[FILE_SIZE + 100];
	struct harness h;
	int ends[2];

	the_file = make_file();
	send_by_socket(&h, ends, no_sendfile);
	assert_int_equal(receive_all(h.conn, ends[1], into, sizeof(into)),
		FILE_SIZE + 1);
	assert_file_between(into);
	assert_int_equal(slot_get(&h.worker.slot->bytes_out), FILE_SIZE + 1);
	assert_false(conn_choked(h.conn));
	/* sendfile(2) leaves the file's own position alone. */
	assert_int_equal(lseek(the_file, 0, SEEK_CUR), FILE_SIZE);
	harness_release(&h);
	close(ends[0]);
	close(ends[1]);
	close(the_file);
}

static void test_file_goes_from_the_kernel_to_the_socket(void **state)
{
	(void)state;
	send_whole_file(false);
}

static void test_file_is_read_where_sendfile_cannot(void **state)
{
	(void)state;
	send_whole_file(true);
}

static void cut_file(bool no_sendfile)
{
	static char into[FILE_SIZE + 100];
	struct harness h;
	int ends[2];

	the_file = make_file();
	send_by_socket(&h, ends, no_sendfile);
	assert_int_equal(ftruncate(the_file, 5000), 0);
	/* The bytes that there are, then the end: no ">". */
	assert_int_equal(
		receive_all(h.conn, ends[1], into, sizeof(into)), 5000);
	assert_true(conn_done(h.conn));
	assert_int_equal(h.conn->error, 0);
	assert_int_equal(harness_errors(&h, "file.short"), 1);
	harness_release(&h);
	close(ends[0]);
	close(ends[1]);
	close(the_file);
}

static void test_file_that_has_become_shorter_ends_the_connection(void **state)
{
	(void)state;
	cut_file(false);
	cut_file(true);
}

/* ---- pause ------------------------------------------------------------- */

static void test_pause_holds_input_and_resumes_once(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &obey, "");
	h.asleep = true;
	harness_send_text(&h, "wa.p5.wb.");
	assert_string_equal(diary, "open w p ");
	assert_string_equal(harness_output(&h, NULL), "a"); /* sent before */
	assert_false(conn_wants_input(h.conn));
	assert_true(conn_deadline(h.conn) > 0);
	conn_expire(h.conn, conn_deadline(h.conn) - 1);
	assert_string_equal(diary, "open w p ");
	h.asleep = false;
	harness_run(&h);
	assert_string_equal(diary, "open w p resume w ");
	assert_string_equal(harness_output(&h, NULL), "b");
	harness_release(&h);
}

static void test_pause_takes_as_long_as_asked(void **state)
{
	struct harness h;
	uint64_t before, left;

	(void)state;
	harness_init(&h, &obey, "");
	h.asleep = true;
	before = clock_ns();
	harness_send_text(&h, "p5000.");
	left = conn_deadline(h.conn) - before;
	assert_true(left >= 5000 * NS_PER_MS);
	assert_true(conn_deadline(h.conn) <= clock_ns() + 5000 * NS_PER_MS);
	harness_release(&h);
}

static void test_pause_over_while_choked_waits_for_the_reader(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &obey, "");
	h.deaf = true;
	conn_input(h.conn, "b70.", 4);
	assert_true(conn_choked(h.conn));
	conn_pause(h.conn, NS_PER_MS);
	conn_expire(h.conn, conn_deadline(h.conn));
	assert_string_equal(diary, "open b ");
	h.deaf = false;
	harness_run(&h);
	assert_string_equal(diary, "open b resume ");
	harness_release(&h);
}

static void test_eof_during_a_pause_comes_after_it(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &obey, "");
	h.asleep = true;
	h.eof = true;
	harness_send_text(&h, "p5.wlast.");
	h.asleep = false;
	harness_run(&h);
	assert_string_equal(diary, "open p resume w eof ");
	assert_string_equal(harness_output(&h, NULL), "lastbye");
	harness_release(&h);
}

/* ---- the end ----------------------------------------------------------- */

static void test_finish_drops_further_input(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &obey, "");
	harness_send_text(&h, "wa.f.wb.");
	assert_string_equal(diary, "open w f ");
	assert_string_equal(harness_output(&h, NULL), "a");
	assert_false(conn_wants_input(h.conn));
	assert_true(conn_done(h.conn));
	harness_release(&h);
	assert_string_equal(diary, "open w f close");
}

static void test_finish_delivers_first(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &obey, "");
	h.deaf = true;
	harness_send_text(&h, "b70.");
	h.deaf = false;
	harness_send_text(&h, "b70.x.");
	assert_int_equal(h.output_len, 140004);
	assert_memory_equal(h.output + 140000, "last", 4);
	assert_true(conn_done(h.conn));
	harness_release(&h);
}

static void test_not_done_while_output_waits(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &obey, "");
	h.deaf = true;
	harness_send_text(&h, "x.");
	assert_false(conn_done(h.conn));
	h.deaf = false;
	harness_run(&h);
	assert_true(conn_done(h.conn));
	assert_true(conn_lingers(h.conn)); /* the peer may still be talking */
	harness_release(&h);
}

static void test_eof_hook_may_still_write(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &obey, "");
	harness_send_text(&h, "wa.wunfinished");
	harness_send_eof(&h);
	assert_string_equal(diary, "open w more more eof ");
	assert_string_equal(harness_output(&h, NULL), "abye");
	assert_true(conn_done(h.conn));
	assert_false(conn_lingers(h.conn)); /* it has nothing left to say */
	harness_release(&h);
}

static void test_eof_without_hook_finishes(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &plain, "");
	harness_send_text(&h, "wa.");
	harness_send_eof(&h);
	assert_string_equal(harness_output(&h, NULL), "a");
	assert_true(conn_done(h.conn));
	harness_release(&h);
}

static void test_eof_is_told_once_and_after_all_input(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &obey, "");
	h.eof = true;
	h.deaf = true;
	harness_send_text(&h, "b70.w1.w2.");
	assert_string_equal(diary, "open b ");
	h.deaf = false;
	harness_run(&h);
	assert_string_equal(diary, "open b resume w w eof ");
	harness_release(&h);
}

/* An eof() that does not finish: it has more to say, later. */
static void later_eof(struct conn *c)
{
	note("eof ");
	conn_pause(c, NS_PER_MS);
}

static void later_resume(struct conn *c)
{
	note("resume ");
	conn_write(c, "late", 4);
	conn_finish(c);
}

static void test_eof_hook_may_pause_first(void **state)
{
	static const struct handler later = {.name = "later",
		.open = obey_open,
		.data = obey_data,
		.eof = later_eof,
		.resume = later_resume};
	struct harness h;

	(void)state;
	harness_init(&h, &later, "");
	h.asleep = true;
	harness_send_eof(&h);
	assert_false(conn_done(h.conn));
	conn_continue(h.conn);
	assert_string_equal(diary, "open eof ");
	h.asleep = false;
	harness_run(&h);
	assert_string_equal(diary, "open eof resume ");
	assert_string_equal(harness_output(&h, NULL), "late");
	assert_true(conn_done(h.conn));
	harness_release(&h);
}

static void silent_eof(struct conn *c)
{
	(void)c;
	note("eof ");
}

static void test_eof_hook_that_does_nothing_is_not_asked_again(void **state)
{
	static const struct handler silent = {.name = "silent",
		.open = obey_open,
		.data = obey_data,
		.eof = silent_eof};
	struct harness h;

	(void)state;
	harness_init(&h, &silent, "");
	harness_send_eof(&h);
	conn_continue(h.conn);
	assert_string_equal(diary, "open eof ");
	assert_false(conn_done(h.conn)); /* it may still want to write */
	harness_release(&h);
}

static void test_failure_throws_output_away_and_tells_why(void **state)
{
	struct harness h;
	size_t len;

	(void)state;
	harness_init(&h, &obey, "");
	h.deaf = true;
	harness_send_text(&h, "wa.");
	conn_fail(h.conn, "read", ECONNRESET);
	conn_fail(h.conn, "write", EPIPE); /* the first one counts */
	assert_true(conn_done(h.conn));
	assert_false(conn_lingers(h.conn));
	assert_null(conn_output(h.conn, &len));
	assert_int_equal(harness_errors(&h, "read.ECONNRESET"), 1);
	assert_int_equal(harness_errors(&h, "write.EPIPE"), 0);
	harness_release(&h);
	assert_string_equal(diary, "open w close(ECONNRESET)");
}

static void test_drain_ends_the_idle_and_lets_the_busy_end(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &obey, "");
	harness_send_text(&h, "wa.");
	conn_drain(h.conn);
	assert_true(conn_done(h.conn));
	harness_release(&h);

	harness_init(&h, &obey, "");
	harness_send_text(&h, "wunfin");
	conn_drain(h.conn);
	assert_false(conn_done(h.conn));
	harness_send_text(&h, "ished.");
	conn_drain(h.conn);
	assert_true(conn_done(h.conn));
	harness_release(&h);
}

/* ---- times ------------------------------------------------------------- */

/* A connection at time 1 s of a worker that keeps times. */
static void timed(
	struct harness *h, uint64_t idle, uint64_t request, uint64_t write)
{
	harness_prepare(h, &obey, "");
	h->server.config.idle_timeout_ns = idle;
	h->server.config.request_timeout_ns = request;
	h->server.config.write_timeout_ns = write;
	harness_connect(h);
	h->worker.now = NS_PER_S;
	harness_send_text(h, "wa.");
}

static void check_timeout(struct harness *h, uint64_t at, const char *error)
{
	assert_int_equal(conn_deadline(h->conn), at);
	conn_expire(h->conn, at - 1);
	assert_false(conn_done(h->conn));
	conn_expire(h->conn, at);
	assert_true(conn_done(h->conn));
	assert_int_equal(harness_errors(h, error), 1);
	harness_release(h);
	assert_non_null(strstr(diary, "close(ETIMEDOUT)"));
}

static void test_idle_timeout_counts_from_the_last_byte(void **state)
{
	struct harness h;

	(void)state;
	timed(&h, 100, 0, 0);
	h.worker.now += 50;
	harness_send_text(&h, "w");
	check_timeout(&h, NS_PER_S + 150, "timeout.idle");
}

static void test_request_timeout_counts_from_the_first_byte(void **state)
{
	struct harness h;

	(void)state;
	timed(&h, 0, 100, 0);
	assert_int_equal(conn_deadline(h.conn), 0); /* no request under way */
	for (int i = 0; i < 9; i++) {
		h.worker.now += 10;
		harness_send_text(&h, "w"); /* a trickle does not help */
	}
	check_timeout(&h, NS_PER_S + 110, "timeout.request");
}

static void test_request_timeout_starts_anew_with_each(void **state)
{
	struct harness h;

	(void)state;
	timed(&h, 0, 100, 0);
	harness_send_text(&h, "w");
	h.worker.now += 90;
	harness_send_text(&h, "a.w"); /* one done, the next one begun */
	check_timeout(&h, NS_PER_S + 190, "timeout.request");
}

/* A pause is the handler's, not the slowness of its peer. */
static void test_request_timeout_starts_anew_after_a_pause(void **state)
{
	struct harness h;
	uint64_t wake;

	(void)state;
	timed(&h, 0, 100, 0);
	h.asleep = true;
	harness_send_text(&h, "w");
	conn_pause(h.conn, NS_PER_S);
	wake = conn_deadline(h.conn);
	conn_expire(h.conn, wake);
	assert_false(conn_done(h.conn));
	check_timeout(&h, wake + 100, "timeout.request");
}

static void test_write_timeout_counts_from_the_last_progress(void **state)
{
	struct harness h;

	(void)state;
	timed(&h, 0, 0, 100);
	h.deaf = true;
	h.worker.now += 10;
	harness_send_text(&h, "b70.");
	h.worker.now += 10;
	conn_sent(h.conn, 1);
	check_timeout(&h, NS_PER_S + 120, "timeout.write");
}

static void test_write_timeout_counts_from_the_write(void **state)
{
	struct harness h;

	(void)state;
	timed(&h, 0, 0, 100);
	h.worker.now += 500;
	conn_write(h.conn, "unasked", 7);
	check_timeout(&h, NS_PER_S + 600, "timeout.write");
}

/* Its peer neither sends nor reads. */
static void test_idle_timeout_counts_with_output_pending(void **state)
{
	struct harness h;

	(void)state;
	timed(&h, 200, 0, 300);
	h.deaf = true;
	h.worker.now += 10;
	harness_send_text(&h, "b70.");
	h.worker.now += 10;
	conn_sent(h.conn, 1);
	check_timeout(&h, NS_PER_S + 220, "timeout.idle");
}

static void test_no_timeouts_no_deadline(void **state)
{
	struct harness h;

	(void)state;
	harness_init(&h, &obey, "");
	harness_send_text(&h, "w");
	assert_int_equal(conn_deadline(h.conn), 0);
	harness_release(&h);
}

/* ---- the account ------------------------------------------------------- */

static void test_worker_knows_its_connections(void **state)
{
	struct conn *more[3];
	struct harness h;

	(void)state;
	harness_init(&h, &plain, "");
	for (int i = 0; i < 3; i++) {
		assert_true(server_enter(&h.server));
		more[i] = conn_new(&h.worker, -1);
		assert_non_null(more[i]);
		conn_open(more[i]);
	}
	assert_int_equal(h.worker.open, 4);
	assert_int_equal(h.server.board->open, 4);
	conn_close(more[1]); /* from the middle */
	conn_close(more[2]); /* the newest */
	assert_int_equal(h.worker.open, 2);
	assert_ptr_equal(h.worker.conns, more[0]);
	assert_ptr_equal(more[0]->next, h.conn);
	conn_close(more[0]);
	assert_int_equal(slot_get(&h.worker.slot->closed), 3);
	for (int i = 0; i < 3; i++)
		conn_free(more[i]);
	harness_release(&h);
}

static void test_who_wants_room_is_told_of_it(void **state)
{
	struct harness h;
	uint64_t told;

	(void)state;
	harness_prepare(&h, &plain, "");
	h.server.config.max_connections = 2;
	h.server.room_event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	assert_true(server_enter(&h.server));
	assert_true(server_enter(&h.server));
	server_leave(&h.server); /* nobody asked */
	assert_true(read(h.server.room_event, &told, sizeof(told)) < 0);
	assert_true(server_enter(&h.server));
	assert_false(server_enter(&h.server));
	assert_int_equal(h.server.board->open, 2);
	server_leave(&h.server);
	assert_true(read(h.server.room_event, &told, sizeof(told)) > 0);
	server_await_room(&h.server); /* it has come already */
	assert_true(server_enter(&h.server));
	server_leave(&h.server); /* nobody asked again */
	assert_true(read(h.server.room_event, &told, sizeof(told)) < 0);
	close(h.server.room_event);
	harness_release(&h);
}

static void test_queue_of_turns(void **state)
{
	struct conn *more[3];
	struct harness h;

	(void)state;
	harness_init(&h, &plain, "");
	for (int i = 0; i < 3; i++) {
		more[i] = conn_new(&h.worker, -1);
		assert_non_null(more[i]);
		worker_queue(&h.worker, more[i]);
		worker_queue(&h.worker, more[i]); /* once is enough */
	}
	worker_forget(&h.worker, more[1]);
	assert_ptr_equal(worker_unqueue(&h.worker), more[0]);
	conn_close(more[2]); /* leaves the queue too */
	assert_null(worker_unqueue(&h.worker));
	worker_queue(&h.worker, more[1]);
	assert_ptr_equal(worker_unqueue(&h.worker), more[1]);
	conn_close(more[0]);
	conn_close(more[1]);
	for (int i = 0; i < 3; i++)
		conn_free(more[i]);
	harness_release(&h);
}

static void test_state_is_zeroed_and_aligned(void **state)
{
	static const struct handler large = {
		.name = "large", .state_size = 1000, .data = obey_data};
	static const char zeros[1000];
	struct harness h;

	(void)state;
	harness_init(&h, &large, "");
	assert_memory_equal(conn_state(h.conn), zeros, sizeof(zeros));
	assert_int_equal((uintptr_t)conn_state(h.conn) % 8, 0);
	harness_release(&h);
}

/* ---- buffers ----------------------------------------------------------- */

static void test_buffer_keeps_order_while_it_grows(void **state)
{
	struct buf_pool pool;
	struct buf *b = NULL;
	unsigned char in = 0, out = 0;
	unsigned seed = 3;

	(void)state;
	buf_pool_init(&pool, 16);
	for (int round = 0; round < 2000; round++) {
		unsigned add = (unsigned)rand_r(&seed) % 40;
		unsigned drop = (unsigned)rand_r(&seed) % 45;

		for (; add; add--, in++)
			assert_int_equal(buf_append(&pool, &b, &in, 1), 0);
		for (; drop && b; drop--, out++) {
			assert_int_equal((unsigned char)b->data[b->start], out);
			buf_consume(&pool, &b, 1);
		}
	}
	if (b)
		buf_put(&pool, b);
	buf_pool_release(&pool);
}

static void test_empty_buffer_goes_back_to_the_pool(void **state)
{
	struct buf *b = NULL, *again = NULL;
	struct buf_pool pool;

	(void)state;
	buf_pool_init(&pool, 64);
	assert_int_equal(buf_append(&pool, &b, "abc", 3), 0);
	again = b;
	buf_consume(&pool, &b, 3);
	assert_null(b);
	assert_ptr_equal(buf_get(&pool), again);
	assert_int_equal(buf_len(again), 0);
	buf_put(&pool, again);
	buf_pool_release(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_unconsumed_input_is_offered_again_with_more),
		cmocka_unit_test(test_the_rest_is_offered_at_once),
		cmocka_unit_test(test_input_that_leads_to_nothing_is_bounded),
		cmocka_unit_test(test_one_turn_does_not_answer_endlessly),
		cmocka_unit_test(test_input_from_elsewhere),
		cmocka_unit_test(test_input_stops_above_high_water),
		cmocka_unit_test(test_input_goes_on_below_low_water_only),
		cmocka_unit_test(test_high_water_is_exclusive),
		cmocka_unit_test(test_nothing_to_send_is_nothing),
		cmocka_unit_test(test_file_is_read_in_order_and_in_pieces),
		cmocka_unit_test(test_input_waits_until_a_file_was_sent),
		cmocka_unit_test(test_only_one_file_at_a_time),
		cmocka_unit_test(
			test_file_of_a_connection_that_fails_is_closed),
		cmocka_unit_test(test_file_goes_from_the_kernel_to_the_socket),
		cmocka_unit_test(test_file_is_read_where_sendfile_cannot),
		cmocka_unit_test(
			test_file_that_has_become_shorter_ends_the_connection),
		cmocka_unit_test(test_pause_holds_input_and_resumes_once),
		cmocka_unit_test(test_pause_takes_as_long_as_asked),
		cmocka_unit_test(
			test_pause_over_while_choked_waits_for_the_reader),
		cmocka_unit_test(test_eof_during_a_pause_comes_after_it),
		cmocka_unit_test(test_finish_drops_further_input),
		cmocka_unit_test(test_finish_delivers_first),
		cmocka_unit_test(test_not_done_while_output_waits),
		cmocka_unit_test(test_eof_hook_may_still_write),
		cmocka_unit_test(test_eof_without_hook_finishes),
		cmocka_unit_test(test_eof_is_told_once_and_after_all_input),
		cmocka_unit_test(test_eof_hook_may_pause_first),
		cmocka_unit_test(
			test_eof_hook_that_does_nothing_is_not_asked_again),
		cmocka_unit_test(test_failure_throws_output_away_and_tells_why),
		cmocka_unit_test(
			test_drain_ends_the_idle_and_lets_the_busy_end),
		cmocka_unit_test(test_idle_timeout_counts_from_the_last_byte),
		cmocka_unit_test(
			test_request_timeout_counts_from_the_first_byte),
		cmocka_unit_test(test_request_timeout_starts_anew_with_each),
		cmocka_unit_test(
			test_request_timeout_starts_anew_after_a_pause),
		cmocka_unit_test(
			test_write_timeout_counts_from_the_last_progress),
		cmocka_unit_test(test_write_timeout_counts_from_the_write),
		cmocka_unit_test(test_idle_timeout_counts_with_output_pending),
		cmocka_unit_test(test_no_timeouts_no_deadline),
		cmocka_unit_test(test_worker_knows_its_connections),
		cmocka_unit_test(test_who_wants_room_is_told_of_it),
		cmocka_unit_test(test_queue_of_turns),
		cmocka_unit_test(test_state_is_zeroed_and_aligned),
		cmocka_unit_test(test_buffer_keeps_order_while_it_grows),
		cmocka_unit_test(test_empty_buffer_goes_back_to_the_pool),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
