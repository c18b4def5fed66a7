/* SPDX-License-Identifier: MIT */
#include "harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/options.h"

void harness_prepare(
	struct harness *h, const struct handler *handler, const char *options)
{
	char why[WHY_SIZE] = "";
	void *values = calloc(1, handler->options_size + 1);
	struct handler_config config = {.options = values};

	memset(h, 0, sizeof(*h));
	assert_non_null(values);
	if (options_parse(handler->options, values, options, why))
		fail_msg("%s", why);
	h->server = (struct server) {
		.handler = handler,
		.handler_options = values,
		.model_spec = "harness",
		.handler_spec = handler->name,
		.listener = -1,
		.ready_fd = -1,
		.config = {.high_water = 65536, .low_water = 16384},
		.board = board_new(-1),
	};
	assert_non_null(h->server.board);
	if (handler->setup)
		assert_int_equal(handler->setup(&config), 0);
	h->output_size = 4096;
	h->output = malloc(h->output_size);
	assert_non_null(h->output);
}

void harness_connect(struct harness *h)
{
	struct slot *slot = board_claim(h->server.board, SLOT_THREAD);

	assert_int_equal(
		worker_init(&h->worker, &h->server, slot, WORKER_LARGE), 0);
	assert_true(server_enter(&h->server));
	slot_add(&slot->accepted, 1);
	h->conn = conn_new(&h->worker, -1);
	assert_non_null(h->conn);
	conn_open(h->conn);
}

void harness_init(
	struct harness *h, const struct handler *handler, const char *options)
{
	harness_prepare(h, handler, options);
	harness_connect(h);
}

void harness_close(struct harness *h)
{
	conn_close(h->conn);
	conn_free(h->conn);
	h->conn = NULL;
}

void harness_disconnect(struct harness *h)
{
	if (h->conn)
		harness_close(h);
	worker_release(&h->worker);
	board_bury(h->server.board, h->worker.slot, 0);
	h->worker.slot = NULL;
}

void harness_release(struct harness *h)
{
	if (h->worker.slot)
		harness_disconnect(h);
	board_free(h->server.board);
	free((void *)h->server.handler_options);
	free(h->output);
}

/* At most `step` of `len` bytes, or a random number below when seeded. */
static size_t harness_cut(struct harness *h, size_t step, size_t len)
{
	if (step && h->seed)
		step = 1 + (size_t)rand_r(&h->seed) % step;
	return step && step < len ? step : len;
}

static void harness_take(struct harness *h, const char *bytes, size_t len)
{
	if (len > h->most_queued)
		h->most_queued = len;
	len = harness_cut(h, h->out_step, len);
	while (h->output_len + len >= h->output_size) {
		h->output_size *= 2;
		h->output = realloc(h->output, h->output_size);
		assert_non_null(h->output);
	}
	memcpy(h->output + h->output_len, bytes, len);
	h->output_len += len;
	conn_sent(h->conn, len);
}

static void harness_bring(struct harness *h)
{
	size_t size = 0, n;
	char *space = conn_space(h->conn, &size);

	assert_non_null(space);
	assert_true(size > 0);
	n = harness_cut(h, h->in_step, h->input_len);
	n = n < size ? n : size;
	memcpy(space, h->input, n);
	h->input += n;
	h->input_len -= n;
	conn_received(h->conn, n);
}

static void harness_wake(struct harness *h)
{
	const uint64_t now = clock_ns(), until = conn_deadline(h->conn);

	h->pauses++;
	h->paused_ns += until > now ? until - now : 0;
	h->worker.now = until;
	conn_expire(h->conn, until);
	assert_false(h->conn->paused);
}

bool harness_step(struct harness *h)
{
	struct conn *c = h->conn;
	const char *bytes;
	size_t len = 0;

	bytes = h->deaf ? NULL : conn_output(c, &len);
	if (bytes)
		harness_take(h, bytes, len);
	else if (c->again && !c->finishing)
		conn_continue(c);
	else if (c->paused && !h->asleep)
		harness_wake(h);
	else if (!conn_wants_input(c))
		return false;
	else if (h->input_len)
		harness_bring(h);
	else if (h->eof)
		conn_input_eof(c);
	else
		return false;
	return true;
}

void harness_run(struct harness *h)
{
	while (harness_step(h))
		;
}

void harness_send(struct harness *h, const void *bytes, size_t len)
{
	assert_int_equal(h->input_len, 0);
	h->input = bytes;
	h->input_len = len;
	harness_run(h);
}

void harness_send_text(struct harness *h, const char *text)
{
	harness_send(h, text, strlen(text));
}

void harness_send_eof(struct harness *h)
{
	h->eof = true;
	harness_run(h);
}

const char *harness_output(struct harness *h, size_t *len)
{
	if (len)
		*len = h->output_len;
	h->output[h->output_len] = '\0';
	h->output_len = 0;
	return h->output;
}

uint64_t harness_requests(const struct harness *h)
{
	return slot_get(&h->worker.slot->requests);
}

uint64_t harness_errors(const struct harness *h, const char *name)
{
	const struct scoreboard *b = h->server.board;

	for (int i = 0; i < BOARD_ERRORS; i++)
		if (!strcmp(b->errors[i].name, name))
			return slot_get(&b->errors[i].count);
	return 0;
}

/* ---- conversations ----------------------------------------------------- */

/* One way to cut the bytes. */
struct cut {
	size_t in_step, out_step;
	unsigned seed;
};

static void converse_once(struct conversation *c, const struct cut *cut)
{
	struct harness h;

	harness_prepare(&h, c->handler, c->options);
	h.in_step = cut->in_step;
	h.out_step = cut->out_step;
	h.seed = cut->seed;
	harness_connect(&h);
	harness_send(&h, c->input, c->input_len);
	if (c->eof)
		harness_send_eof(&h);
	c->ended = conn_done(h.conn);
	c->requests = harness_requests(&h);
	c->output_len = h.output_len;
	c->output = malloc(h.output_len + 1);
	assert_non_null(c->output);
	memcpy(c->output, h.output, h.output_len);
	c->output[c->output_len] = '\0';
	if (c->tidy)
		c->tidy(c->output);
	harness_close(&h);
	assert_int_equal(slot_get(&h.worker.slot->closed), 1);
	assert_int_equal(h.server.board->open, 0);
	harness_release(&h);
}

static void assert_same(
	const struct conversation *a, const struct conversation *b)
{
	assert_int_equal(b->output_len, a->output_len);
	assert_memory_equal(b->output, a->output, a->output_len);
	assert_int_equal(b->requests, a->requests);
	assert_int_equal(b->ended, a->ended);
}

void converse(struct conversation *c)
{
	const struct cut cuts[] = {{0, 1, 0}, {1, 0, 0}, {2, 3, 0}, {7, 0, 1},
		{40, 11, 2}, {1000, 1000, 3}, {20000, 0, 4}};

	converse_once(c, &(struct cut) {0, 0, 0});
	for (size_t i = 0; i < sizeof(cuts) / sizeof(*cuts); i++) {
		struct conversation again = *c;

		converse_once(&again, &cuts[i]);
		assert_same(c, &again);
		free(again.output);
	}
}

void assert_reply(const struct handler *handler, const char *options,
	const char *input, const char *reply, uint64_t requests)
{
	struct conversation c = {.handler = handler,
		.options = options,
		.input = input,
		.input_len = strlen(input),
		.eof = true};

	converse(&c);
	assert_string_equal(c.output, reply);
	assert_int_equal(c.requests, requests);
	assert_true(c.ended);
	free(c.output);
}
