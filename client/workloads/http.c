/* SPDX-License-Identifier: MIT */
/*
 * http: requests of HTTP/1.1 (RFC 9112), all alike but for the size of the body
 * that a POST has.
 *
 * Each reply must have the expected status and, with same=on, the same body as
 * all others to a request of that size; with echo=on, the body of its own
 * request. Most servers send the same bytes each time, so a connection
 * remembers its last good reply: one comparison then does for status, header
 * and body. Any difference, such as a new second in a Date field or another
 * size, sends that reply through the parser, and it becomes the one to
 * remember.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/http_reply.h"
#include "client/sizes.h"
#include "client/workload.h"
#include "common/options.h"

enum {
	HTTP_KNOWN = 1024, /* bytes of a reply to remember, at most */
	HTTP_BODY_MAX = 64 << 20,
	HTTP_BLOCK = 16 << 20,	 /* bytes of bodies to prepare, about */
	HTTP_TURNS_MIN = 16,	 /* of sizes that vary */
	HTTP_CHUNK_BYTES = 4096, /* of a body that is sent in chunks */
};

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST };

/* A request that stands ready, and the body that its reply must have. */
struct http_made {
	size_t start, len; /* in http_options.text */
	uint64_t size;	   /* of its body */
	_Atomic int known; /* 1: being written, 2: the two below hold */
	uint64_t length, hash;
};

struct http_options {
	const char *path, *host;
	int method;
	struct sizes body;
	uint64_t status;
	bool chunked, close, echo, same;

	char *text; /* of all requests */
	struct http_made *made;
	size_t made_count;
	uint16_t *turns; /* indices of made[], in the order of their turns */
	size_t turn_count;
};

struct http_state {
	struct http_reply reply;
	uint64_t answered;   /* requests of this connection */
	uint32_t got;	     /* bytes of the reply in progress, HTTP_KNOWN + 1
			      * if there are more */
	uint32_t known_len;  /* 0: none is known */
	uint64_t known_body; /* bytes of body that follow known[]; 0: none */
	const struct http_made *known_for;
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
	SIZES_OPTIONS(struct http_options, body, "body", "0", 0, HTTP_BODY_MAX,
		"bytes to send with POST"),
	{"chunked", OPTION_SWITCH, FIELD(chunked), "off", NULL, 0, 0,
		"send them in chunks"},
	{"echo", OPTION_SWITCH, FIELD(echo), "off", NULL, 0, 0,
		"the reply must have the same body as its POST"},
	{"close", OPTION_SWITCH, FIELD(close), "off", NULL, 0, 0,
		"ask the server to close after each reply"},
	{"status", OPTION_COUNT, FIELD(status), "200", NULL, 200, 599,
		"the status that is right"},
	{"same", OPTION_SWITCH, FIELD(same), "on", NULL, 0, 0,
		"all replies to requests of one size must have the same body"},
	{0},
};
#undef FIELD

/* ---- the requests ------------------------------------------------------- */

static void http_write_head(
	const struct http_options *o, FILE *out, uint64_t size)
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
			(unsigned long long)size);
	fputs("\r\n", out);
}

static void http_write_chunks(FILE *out, const char *body, size_t size)
{
	size_t at, len;

	for (at = 0; at < size; at += len) {
		len = size - at;
		if (len > HTTP_CHUNK_BYTES)
			len = HTTP_CHUNK_BYTES;
		fprintf(out, "%zx\r\n", len);
		fwrite(body + at, 1, len, out);
		fputs("\r\n", out);
	}
	fputs("0\r\n\r\n", out);
}

/* What the body of an echo must be is known beforehand. */
static void http_expect_echo(
	struct http_made *made, const char *body, size_t size)
{
	struct http_reply r = {.phase = HTTP_BODY_TO_END};
	size_t used;

	http_reply_feed(&r, body, size, &used);
	made->length = r.body_length;
	made->hash = http_reply_hash(&r);
	made->known = 2;
}

/* `body` has room for the largest. */
static void http_write_request(const struct http_options *o,
	struct http_made *made, FILE *out, char *body, uint64_t *seed)
{
	uint64_t i;

	made->start = (size_t)ftello(out);
	http_write_head(o, out, made->size);
	for (i = 0; i < made->size; i++)
		body[i] = (char)('a' + (workload_random(seed) >> 32) % 26);
	if (o->chunked)
		http_write_chunks(out, body, made->size);
	else
		fwrite(body, 1, made->size, out);
	made->len = (size_t)ftello(out) - made->start;
	if (o->echo)
		http_expect_echo(made, body, made->size);
}

/* The request for a body of `size`: one that has that size already, unless each
 * is to be told from all others by its own body. */
static size_t http_choose(struct http_options *o, uint64_t size)
{
	size_t i;

	for (i = 0; i < o->made_count && !o->echo; i++)
		if (o->made[i].size == size)
			return i;
	o->made[o->made_count].size = size;
	return o->made_count++;
}

/* How many sizes to go through before the first comes again. Decided from their
 * mean: to stop where a block is full would be to stop at a large one. */
static size_t http_count_turns(const struct http_options *o)
{
	const size_t least = o->body.drawn ? HTTP_TURNS_MIN : 1;
	uint64_t sum = 0, fit;
	size_t i;

	if (!o->echo && (!o->body.drawn || *o->body.list))
		return o->body.drawn ? SIZES_DRAWN : 1;
	for (i = 0; i < SIZES_DRAWN; i++)
		sum += sizes_get(&o->body, i) + 1;
	fit = HTTP_BLOCK / (sum / SIZES_DRAWN);
	if (fit > SIZES_DRAWN)
		return SIZES_DRAWN;
	return fit > least ? (size_t)fit : least;
}

static int http_plan_turns(struct http_options *o)
{
	size_t i;

	o->turn_count = http_count_turns(o);
	o->made = calloc(o->turn_count, sizeof(*o->made));
	o->turns = calloc(o->turn_count, sizeof(*o->turns));
	if (!o->made || !o->turns)
		return -ENOMEM;
	for (i = 0; i < o->turn_count; i++)
		o->turns[i] = (uint16_t)http_choose(o, sizes_get(&o->body, i));
	return 0;
}

static int http_write_all(struct http_options *o, uint64_t seed)
{
	char *body = malloc(o->body.largest + 1);
	size_t len, i;
	FILE *out;
	int failed;

	out = body ? open_memstream(&o->text, &len) : NULL;
	for (i = 0; out && i < o->made_count; i++)
		http_write_request(o, &o->made[i], out, body, &seed);
	free(body);
	if (!out)
		return -ENOMEM;
	failed = ferror(out);
	return fclose(out) == 0 && !failed ? 0 : -ENOMEM;
}

static int http_plan(void *options, const struct workload_plan *plan, char *why)
{
	const struct http_options *o = options;

	if (!o->close || plan->pipeline == 1)
		return 0;
	snprintf(why, WHY_SIZE,
		"http: close=on does not go with --pipeline: the server is to "
		"close after the first reply, and answers no other");
	return -EINVAL;
}

static int http_check(const struct http_options *o, char *why)
{
	const struct sizes *b = &o->body;

	if (o->method != HTTP_POST &&
		(b->size || b->max || *b->list || o->chunked || o->echo))
		snprintf(why, WHY_SIZE,
			"body, max, sizes, chunked and echo need method=POST");
	else if (o->echo && !o->same)
		snprintf(why, WHY_SIZE,
			"echo=on checks each body, same=off does not: only one "
			"of the two can hold");
	else if (o->path[0] != '/' || strpbrk(o->path, " \r\n") ||
		 strpbrk(o->host, " \r\n"))
		snprintf(why, WHY_SIZE,
			"path must begin with / and have no space in it");
	else
		return 0;
	return -EINVAL;
}

static void http_release(void *options)
{
	struct http_options *o = options;

	free(o->text);
	free(o->made);
	free(o->turns);
	sizes_release(&o->body);
}

static int http_setup(void *options, uint64_t seed, char *why)
{
	struct http_options *o = options;
	int error = http_check(o, why);

	if (!error)
		error = sizes_draw(&o->body, 0, HTTP_BODY_MAX, &seed, why);
	if (error)
		return error;
	error = http_plan_turns(o);
	if (!error)
		error = http_write_all(o, seed);
	if (error) {
		http_release(o);
		snprintf(why, WHY_SIZE, "out of memory");
	}
	return error;
}

/* The request that has turn `n` on this connection. */
static struct http_made *http_turn(const struct session *s, uint64_t n)
{
	const struct http_options *o = s->options;

	if (o->turn_count == 1)
		return o->made;
	return &o->made[o->turns[(s->key + n) % o->turn_count]];
}

static struct slice http_request(struct session *s)
{
	const struct http_options *o = s->options;
	const struct http_made *made = http_turn(s, s->asked);

	return (struct slice) {o->text + made->start, made->len};
}

/* ---- the reply ---------------------------------------------------------- */

/* The first body that is complete is what all others must be like. */
static bool http_body_is_right(const struct http_options *o,
	struct http_made *made, const struct http_reply *r)
{
	int unknown = 0;

	if (!o->same)
		return true;
	if (atomic_compare_exchange_strong(&made->known, &unknown, 1)) {
		made->length = r->body_length;
		made->hash = http_reply_hash(r);
		made->known = 2;
	}
	while (made->known != 2)
		; /* another thread is between the lines above */
	return r->body_length == made->length &&
	       http_reply_hash(r) == made->hash;
}

/* A reply to remember: all of it, or only the header where the rest is long
 * and has a length, or will be another next time. */
static void http_remember(const struct http_options *o, struct http_state *s,
	const struct http_made *made)
{
	const struct http_reply *r = &s->reply;

	s->known_len = 0;
	s->known_body = 0;
	s->known_for = made;
	if (!o->same || o->close || r->closes)
		return;
	if (s->got <= HTTP_KNOWN && !o->echo) {
		s->known_len = s->got;
	} else if (r->has_length && r->header_length <= HTTP_KNOWN) {
		s->known_len = r->header_length;
		s->known_body = r->length;
	}
	memcpy(s->known, s->coming, s->known_len);
}

/* May the known reply be the one to this request? */
static bool http_may_recur(const struct http_options *o,
	const struct http_state *s, const struct http_made *made)
{
	return s->known_for == made ||
	       (o->echo && s->known_body == made->length);
}

/* Is this the known reply, or its header? Then all of it but a long body is
 * judged already: returns how many bytes that is, or 0. */
static size_t http_recognise(const struct http_options *o, struct http_state *s,
	const struct http_made *made, const char *buf, size_t len)
{
	if (s->got > 0 || s->known_len == 0 || len < s->known_len ||
		!http_may_recur(o, s, made) ||
		memcmp(s->known, buf, s->known_len) != 0)
		return 0;
	if (s->known_body == 0)
		return s->known_len;
	s->reply.phase = HTTP_BODY;
	s->reply.status = (int)o->status;
	s->reply.has_length = true;
	s->reply.length = s->reply.left = s->known_body;
	s->reply.header_length = s->got = s->known_len;
	memcpy(s->coming, s->known, s->known_len);
	return s->known_len;
}

static enum reply http_complete(const struct http_options *o,
	struct http_state *s, struct http_made *made)
{
	bool closes = s->reply.closes || o->close;

	if (s->reply.status != (int)o->status)
		return REPLY_STATUS;
	if (!http_body_is_right(o, made, &s->reply))
		return REPLY_WRONG;
	http_remember(o, s, made);
	s->got = 0;
	s->answered++;
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
	struct http_made *made = http_turn(session, s->answered);
	size_t known = http_recognise(o, s, made, buf, len);
	enum http_result result;

	(void)request;
	if (known && s->known_body == 0) {
		s->answered++;
		*used = known;
		return REPLY_DONE;
	}
	s->reply.head_only = o->method == HTTP_HEAD;
	result = http_reply_feed(&s->reply, buf + known, len - known, used);
	if (result == HTTP_BAD)
		return REPLY_PARSE;
	http_keep(s, buf + known, *used);
	*used += known;
	return result == HTTP_DONE ? http_complete(o, s, made) : REPLY_MORE;
}

static enum reply http_eof(struct session *session)
{
	struct http_state *s = session->state;

	if (s->got == 0)
		return REPLY_MORE;
	if (!http_reply_ends(&s->reply))
		return REPLY_SHORT;
	return http_complete(
		session->options, s, http_turn(session, s->answered));
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
	.plan = http_plan,
};
