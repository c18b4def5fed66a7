/* SPDX-License-Identifier: MIT */
/* Each workload judges the same whatever the pieces that a reply comes in. */
#include "client/workload.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/options.h"

/* A workload with one session, as a connection would use it. */
struct bench {
	const struct workload *workload;
	void *options;
	struct session session;
};

static struct bench bench_open(const char *spec)
{
	struct bench b = {0};
	char why[WHY_SIZE] = "";

	if (workload_make(spec, 1, &b.workload, &b.options, why))
		fail_msg("%s: %s", spec, why);
	b.session.options = b.options;
	b.session.key = 12345;
	b.session.state = calloc(1, b.workload->state_size + 1);
	if (b.workload->open)
		b.workload->open(&b.session);
	return b;
}

static void bench_close(struct bench *b)
{
	free(b->session.state);
	workload_free(b->workload, b->options);
}

static struct slice bench_ask(struct bench *b)
{
	struct slice request = {NULL, 0};

	if (b->workload->request)
		request = b->workload->request(&b->session);
	b->session.asked++;
	return request;
}

/* Feeds `len` bytes in pieces of `piece`, all for one request. */
static enum reply bench_feed(struct bench *b, struct slice request,
	const char *reply, size_t len, size_t piece)
{
	enum reply verdict = REPLY_MORE;
	size_t at = 0, used;

	while (at < len && verdict == REPLY_MORE) {
		size_t n = len - at < piece ? len - at : piece;
		/* A copy of its own, so that a read past it is seen. */
		char *copy = malloc(n);

		memcpy(copy, reply + at, n);
		used = 0;
		verdict = b->workload->reply(
			&b->session, request, copy, n, &used);
		free(copy);
		if (verdict == REPLY_MORE)
			assert_int_equal(used, n);
		at += used;
	}
	if (verdict == REPLY_DONE)
		assert_int_equal(at, len);
	return verdict;
}

static const size_t pieces[] = {1, 2, 3, 7, 63, 64, 65, 1000, 1 << 20};
enum { PIECES = sizeof(pieces) / sizeof(pieces[0]) };

static void echo_accepts_any_split_and_no_wrong_byte(void **state)
{
	struct bench b = bench_open("echo:size=200");
	char reply[200];
	size_t i, k;

	(void)state;
	for (i = 0; i < PIECES; i++) {
		struct slice r = bench_ask(&b);

		assert_int_equal(r.len, 200);
		assert_int_equal(bench_feed(&b, r, r.data, r.len, pieces[i]),
			REPLY_DONE);
	}
	for (k = 0; k < 200; k += 13) {
		struct bench fresh = bench_open("echo:size=200");
		struct slice r = bench_ask(&fresh);

		memcpy(reply, r.data, r.len);
		reply[k] ^= 0x10;
		assert_int_equal(
			bench_feed(&fresh, r, reply, 200, 7), REPLY_WRONG);
		bench_close(&fresh);
	}
	bench_close(&b);
}

static void echo_tells_one_request_from_another(void **state)
{
	struct bench b = bench_open("echo:size=16");
	struct slice first = bench_ask(&b), next;
	size_t i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		next = bench_ask(&b);
		assert_memory_not_equal(first.data, next.data, 16);
	}
	assert_int_equal(bench_feed(&b, next, first.data, 16, 16), REPLY_WRONG);
	bench_close(&b);
}

static void echo_takes_one_reply_at_a_time(void **state)
{
	struct bench b = bench_open("echo:size=10");
	struct slice r = bench_ask(&b);
	char two[20];
	size_t used = 0;

	(void)state;
	memcpy(two, r.data, 10);
	memcpy(two + 10, r.data, 10);
	assert_int_equal(
		b.workload->reply(&b.session, r, two, 20, &used), REPLY_DONE);
	assert_int_equal(used, 10);
	bench_close(&b);
}

static void echo_draws_sizes(void **state)
{
	struct bench even = bench_open("echo:size=10,max=12");
	struct bench list = bench_open("echo:sizes=5+5+1k");
	size_t seen[1025] = {0}, i;

	(void)state;
	for (i = 0; i < 3000; i++) {
		struct slice r = bench_ask(&even);

		seen[r.len]++;
		assert_int_equal(
			bench_feed(&even, r, r.data, r.len, 7), REPLY_DONE);
		seen[bench_ask(&list).len]++;
	}
	assert_true(seen[10] > 800 && seen[11] > 800 && seen[12] > 800);
	assert_true(seen[5] > 1700 && seen[1024] > 800);
	assert_int_equal(
		seen[5] + seen[10] + seen[11] + seen[12] + seen[1024], 6000);
	bench_close(&even);
	bench_close(&list);
}

/* One in three is long, and each is answered as long as it is. */
static void line_and_bytes_draw_sizes(void **state)
{
	struct bench line = bench_open("line:sizes=5+5+900,fold=off");
	struct bench bytes = bench_open("bytes:size=10,max=12");
	char alphabet[13] = "abcdefghijkl";
	size_t i, size, longs = 0, seen[13] = {0};

	(void)state;
	for (i = 0; i < 1000; i++) {
		struct slice r = bench_ask(&line);

		assert_true(r.len == 5 || r.len == 900);
		assert_true(memchr(r.data, '\n', r.len) == r.data + r.len - 1);
		assert_int_equal(
			bench_feed(&line, r, r.data, r.len, 7), REPLY_DONE);
		longs += r.len == 900;
		r = bench_ask(&bytes);
		size = (size_t)atoi(r.data);
		assert_in_range(size, 10, 12);
		assert_int_equal(
			bench_feed(&bytes, r, alphabet, size, 3), REPLY_DONE);
		seen[size]++;
	}
	assert_in_range(longs, 250, 420);
	assert_true(seen[10] > 250 && seen[11] > 250 && seen[12] > 250);
	bench_close(&line);
	bench_close(&bytes);
}

static void line_wants_upper_case(void **state)
{
	struct bench b = bench_open("line:size=80");
	char reply[80];
	size_t i, k;

	(void)state;
	for (i = 0; i < PIECES; i++) {
		struct slice r = bench_ask(&b);

		assert_int_equal(r.len, 80);
		assert_true(memchr(r.data, '\n', 80) == r.data + 79);
		for (k = 0; k < 80; k++)
			reply[k] = (char)toupper((unsigned char)r.data[k]);
		assert_int_equal(
			bench_feed(&b, r, reply, 80, pieces[i]), REPLY_DONE);
		r = bench_ask(&b);
		assert_int_equal(
			bench_feed(&b, r, reply, 80, pieces[i]), REPLY_WRONG);
		memset(b.session.state, 0, b.workload->state_size);
	}
	bench_close(&b);
}

static void bytes_asks_in_decimal_and_wants_the_alphabet(void **state)
{
	struct bench b = bench_open("bytes:size=4000");
	char reply[4000];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(reply); i++)
		reply[i] = (char)('a' + i % 26);
	for (i = 0; i < PIECES; i++) {
		struct slice r = bench_ask(&b);

		assert_int_equal(r.len, 5);
		assert_memory_equal(r.data, "4000\n", 5);
		assert_int_equal(
			bench_feed(&b, r, reply, 4000, pieces[i]), REPLY_DONE);
	}
	reply[3999] = 'A';
	assert_int_equal(
		bench_feed(&b, bench_ask(&b), reply, 4000, 64), REPLY_WRONG);
	bench_close(&b);
}

static enum reply greet_outcome(const char *text, size_t piece)
{
	struct bench b = bench_open("greet");
	enum reply verdict = bench_feed(
		&b, (struct slice) {NULL, 0}, text, strlen(text), piece);

	if (verdict == REPLY_MORE)
		verdict = b.workload->eof(&b.session);
	bench_close(&b);
	return verdict;
}

static void greet_wants_thanks_and_a_whole_line(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < PIECES; i++) {
		assert_int_equal(greet_outcome("Thank you for connecting "
					       "127.0.0.1:7\n",
					 pieces[i]),
			REPLY_DONE);
		assert_int_equal(greet_outcome("Thank you for connecting 127.",
					 pieces[i]),
			REPLY_SHORT);
		assert_int_equal(greet_outcome("Thank you for\n", pieces[i]),
			REPLY_WRONG);
		assert_int_equal(
			greet_outcome("Thank you for", pieces[i]), REPLY_SHORT);
	}
	assert_int_equal(greet_outcome("", 1), REPLY_MORE);
}

#define GREETING "Thank you for connecting 127.0.0.1:7\n"

static void greet_wants_one_line_with_an_address(void **state)
{
	static const char *const wrong[] = {
		"Thank you for connecting \n",
		"Thank you for connecting \n127.0.0.1:7\n",
		"Thank you for connecting 127.0.0.1:7\nmore",
		"Thank you for connecting 127.0.0.1:7\n\n",
		GREETING GREETING,
		"Thank you for connecting 127.0.0.1\t7\n",
		"Thank you for connecting 127.0.0.1\1777\n",
		"Thank you for connecting 127.0.0.1\3777\n",
	};
	size_t i, k;

	(void)state;
	for (i = 0; i < PIECES; i++)
		for (k = 0; k < sizeof(wrong) / sizeof(wrong[0]); k++)
			assert_int_equal(greet_outcome(wrong[k], pieces[i]),
				REPLY_WRONG);
}

static void chargen_follows_the_pattern_across_requests(void **state)
{
	enum { LEN = 74 * 200 };
	char *text = malloc(LEN);
	size_t i, at, used;

	(void)state;
	for (i = 0; i < LEN; i++) {
		size_t line = i / 74, column = i % 74;

		text[i] = column == 72	 ? '\r'
			  : column == 73 ? '\n'
					 : (char)(' ' + (line + column) % 95);
	}
	for (i = 0; i < PIECES; i++) {
		struct bench b = bench_open("chargen:size=100");

		for (at = 0; at + 100 <= LEN; at += 100)
			assert_int_equal(bench_feed(&b, bench_ask(&b),
						 text + at, 100, pieces[i]),
				REPLY_DONE);
		text[0] ^= 1;
		assert_int_equal(b.workload->reply(&b.session, bench_ask(&b),
					 text, 1, &used),
			REPLY_WRONG);
		text[0] ^= 1;
		bench_close(&b);
	}
	free(text);
}

static void chargen_follows_what_comes_before_the_first_request(void **state)
{
	struct bench b = bench_open("chargen:size=10");
	const struct slice none = {NULL, 0};
	char text[60];
	size_t i, used;

	(void)state;
	for (i = 0; i < sizeof(text); i++)
		text[i] = (char)(' ' + i);
	assert_int_equal(bench_feed(&b, none, text, 37, 25), REPLY_MORE);
	assert_int_equal(
		bench_feed(&b, bench_ask(&b), text + 37, 10, 4), REPLY_DONE);
	bench_close(&b);

	b = bench_open("chargen:size=10");
	assert_int_equal(
		b.workload->reply(&b.session, none, text + 1, 1, &used),
		REPLY_WRONG);
	bench_close(&b);
}

static void discard_sends_lines_of_its_size(void **state)
{
	struct bench b = bench_open("discard:size=3");
	struct slice r = bench_ask(&b);

	(void)state;
	assert_int_equal(r.len, 3);
	assert_int_equal(r.data[2], '\n');
	assert_true(islower(r.data[0]) && islower(r.data[1]));
	assert_true(b.workload->unreplied);
	bench_close(&b);
}

static const char *const http_replies[] = {
	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
	"HTTP/1.1 200 OK\nDate: now\ncontent-length:5\n\nhello",
	"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n"
	"1\r\nh\r\n04;x=y\r\nello\r\n0\r\nTrailer: t\r\n\r\n",
	"HTTP/1.1 100 Continue\r\n\r\n"
	"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
};

static void http_reads_a_reply_in_any_pieces(void **state)
{
	struct bench b = bench_open("http:path=/x");
	size_t i, k, n = sizeof(http_replies) / sizeof(http_replies[0]);

	(void)state;
	for (k = 0; k < 3 * n; k++)
		for (i = 0; i < PIECES; i++) {
			const char *reply = http_replies[(k / 2) % n];

			assert_int_equal(bench_feed(&b, bench_ask(&b), reply,
						 strlen(reply), pieces[i]),
				REPLY_DONE);
		}
	bench_close(&b);
}

/* Longer than what is remembered of a reply: the body is hashed. */
static void http_notices_one_wrong_byte_anywhere(void **state)
{
	static const char header[] =
		"HTTP/1.1 200 OK\r\nContent-Length: 3001\r\n\r\n";
	enum { HEAD = sizeof(header) - 1, LEN = HEAD + 3001 };
	struct bench b = bench_open("http");
	char *reply = malloc(LEN);
	size_t at, i;

	(void)state;
	memcpy(reply, header, HEAD);
	for (i = HEAD; i < LEN; i++)
		reply[i] = (char)(i * 7);
	for (at = HEAD; at < LEN; at += 97) {
		assert_int_equal(bench_feed(&b, bench_ask(&b), reply, LEN,
					 pieces[at % PIECES]),
			REPLY_DONE);
		reply[at] ^= 4;
		assert_int_equal(bench_feed(&b, bench_ask(&b), reply, LEN,
					 pieces[at % PIECES]),
			REPLY_WRONG);
		reply[at] ^= 4;
		memset(b.session.state, 0, b.workload->state_size);
	}
	free(reply);
	bench_close(&b);
}

/* The body of a POST, in what is sent. */
static struct slice http_sent_body(struct slice request)
{
	const char *end = memmem(request.data, request.len, "\r\n\r\n", 4);
	struct slice body;

	assert_non_null(end);
	body.data = end + 4;
	body.len = request.len - (size_t)(body.data - request.data);
	return body;
}

/* What a server answers that says how much it was sent, or gives it back. */
static size_t http_answer(
	char *reply, size_t room, struct slice body, bool echo)
{
	char said[64];
	int n = snprintf(said, sizeof(said), "received %zu bytes\n", body.len);
	size_t len = echo ? body.len : (size_t)n;
	size_t head = (size_t)snprintf(reply, room,
		"HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", len);

	memcpy(reply + head, echo ? body.data : said, len);
	return head + len;
}

static const char *const http_posts[] = {
	"http:method=POST,body=10,max=12",
	"http:method=POST,sizes=0+40+41+3000",
	"http:method=POST,echo=on,body=10",
	"http:method=POST,echo=on,body=0,max=2",
	"http:method=POST,echo=on,sizes=5+2000+5",
};
enum { HTTP_POSTS = sizeof(http_posts) / sizeof(http_posts[0]) };

static void http_bodies_vary_and_are_answered_in_kind(void **state)
{
	char reply[4096];
	size_t i, k;

	(void)state;
	for (k = 0; k < HTTP_POSTS; k++) {
		struct bench b = bench_open(http_posts[k]);
		bool echo = strstr(http_posts[k], "echo") != NULL;

		for (i = 0; i < 1000; i++) {
			struct slice r = bench_ask(&b);
			size_t len = http_answer(
				reply, sizeof(reply), http_sent_body(r), echo);

			assert_int_equal(bench_feed(&b, r, reply, len,
						 pieces[i % PIECES]),
				REPLY_DONE);
		}
		bench_close(&b);
	}
}

/* As long as the right one, and remembered as right: what another request was
 * answered. */
static void http_notices_the_answer_to_another_body(void **state)
{
	char replies[2][4096];
	size_t i, k, lens[2];

	(void)state;
	for (k = 0; k < HTTP_POSTS; k++) {
		struct bench b = bench_open(http_posts[k]);
		bool echo = strstr(http_posts[k], "echo") != NULL;

		lens[0] = 0;
		for (i = 0; i < 100000; i++) {
			struct slice r = bench_ask(&b);

			lens[1] = http_answer(replies[1], sizeof(replies[1]),
				http_sent_body(r), echo);
			if (i > 5000 && lens[0] == lens[1] &&
				memcmp(replies[0], replies[1], lens[0]) != 0)
				break;
			assert_int_equal(
				bench_feed(&b, r, replies[1], lens[1], 5000),
				REPLY_DONE);
			memcpy(replies[0], replies[1], lens[1]);
			lens[0] = lens[1];
		}
		assert_true(i < 100000);
		assert_int_equal(bench_feed(&b, (struct slice) {NULL, 0},
					 replies[0], lens[0], 5000),
			REPLY_WRONG);
		bench_close(&b);
	}
}

static void http_draws_sizes_of_bodies(void **state)
{
	struct bench even = bench_open("http:method=POST,body=10,max=12");
	struct bench list = bench_open("http:method=POST,sizes=5+5+1k,echo=on");
	size_t seen[1025] = {0}, i;

	(void)state;
	for (i = 0; i < 3000; i++) {
		seen[http_sent_body(bench_ask(&even)).len]++;
		seen[http_sent_body(bench_ask(&list)).len]++;
	}
	assert_true(seen[10] > 800 && seen[11] > 800 && seen[12] > 800);
	assert_true(seen[5] > 1700 && seen[1024] > 800);
	assert_int_equal(
		seen[5] + seen[10] + seen[11] + seen[12] + seen[1024], 6000);
	bench_close(&even);
	bench_close(&list);
}

/* ---- chat ---------------------------------------------------------------- */

static void chat_look(struct session *s)
{
	(void)s;
}

/* Feeds what a member hears in pieces of `piece`; returns what the last line
 * was, and counts deliveries. */
static enum reply chat_feed(
	struct bench *b, const char *text, size_t piece, unsigned *deliveries)
{
	size_t len = strlen(text), at = 0;
	enum reply verdict = REPLY_MORE;

	while (at < len) {
		size_t n = len - at < piece ? len - at : piece;
		char *copy = malloc(n);
		struct heard heard = {0};

		memcpy(copy, text + at, n);
		verdict = b->workload->hear(&b->session, copy, n, 5, &heard);
		free(copy);
		*deliveries += heard.said_ns > 0;
		if (verdict != REPLY_MORE && verdict != REPLY_DONE)
			return verdict;
		at += heard.used;
	}
	return verdict;
}

static void chat_come_in(struct bench *b, uint64_t index, unsigned *deliveries)
{
	char greeting[64], text[256], *room;
	struct slice said;

	b->session.index = index;
	b->session.now_ns = 1;
	b->workload->open(&b->session);
	said = b->workload->greeting(&b->session);
	snprintf(greeting, sizeof(greeting), "%.*s", (int)said.len, said.data);
	*strchr(greeting, '\n') = '\0';
	room = greeting + strlen(greeting) + strlen("\n/room ");
	*strchr(room, '\n') = '\0';
	snprintf(text, sizeof(text),
		"* welcome; what is your nick?\n* 9-9 joins\n"
		"* you are %s, in room lobby\n* you are %s, in room %s\n",
		greeting, greeting, room);
	assert_int_equal(chat_feed(b, text, 3, deliveries), REPLY_DONE);
}

static void chat_hears_lines_in_any_pieces(void **state)
{
	const struct workload_plan plan = {2, 1, 8, UINT64_MAX, 1, 0};
	struct bench a = {0}, b;
	char why[WHY_SIZE], text[128];
	unsigned deliveries = 0;
	struct slice said;
	size_t i;

	(void)state;
	assert_int_equal(
		workload_make("chat:size=40", 1, &a.workload, &a.options, why),
		0);
	assert_int_equal(a.workload->plan(a.options, &plan, why), 0);
	assert_int_equal(a.workload->begin(a.options, chat_look), 0);
	b = a;
	a.session.options = b.session.options = a.options;
	a.session.state = calloc(1, a.workload->state_size);
	b.session.state = calloc(1, a.workload->state_size);
	chat_come_in(&a, 0, &deliveries);
	chat_come_in(&b, 1, &deliveries);
	for (i = 0; i < 8; i++) {
		said = a.workload->request(&a.session);
		assert_int_equal(said.len, 40);
		snprintf(text, sizeof(text), "0-1: %.40s", said.data);
		assert_int_equal(chat_feed(&b, text, pieces[i], &deliveries),
			REPLY_DONE);
	}
	assert_int_equal(deliveries, 8);
	assert_int_equal(chat_feed(&b, text, 7, &deliveries), REPLY_TWICE);
	text[20] ^= 1;
	assert_int_equal(chat_feed(&b, text, 7, &deliveries), REPLY_WRONG);
	assert_int_equal(
		chat_feed(&b, "* 0-1 sings\n", 7, &deliveries), REPLY_WRONG);
	assert_int_equal(
		chat_feed(&b, "error: no\n", 7, &deliveries), REPLY_STATUS);
	assert_int_equal(a.workload->end(a.options), 0);
	free(a.session.state);
	free(b.session.state);
	workload_free(a.workload, a.options);
}

static void wrong_specs_are_explained(void **state)
{
	static const char *const cases[][2] = {
		{"nosuch", "echo"},
		{"", "echo"},
		{"echo:size=0", "size"},
		{"echo:colour=red", "colour"},
		{"echo:sizes=5++6", "sizes"},
		{"echo:sizes=5+x", "sizes"},
		{"echo:sizes=5,max=9", "only one"},
		{"echo:size=9,max=8", "max"},
		{"line:size=1", "size"},
		{"line:sizes=5+1", "sizes"},
		{"bytes:sizes=5+17k", "16384"},
		{"bytes:size=16385", "16384"},
		{"greet:size=1", "size"},
		{"http:path=x", "path"},
		{"http:body=5", "POST"},
		{"http:max=5", "POST"},
		{"http:sizes=5", "POST"},
		{"http:echo=on", "POST"},
		{"http:method=POST,sizes=5+65M", "sizes='5+65M'"},
		{"http:method=POST,sizes=5,max=9", "only one"},
		{"http:method=POST,body=9,max=8", "max=8"},
		{"http:method=POST,echo=on,same=off", "same=off"},
		{"chat:size=5", "size"},
	};
	const struct workload *workload;
	char why[WHY_SIZE];
	void *options;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		why[0] = '\0';
		assert_true(workload_make(cases[i][0], 1, &workload, &options,
				    why) < 0);
		if (!strstr(why, cases[i][1]))
			fail_msg("%s: %s", cases[i][0], why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(echo_accepts_any_split_and_no_wrong_byte),
		cmocka_unit_test(echo_tells_one_request_from_another),
		cmocka_unit_test(echo_takes_one_reply_at_a_time),
		cmocka_unit_test(echo_draws_sizes),
		cmocka_unit_test(line_and_bytes_draw_sizes),
		cmocka_unit_test(line_wants_upper_case),
		cmocka_unit_test(bytes_asks_in_decimal_and_wants_the_alphabet),
		cmocka_unit_test(greet_wants_thanks_and_a_whole_line),
		cmocka_unit_test(greet_wants_one_line_with_an_address),
		cmocka_unit_test(chargen_follows_the_pattern_across_requests),
		cmocka_unit_test(
			chargen_follows_what_comes_before_the_first_request),
		cmocka_unit_test(discard_sends_lines_of_its_size),
		cmocka_unit_test(http_reads_a_reply_in_any_pieces),
		cmocka_unit_test(http_notices_one_wrong_byte_anywhere),
		cmocka_unit_test(http_bodies_vary_and_are_answered_in_kind),
		cmocka_unit_test(http_notices_the_answer_to_another_body),
		cmocka_unit_test(http_draws_sizes_of_bodies),
		cmocka_unit_test(chat_hears_lines_in_any_pieces),
		cmocka_unit_test(wrong_specs_are_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
