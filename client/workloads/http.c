/* SPDX-License-Identifier: MIT */
/*
 * http: one request again and again (HTTP/1.1, RFC 9112).
 *
 * Each reply must have the expected status and, with same=on, the same body as
 * all others. Most servers send the same bytes each time, so a connection
 * remembers its last good reply: one comparison then does for status, header
 * and body. Any difference, such as a new second in a Date field, sends that
 * reply through the parser, and it becomes the one to remember.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/http_reply.h"
#include "client/workload.h"
#include "common/options.h"

enum { HTTP_KNOWN = 1024 }; /* bytes of a reply to remember, at most */

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST };

struct http_options {
	const char *path, *host;
	int method;
	uint64_t body, status;
	bool chunked, close, same;

	char *request;
	size_t request_len;
	_Atomic int body_known; /* 1: being written, 2: the two below hold */
	uint64_t body_length, body_hash;
};

struct http_state {
	struct http_reply reply;
	uint32_t got;	     /* bytes of the reply in progress, HTTP_KNOWN + 1
			     * if there are more */
	uint32_t known_len;  /* 0: none is known */
	uint64_t known_body; /* bytes of body that follow known[]; 0: none */
	char known[HTTP_KNOWN]; /* the last good reply, or its header only */
	char coming[HTTP_KNOWN];
};

#define FIELD(name) offsetof(struct http_options, name)
static const struct option_spec http_table[] = {
	{"path", OPTION_STRING, FIELD(path), "/", NULL, 0, 0,
		"what to ask for"},
	{"host", OPTION_STRING, FIELD(host), "localhost", NULL, 0, 0,
		"the Host field"},
	{"method", OPTION_CHOICE, FIELD(method), "GET", "GET,HEAD,POST", 0, 0,
		"the method"},
	{"body", OPTION_SIZE, FIELD(body), "0", NULL, 0, 64 << 20,
		"bytes to send with POST"},
	{"chunked", OPTION_SWITCH, FIELD(chunked), "off", NULL, 0, 0,
		"send them in chunks"},
	{"close", OPTION_SWITCH, FIELD(close), "off", NULL, 0, 0,
		"ask the server to close after each reply"},
	{"status", OPTION_COUNT, FIELD(status), "200", NULL, 200, 599,
		"the status that is right"},
	{"same", OPTION_SWITCH, FIELD(same), "on", NULL, 0, 0,
		"all replies must have the same body"},
	{0},
};
#undef FIELD

/* ---- the request -------------------------------------------------------- */

static void http_write_body(
	const struct http_options *o, FILE *out, uint64_t seed)
{
	enum { CHUNK = 4096 };
	uint64_t at;

	for (at = 0; at < o->body; at++) {
		uint64_t left = o->body - at;

		if (o->chunked && at % CHUNK == 0)
			fprintf(out, "%s%x\r\n", at ? "\r\n" : "",
				(unsigned)(left < CHUNK ? left : CHUNK));
		putc('a' + (int)(workload_random(&seed) % 26), out);
	}
	if (o->chunked)
		fprintf(out, "%s0\r\n\r\n", o->body ? "\r\n" : "");
}

static void http_write_request(
	const struct http_options *o, FILE *out, uint64_t seed)
{
	static const char *const methods[] = {"GET", "HEAD", "POST"};

	fprintf(out, "%s %s HTTP/1.1\r\nHost: %s\r\n", methods[o->method],
		o->path, o->host);
	if (o->close)
		fputs("Connection: close\r\n", out);
	if (o->method == HTTP_POST && o->chunked)
		fputs("Transfer-Encoding: chunked\r\n", out);
	else if (o->method == HTTP_POST)
		fprintf(out, "Content-Length: %llu\r\n",
			(unsigned long long)o->body);
	fputs("\r\n", out);
	if (o->method == HTTP_POST)
		http_write_body(o, out, seed);
}

static int http_setup(void *options, uint64_t seed, char *why)
{
	struct http_options *o = options;
	FILE *out;

	if (o->method != HTTP_POST && (o->body || o->chunked)) {
		snprintf(why, WHY_SIZE, "body and chunked need method=POST");
		return -EINVAL;
	}
	if (o->path[0] != '/' || strpbrk(o->path, " \r\n") ||
		strpbrk(o->host, " \r\n")) {
		snprintf(why, WHY_SIZE,
			"path must begin with / and have no space in it");
		return -EINVAL;
	}
	out = open_memstream(&o->request, &o->request_len);
	if (!out)
		return -errno;
	http_write_request(o, out, seed);
	if (fclose(out) == EOF) {
		snprintf(why, WHY_SIZE, "out of memory");
		return -ENOMEM;
	}
	return 0;
}

static void http_release(void *options)
{
	free(((struct http_options *)options)->request);
}

static struct slice http_request(struct session *s)
{
	const struct http_options *o = s->options;

	return (struct slice) {o->request, o->request_len};
}

/* ---- the reply ---------------------------------------------------------- */

/* The first body that is complete is what all others must be like. */
static bool http_body_is_right(
	const struct http_options *o, const struct http_reply *r)
{
	struct http_options *shared = (struct http_options *)(uintptr_t)o;
	int unknown = 0;

	if (!o->same)
		return true;
	if (atomic_compare_exchange_strong(&shared->body_known, &unknown, 1)) {
		shared->body_length = r->body_length;
		shared->body_hash = http_reply_hash(r);
		shared->body_known = 2;
	}
	while (shared->body_known != 2)
		; /* another thread is between the lines above */
	return r->body_length == o->body_length &&
	       http_reply_hash(r) == o->body_hash;
}

/* A reply to remember: all of it, or only the header where the rest is long
 * and has a length. */
static void http_remember(const struct http_options *o, struct http_state *s)
{
	const struct http_reply *r = &s->reply;

	s->known_len = 0;
	s->known_body = 0;
	if (!o->same || r->closes)
		return;
	if (s->got <= HTTP_KNOWN) {
		s->known_len = s->got;
	} else if (r->has_length && r->header_length <= HTTP_KNOWN) {
		s->known_len = r->header_length;
		s->known_body = r->length;
	}
	memcpy(s->known, s->coming, s->known_len);
}

/* Is this the known reply, or its header? Then all of it but a long body is
 * judged already: returns how many bytes that is, or 0. */
static size_t http_recognise(
	struct http_state *s, int status, const char *buf, size_t len)
{
	if (s->got > 0 || s->known_len == 0 || len < s->known_len ||
		memcmp(s->known, buf, s->known_len) != 0)
		return 0;
	if (s->known_body == 0)
		return s->known_len;
	s->reply.phase = HTTP_BODY;
	s->reply.status = status;
	s->reply.has_length = true;
	s->reply.length = s->reply.left = s->known_body;
	s->reply.header_length = s->got = s->known_len;
	memcpy(s->coming, s->known, s->known_len);
	return s->known_len;
}

static enum reply http_complete(
	const struct http_options *o, struct http_state *s)
{
	bool closes = s->reply.closes;

	if (s->reply.status != (int)o->status)
		return REPLY_STATUS;
	if (!http_body_is_right(o, &s->reply))
		return REPLY_WRONG;
	http_remember(o, s);
	s->got = 0;
	memset(&s->reply, 0, offsetof(struct http_reply, line));
	return closes ? REPLY_LAST : REPLY_DONE;
}

static void http_keep(struct http_state *s, const char *buf, size_t len)
{
	if (s->got < HTTP_KNOWN) {
		size_t room = HTTP_KNOWN - s->got;

		memcpy(s->coming + s->got, buf, len < room ? len : room);
	}
	/* Beyond HTTP_KNOWN only that it is more matters. */
	s->got = len > HTTP_KNOWN ? HTTP_KNOWN + 1 : s->got + (uint32_t)len;
	if (s->got > HTTP_KNOWN)
		s->got = HTTP_KNOWN + 1;
}

static enum reply http_reply_bytes(struct session *session,
	struct slice request, const char *buf, size_t len, size_t *used)
{
	const struct http_options *o = session->options;
	struct http_state *s = session->state;
	size_t known = http_recognise(s, (int)o->status, buf, len);
	enum http_result result;

	(void)request;
	if (known && s->known_body == 0) {
		*used = known;
		return REPLY_DONE;
	}
	s->reply.head_only = o->method == HTTP_HEAD;
	result = http_reply_feed(&s->reply, buf + known, len - known, used);
	if (result == HTTP_BAD)
		return REPLY_PARSE;
	http_keep(s, buf + known, *used);
	*used += known;
	return result == HTTP_DONE ? http_complete(o, s) : REPLY_MORE;
}

static enum reply http_eof(struct session *session)
{
	struct http_state *s = session->state;

	if (s->got == 0)
		return REPLY_MORE;
	if (!http_reply_ends(&s->reply))
		return REPLY_SHORT;
	return http_complete(session->options, s);
}

const struct workload workload_http = {
	.name = "http",
	.summary = "requests of HTTP/1.1, the replies checked whole",
	.options = http_table,
	.options_size = sizeof(struct http_options),
	.state_size = sizeof(struct http_state),
	.setup = http_setup,
	.release = http_release,
	.request = http_request,
	.reply = http_reply_bytes,
	.eof = http_eof,
};
