/* SPDX-License-Identifier: MIT */
/*
 * Whole conversations: any bytes, cut anywhere, to a peer that reads as slowly
 * as it likes. Each handler answers as if they had come in one piece, and never
 * queues more than its connection allows. The first byte chooses the handler,
 * the second how input and output are cut.
 */
/* sources: servers/core/conn.c servers/core/framing.c servers/core/http_parser.c servers/core/chat.c servers/handlers/chat.c servers/handlers/echo.c servers/handlers/line.c servers/handlers/bytes.c servers/handlers/work.c servers/handlers/http.c -lcmocka */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "servers/core/http_date.h"
#include "tests/unit/harness.h"

extern const struct handler handler_chat, handler_echo, handler_line,
	handler_bytes, handler_work, handler_http;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct subject {
	const struct handler *handler;
	const char *options;
} subjects[] = {
	{&handler_http, "limit=1000"},
	{&handler_line, ""},
	{&handler_bytes, ""},
	{&handler_chat, ""},
	{&handler_work, "pause=1s,dist=exp"},
	{&handler_echo, "size=3"},
};

enum { SUBJECTS = sizeof(subjects) / sizeof(*subjects) };

/* A date is a moment, and /status tells of moments too. */
static int blank_dates(char *text, size_t len)
{
	char *at = text, *end = text + len;

	if (memmem(text, len, "serverlab.server/1", 18))
		return 0;
	while ((at = memmem(at, (size_t)(end - at), "\r\nDate: ", 8))) {
		at += 8;
		if (end - at < HTTP_DATE_LEN) /* of the input, echoed */
			break;
		memset(at, 'd', HTTP_DATE_LEN);
	}
	return 1;
}

/* What came of a conversation. */
struct outcome {
	char *output;
	size_t len;
	uint64_t requests;
	int ended;
};

static struct outcome talk(
	struct harness *h, const uint8_t *data, size_t size, uint8_t cut)
{
	struct outcome o;

	h->in_step = cut % 16u;
	h->out_step = cut / 16u * 7u;
	h->seed = cut;
	h->eof = false;
	h->most_queued = 0;
	harness_connect(h);
	harness_send(h, data, size);
	harness_send_eof(h);
	if (h->most_queued > 65536 + 16384 + 1024)
		abort();
	h->input_len = 0;
	o = (struct outcome) {.output = malloc(h->output_len + 1),
		.requests = harness_requests(h),
		.ended = conn_done(h->conn)};
	if (!o.output)
		abort();
	o.len = h->output_len;
	memcpy(o.output, harness_output(h, NULL), o.len + 1);
	harness_disconnect(h);
	return o;
}

/* The servers stay, the connections come and go. */
static struct harness *server_of(const struct subject *subject)
{
	static struct harness servers[SUBJECTS];
	static uint8_t prepared[SUBJECTS];
	const size_t i = (size_t)(subject - subjects);

	if (!prepared[i])
		harness_prepare(
			&servers[i], subject->handler, subject->options);
	prepared[i] = 1;
	return &servers[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole, cut;
	struct harness *h;

	if (size < 2)
		return 0;
	h = server_of(&subjects[data[0] % SUBJECTS]);
	whole = talk(h, data + 2, size - 2, 0);
	cut = talk(h, data + 2, size - 2, data[1]);
	if (blank_dates(whole.output, whole.len) &&
		blank_dates(cut.output, cut.len) &&
		(whole.len != cut.len ||
			memcmp(whole.output, cut.output, cut.len)))
		abort();
	if (whole.requests != cut.requests || whole.ended != cut.ended)
		abort();
	free(whole.output);
	free(cut.output);
	return 0;
}
