/* SPDX-License-Identifier: MIT */
#include "client/http_reply.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* One to one in `word`: a single word that differs is never missed. */
static uint64_t http_mix(uint64_t hash, uint64_t word)
{
	return ((hash << 5 | hash >> 59) ^ word) * 0x9e3779b97f4a7c15ull;
}

static void http_hash_byte(struct http_reply *r, char byte)
{
	unsigned place = (unsigned)(r->body_length++ & 7);

	r->body_tail |= (uint64_t)(unsigned char)byte << (8 * place);
	if (place < 7)
		return;
	r->body_hash = http_mix(r->body_hash, r->body_tail);
	r->body_tail = 0;
}

/* Words lie at multiples of eight in the body, not in the pieces. */
static void http_hash(struct http_reply *r, const char *buf, size_t len)
{
	uint64_t word;

	for (; len > 0 && (r->body_length & 7); len--)
		http_hash_byte(r, *buf++);
	for (; len >= 8; len -= 8, buf += 8) {
		memcpy(&word, buf, 8);
		r->body_hash = http_mix(r->body_hash, word);
		r->body_length += 8;
	}
	for (; len > 0; len--)
		http_hash_byte(r, *buf++);
}

uint64_t http_reply_hash(const struct http_reply *r)
{
	return http_mix(r->body_hash, r->body_tail);
}

/* Digits in base 10 or 16, at least one, all of them up to `end`. */
static int http_number(
	const char *text, const char *end, unsigned base, uint64_t *value)
{
	const char *digits = "0123456789abcdef", *digit;

	*value = 0;
	if (text == end)
		return -1;
	for (; text < end; text++) {
		digit = memchr(digits, tolower((unsigned char)*text), base);
		if (!digit || *value >> 56)
			return -1;
		*value = *value * base + (uint64_t)(digit - digits);
	}
	return 0;
}

/* "HTTP/1.1 200 OK"; the reason may be missing. */
static int http_status_line(struct http_reply *r)
{
	const char *s = r->line;
	uint64_t status;

	if (r->line_length < 12 || strncmp(s, "HTTP/1.", 7) != 0 ||
		(s[7] != '0' && s[7] != '1') || s[8] != ' ' ||
		http_number(s + 9, s + 12, 10, &status) ||
		(r->line_length > 12 && s[12] != ' '))
		return -1;
	r->old = s[7] == '0';
	r->status = (int)status;
	return status < 100 ? -1 : 0;
}

static bool http_is(const char *name, size_t len, const char *wanted)
{
	return len == strlen(wanted) && strncasecmp(name, wanted, len) == 0;
}

/* The members of a comma-separated list. */
static void http_connection(
	struct http_reply *r, const char *s, const char *end)
{
	while (s < end) {
		size_t len = strcspn(s, ", ");

		if (http_is(s, len, "close"))
			r->closes = true;
		else if (http_is(s, len, "keep-alive"))
			r->keeps = true;
		s += len ? len : 1;
	}
}

static int http_content_length(
	struct http_reply *r, const char *value, const char *end)
{
	uint64_t length;

	if (r->cut || http_number(value, end, 10, &length) ||
		(r->has_length && r->length != length))
		return -1;
	r->has_length = true;
	r->length = length;
	return 0;
}

static int http_transfer_encoding(
	struct http_reply *r, const char *value, const char *end)
{
	if (r->cut || r->chunked ||
		!http_is(value, (size_t)(end - value), "chunked"))
		return -1;
	r->chunked = true;
	return 0;
}

/* The length of the name before the colon, or 0: a blank before the colon, for
 * one, would hide the field from us, but not from others (RFC 9112, 5.1). */
static size_t http_name(const struct http_reply *r)
{
	static const char token[] = "!#$%&'*+-.^_`|~0123456789"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz";
	size_t len = strspn(r->line, token);

	return r->line[len] == ':' ? len : 0;
}

static int http_field(struct http_reply *r)
{
	const char *end = r->line + r->line_length, *value;
	size_t name = http_name(r);

	if (name == 0)
		return -1;
	if (r->phase == HTTP_TRAILER)
		return 0;
	value = r->line + name + 1;
	value += *value == ' ';
	end -= end > value && end[-1] == ' ';
	if (http_is(r->line, name, "content-length"))
		return http_content_length(r, value, end);
	if (http_is(r->line, name, "transfer-encoding"))
		return http_transfer_encoding(r, value, end);
	if (http_is(r->line, name, "connection"))
		http_connection(r, value, end);
	return 0;
}

/* The empty line after the fields: what body is to come? */
static int http_header_end(struct http_reply *r)
{
	if (r->chunked && r->has_length)
		return -1; /* two lengths: somebody is being cheated */
	if (r->old && !r->keeps)
		r->closes = true;
	if (r->status < 200) {
		/* "100 Continue" and the like: the answer is still to come. */
		r->phase = HTTP_STATUS_LINE;
		return r->chunked || r->has_length ? -1 : 0;
	}
	r->left = r->length;
	if (r->head_only || r->status == 204 || r->status == 304)
		r->phase = HTTP_COMPLETE;
	else if (r->chunked)
		r->phase = HTTP_CHUNK_SIZE;
	else if (r->has_length)
		r->phase = r->left ? HTTP_BODY : HTTP_COMPLETE;
	else
		r->phase = HTTP_BODY_TO_END;
	if (r->phase == HTTP_BODY_TO_END)
		r->closes = true;
	return 0;
}

/* "1a;extension" */
static int http_chunk_size(struct http_reply *r)
{
	const char *end = r->line + strcspn(r->line, "; ");
	const char *rest = end + (*end == ' ');

	if (http_number(r->line, end, 16, &r->left) ||
		(*rest != ';' && *rest != '\0'))
		return -1;
	r->phase = r->left ? HTTP_CHUNK : HTTP_TRAILER;
	return 0;
}

/* A whole line is in r->line. */
static int http_line(struct http_reply *r)
{
	bool empty = r->line_length == 0;

	switch (r->phase) {
	case HTTP_STATUS_LINE:
		r->phase = HTTP_FIELDS;
		return http_status_line(r);
	case HTTP_FIELDS:
		return empty ? http_header_end(r) : http_field(r);
	case HTTP_CHUNK_SIZE:
		return http_chunk_size(r);
	case HTTP_CHUNK_END:
		r->phase = HTTP_CHUNK_SIZE;
		return empty ? 0 : -1;
	default:
		if (!empty)
			return http_field(r);
		r->phase = HTTP_COMPLETE;
		return 0;
	}
}

static int http_take_line(struct http_reply *r)
{
	int bad;

	r->line[r->line_length] = '\0';
	bad = http_line(r);
	r->line_length = 0;
	r->whole = r->cut = false;
	return bad;
}

/* A line has ended, or a field, if the next line does not begin with a blank
 * and so goes on with it (RFC 9112, 5.2). */
static int http_line_end(struct http_reply *r)
{
	r->after_cr = false;
	r->whole = r->line_length > 0 &&
		   (r->phase == HTTP_FIELDS || r->phase == HTTP_TRAILER);
	return r->whole ? 0 : http_take_line(r);
}

/* The list of Connection may be of any length: its members up to here go. What
 * is left is the beginning of one, be it too long to be known. */
static bool http_make_room(struct http_reply *r)
{
	size_t name = http_name(r), rest;
	char *value = r->line + name + 1, *last;

	if (r->phase != HTTP_FIELDS || !http_is(r->line, name, "connection"))
		return false;
	last = strrchr(value, ',');
	if (!last) {
		*value = '?';
		r->line_length = (uint32_t)(value + 1 - r->line);
		return true;
	}
	*last++ = '\0';
	http_connection(r, value, last - 1);
	rest = strlen(last);
	memmove(value, last, rest);
	r->line_length = (uint32_t)(value + rest - r->line);
	return true;
}

/* Of other lines what does not fit is cut off. */
static void http_append(struct http_reply *r, char c)
{
	bool blank = c == ' ' || c == '\t';

	if (blank && r->phase != HTTP_STATUS_LINE) {
		if (r->line_length > 0 && r->line[r->line_length - 1] == ' ')
			return;
		c = ' ';
	}
	if (r->line_length == HTTP_LINE - 1) {
		r->line[r->line_length] = '\0';
		if (!http_make_room(r)) {
			r->cut = true;
			return;
		}
	}
	r->line[r->line_length++] = c;
}

static int http_byte(struct http_reply *r, char c)
{
	if (r->whole && c != ' ' && c != '\t' && http_take_line(r))
		return -1;
	r->whole = false;
	if (c == '\n')
		return http_line_end(r);
	if (c == '\0' || r->after_cr)
		return -1;
	if (c == '\r')
		r->after_cr = true;
	else
		http_append(r, c);
	return 0;
}

/* Takes a line, or the rest of one. */
static enum http_result http_gather(
	struct http_reply *r, const char *buf, size_t len, size_t *used)
{
	for (*used = 0; *used < len;) {
		char c = buf[(*used)++];

		if (r->phase <= HTTP_FIELDS &&
			++r->header_length > HTTP_HEADER_MAX)
			return HTTP_BAD;
		if (http_byte(r, c))
			return HTTP_BAD;
		if (c == '\n')
			break;
	}
	return HTTP_MORE;
}

static size_t http_body(struct http_reply *r, const char *buf, size_t len)
{
	if (r->phase != HTTP_BODY_TO_END) {
		len = len < r->left ? len : (size_t)r->left;
		r->left -= len;
		if (r->left == 0)
			r->phase = r->phase == HTTP_BODY ? HTTP_COMPLETE
							 : HTTP_CHUNK_END;
	}
	http_hash(r, buf, len);
	return len;
}

enum http_result http_reply_feed(
	struct http_reply *r, const char *buf, size_t len, size_t *used)
{
	enum http_result result = HTTP_MORE;
	size_t n;

	for (*used = 0; *used < len && r->phase != HTTP_COMPLETE; *used += n) {
		const char *at = buf + *used;

		if (r->phase == HTTP_BODY || r->phase == HTTP_BODY_TO_END ||
			r->phase == HTTP_CHUNK)
			n = http_body(r, at, len - *used);
		else
			result = http_gather(r, at, len - *used, &n);
		if (result == HTTP_BAD)
			return HTTP_BAD;
	}
	return r->phase == HTTP_COMPLETE ? HTTP_DONE : HTTP_MORE;
}

bool http_reply_ends(const struct http_reply *r)
{
	return r->phase == HTTP_BODY_TO_END;
}
