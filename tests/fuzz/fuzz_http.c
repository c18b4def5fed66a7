/* SPDX-License-Identifier: MIT */
/*
 * Any bytes, cut anywhere: the same requests are found as in one piece, and
 * never a byte behind those given is looked at. The first byte of the input
 * decides how it is cut.
 */
/* sources: servers/core/http_parser.c servers/core/framing.c */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "servers/core/http_parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT = 1000 }; /* of a body */

/* A connection, and what was found on it. */
struct run {
	struct http_scan scan;
	struct http_body body;
	uint64_t hash;
	size_t taken;
	ssize_t refused;
};

static void run_add(struct run *r, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		r->hash = (r->hash ^ (uint8_t)bytes[i]) * 0x100000001b3;
}

/* All of a text must be there to be read. */
static void run_text(struct run *r, const struct http_text *text)
{
	if (text->at)
		run_add(r, text->at, text->len);
	run_add(r, "|", 1);
}

static void run_request(struct run *r, const struct http_request *q)
{
	const char flags[] = {(char)q->method, (char)q->minor,
		(char)q->keep_alive, (char)q->expect_continue, (char)q->chunked,
		(char)q->has_length};
	char path[64];

	run_add(r, flags, sizeof(flags));
	run_text(r, &q->path);
	run_text(r, &q->query);
	run_text(r, &q->host);
	run_text(r, &q->if_none_match);
	run_text(r, &q->if_modified_since);
	if (http_decode_path(&q->path, path, sizeof(path)) >= 0 &&
		strlen(path) > q->path.len)
		abort();
	if (q->chunked && q->has_length)
		abort();
}

static ssize_t run_head(struct run *r, const char *buf, size_t len)
{
	struct http_request q;
	ssize_t n = http_parse_head(&r->scan, buf, len, &q);
	int error;

	if (n <= 0)
		return n;
	run_request(r, &q);
	error = http_body_begin(&r->body, &q, LIMIT);
	return error ? error : n;
}

static ssize_t run_body(struct run *r, const char *buf, size_t len)
{
	struct http_text content;
	ssize_t n = http_body_next(&r->body, buf, len, LIMIT, &content);

	if (n > 0)
		run_add(r, content.at, content.len);
	if (r->body.total > LIMIT && n >= 0)
		abort();
	return n;
}

/* As the handler does. Returns the bytes taken, 0 or a refusal. */
static ssize_t run_once(struct run *r, const char *buf, size_t len)
{
	const size_t empty = http_empty_line(buf, len);

	if (!http_body_done(&r->body))
		return run_body(r, buf, len);
	if (!empty)
		return run_head(r, buf, len);
	r->scan = (struct http_scan) {0};
	return (ssize_t)empty;
}

/* Offers bytes in memory of their own, so that a byte too many is noticed. */
static size_t run_offer(struct run *r, const char *bytes, size_t have)
{
	const size_t len = have - r->taken;
	char *copy = malloc(len);
	ssize_t n;

	if (!copy)
		abort();
	memcpy(copy, bytes + r->taken, len);
	n = run_once(r, copy, len);
	free(copy);
	if (n > (ssize_t)len)
		abort();
	if (n < 0)
		r->refused = n;
	else
		r->taken += (size_t)n;
	return n > 0 ? (size_t)n : 0;
}

static struct run run(const char *bytes, size_t size, size_t step)
{
	struct run r = {0};
	size_t have = 0;

	while (have < size && !r.refused) {
		have += step < size - have ? step : size - have;
		while (r.taken < have && run_offer(&r, bytes, have))
			;
	}
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data + 1;
	struct run whole, cut;

	if (size < 2)
		return 0;
	whole = run(bytes, size - 1, size);
	cut = run(bytes, size - 1, 1 + data[0] % 17u);
	if (whole.refused != cut.refused || whole.hash != cut.hash ||
		whole.taken != cut.taken)
		abort();
	return 0;
}
