/* SPDX-License-Identifier: MIT */
#include "servers/core/http_parser.h"

#include <string.h>
#include <strings.h>

/* ---- characters -------------------------------------------------------- */

enum { HTTP_TOKEN = 1, HTTP_VALUE = 2, HTTP_TARGET = 4, HTTP_HOST_CHAR = 8 };

#define T  (HTTP_TOKEN | HTTP_VALUE | HTTP_TARGET | HTTP_HOST_CHAR)
#define TO (HTTP_TOKEN | HTTP_VALUE | HTTP_TARGET)
#define TH (HTTP_VALUE | HTTP_TARGET | HTTP_HOST_CHAR)
#define TV (HTTP_VALUE | HTTP_TARGET)
#define V  HTTP_VALUE

/* What each byte may be part of. Bytes above 127: field values only. */
static const unsigned char http_class[256] = {
	['\t'] = V,
	[' '] = V,
	['!'] = T,
	['"'] = TV,
	['#'] = TO & ~HTTP_TARGET, /* begins a fragment: never sent */
	['$'] = T,
	['%'] = T,
	['&'] = T,
	['\''] = T,
	['('] = TH,
	[')'] = TH,
	['*'] = T,
	['+'] = T,
	[','] = TH,
	['-'] = T,
	['.'] = T,
	['/'] = TV,
	['0' ... '9'] = T,
	[':'] = TH,
	[';'] = TH,
	['<'] = TV,
	['='] = TH,
	['>'] = TV,
	['?'] = TV,
	['@'] = TV,
	['A' ... 'Z'] = T,
	['['] = TH,
	['\\'] = TV,
	[']'] = TH,
	['^'] = TO,
	['_'] = T,
	['`'] = TO,
	['a' ... 'z'] = T,
	['{'] = TV,
	['|'] = TO,
	['}'] = TV,
	['~'] = T,
	[0x80 ... 0xff] = V,
};

#undef T
#undef TO
#undef TH
#undef TV
#undef V

/* The first byte in at..end that is not of this class. */
static const char *http_skip(const char *at, const char *end, int class)
{
	while (at < end && http_class[(unsigned char)*at] & class)
		at++;
	return at;
}

static bool http_is_space(char b)
{
	return b == ' ' || b == '\t';
}

static bool http_equals(const char *at, size_t len, const char *name)
{
	return strlen(name) == len && !strncasecmp(at, name, len);
}

static int http_hex(char b)
{
	if (b >= '0' && b <= '9')
		return b - '0';
	if (b >= 'a' && b <= 'f')
		return b - 'a' + 10;
	if (b >= 'A' && b <= 'F')
		return b - 'A' + 10;
	return -1;
}

/* The line at `at`, without its end; *next is where the one after it begins.
 * There is an LF before `end`. */
static struct http_text http_line(
	const char *at, const char *end, const char **next)
{
	const char *lf = memchr(at, '\n', (size_t)(end - at));
	size_t len = (size_t)(lf - at);

	*next = lf + 1;
	if (len > 0 && at[len - 1] == '\r')
		len--;
	return (struct http_text) {at, len};
}

/* ---- lists ------------------------------------------------------------- */

/* Takes the next element of a comma-separated list; false at its end. */
static bool http_list_next(struct http_text *rest, struct http_text *element)
{
	const char *at = rest->at, *end = rest->at + rest->len, *comma;

	while (at < end && (*at == ',' || http_is_space(*at)))
		at++;
	if (at == end)
		return false;
	comma = memchr(at, ',', (size_t)(end - at));
	if (!comma)
		comma = end;
	rest->at = comma;
	rest->len = (size_t)(end - comma);
	while (comma > at && http_is_space(comma[-1]))
		comma--;
	*element = (struct http_text) {at, (size_t)(comma - at)};
	return true;
}

bool http_list_has(const struct http_text *list, const char *token)
{
	struct http_text rest = *list, element;

	while (rest.at && http_list_next(&rest, &element))
		if (http_equals(element.at, element.len, token))
			return true;
	return false;
}

/* ---- the request line -------------------------------------------------- */

static enum http_method http_method(const char *at, size_t len)
{
	static const char *const known[] = {
		"PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PATCH"};

	if (len == 3 && !memcmp(at, "GET", 3))
		return HTTP_GET;
	if (len == 4 && !memcmp(at, "HEAD", 4))
		return HTTP_HEAD;
	if (len == 4 && !memcmp(at, "POST", 4))
		return HTTP_POST;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (len == strlen(known[i]) && !memcmp(at, known[i], len))
			return HTTP_KNOWN;
	return HTTP_UNKNOWN;
}

/* "http://host/path", as a client sends to a proxy: every server takes it. */
static int http_absolute(
	struct http_request *r, const char *at, const char *end)
{
	const char *host = at + 7, *path;

	if (end - at < 8 || strncasecmp(at, "http://", 7))
		return -400;
	path = http_skip(host, end, HTTP_HOST_CHAR);
	if (path == host || (path < end && *path != '/' && *path != '?'))
		return -400;
	r->path = (struct http_text) {path, (size_t)(end - path)};
	return 0;
}

static int http_target(struct http_request *r, const char *at, const char *end)
{
	const char *question;

	r->path = (struct http_text) {at, (size_t)(end - at)};
	if (*at != '/') {
		/* "*" and "host:port" belong to methods served nowhere. */
		if (r->method == HTTP_KNOWN)
			return 0;
		if (http_absolute(r, at, end))
			return -400;
	}
	question = memchr(r->path.at, '?', r->path.len);
	if (question) {
		r->query.at = question + 1;
		r->query.len = (size_t)(end - r->query.at);
		r->path.len = (size_t)(question - r->path.at);
	}
	if (!r->path.len) /* "http://host" or "http://host?query" */
		r->path = (struct http_text) {"/", 1};
	return 0;
}

static int http_version(struct http_request *r, const char *at, size_t len)
{
	if (len != 8 || memcmp(at, "HTTP/", 5) || at[6] != '.')
		return -400;
	if (at[5] < '0' || at[5] > '9' || at[7] < '0' || at[7] > '9')
		return -400;
	r->minor = at[7] - '0';
	return at[5] == '1' ? 0 : -505;
}

static int http_request_line(struct http_request *r, struct http_text line)
{
	const char *end = line.at + line.len;
	const char *method = line.at, *target, *version;

	target = http_skip(method, end, HTTP_TOKEN);
	if (target == method || target == end || *target != ' ')
		return -400;
	r->method = http_method(method, (size_t)(target - method));
	target++;
	version = http_skip(target, end, HTTP_TARGET);
	if (version == target || version == end || *version != ' ')
		return -400;
	if (http_target(r, target, version))
		return -400;
	version++;
	return http_version(r, version, (size_t)(end - version));
}

/* ---- header fields ----------------------------------------------------- */

/* What was seen on the way, and decides at the end. */
struct http_fields {
	unsigned count;
	unsigned hosts, lengths, codings;
	struct http_text coding;
	bool close, keep_alive;
};

/* Digits only. What is too large for any limit stays at the largest. */
static int http_length(struct http_request *r, const struct http_text *value)
{
	r->has_length = true;
	if (!value->len)
		return -400;
	for (size_t i = 0; i < value->len; i++) {
		const int digit = value->at[i] - '0';

		if (digit < 0 || digit > 9)
			return -400;
		if (r->length > (UINT64_MAX - 9) / 10)
			r->length = UINT64_MAX;
		else
			r->length = 10 * r->length + (uint64_t)digit;
	}
	return 0;
}

static int http_host(struct http_request *r, const struct http_text *value)
{
	const char *end = value->at + value->len;

	r->host = *value;
	return http_skip(value->at, end, HTTP_HOST_CHAR) == end ? 0 : -400;
}

/* Keeps what a field means for us. */
static int http_meaning(struct http_request *r, struct http_fields *f,
	const struct http_text *name, const struct http_text *value)
{
#define IS(text) http_equals(name->at, name->len, text)
	if (IS("host"))
		return f->hosts++ ? -400 : http_host(r, value);
	if (IS("content-length"))
		return f->lengths++ ? -400 : http_length(r, value);
	if (IS("transfer-encoding")) {
		f->coding = *value;
		return f->codings++ ? -400 : 0;
	}
	if (IS("connection")) {
		f->close |= http_list_has(value, "close");
		f->keep_alive |= http_list_has(value, "keep-alive");
	} else if (IS("expect")) {
		r->expect_continue = http_list_has(value, "100-continue");
	} else if (IS("if-none-match")) {
		r->if_none_match = *value;
	} else if (IS("if-modified-since")) {
		r->if_modified_since = *value;
	}
#undef IS
	return 0;
}

/* "name: value". No space may stand before the colon, nor begin the line. */
static int http_field(const struct http_text *line, struct http_text *name,
	struct http_text *value)
{
	const char *end = line->at + line->len;
	const char *at = http_skip(line->at, end, HTTP_TOKEN);

	*name = (struct http_text) {line->at, (size_t)(at - line->at)};
	if (!name->len || at == end || *at != ':')
		return -400;
	at++;
	if (http_skip(at, end, HTTP_VALUE) != end)
		return -400;
	while (at < end && http_is_space(*at))
		at++;
	while (end > at && http_is_space(end[-1]))
		end--;
	*value = (struct http_text) {at, (size_t)(end - at)};
	return 0;
}

/* "chunked" alone is understood. It must be the last and occur once, or
 * nobody knows where the body ends; the others are for somebody else. */
static int http_coding(const struct http_text *codings)
{
	struct http_text rest = *codings, coding;
	unsigned count = 0, chunked = 0;
	bool last = false;

	while (http_list_next(&rest, &coding)) {
		last = http_equals(coding.at, coding.len, "chunked");
		chunked += last;
		count++;
	}
	if (!last || chunked != 1)
		return -400;
	return count == 1 ? 0 : -501;
}

/* What the fields say together. */
static int http_conclude(struct http_request *r, const struct http_fields *f)
{
	if (r->minor > 0 && f->hosts != 1)
		return -400;
	if (f->codings && (f->lengths || r->minor == 0))
		return -400;
	if (f->codings && http_coding(&f->coding))
		return http_coding(&f->coding);
	r->chunked = f->codings > 0;
	r->keep_alive = !f->close && (r->minor > 0 || f->keep_alive);
	if (r->minor == 0)
		r->expect_continue = false;
	return 0;
}

static int http_parse_fields(
	struct http_request *r, const char *at, const char *end)
{
	struct http_fields fields = {0};

	for (;;) {
		struct http_text line = http_line(at, end, &at), name, value;
		int status;

		if (!line.len)
			return http_conclude(r, &fields);
		if (++fields.count > HTTP_FIELDS_MAX)
			return -431;
		status = http_field(&line, &name, &value);
		if (!status)
			status = http_meaning(r, &fields, &name, &value);
		if (status)
			return status;
	}
}

/* ---- the head ---------------------------------------------------------- */

size_t http_empty_line(const char *buf, size_t len)
{
	if (len >= 1 && buf[0] == '\n')
		return 1;
	return len >= 2 && buf[0] == '\r' && buf[1] == '\n' ? 2 : 0;
}

/* The request line is judged as soon as it is whole. 1, 0 or a refusal. */
static int http_scan_line(struct http_scan *scan, const char *buf, size_t len,
	struct http_request *r)
{
	const size_t end = len < HTTP_LINE_MAX ? len : HTTP_LINE_MAX;
	const size_t from = scan->scanned;
	const char *lf =
		end > from ? memchr(buf + from, '\n', end - from) : NULL;
	const char *next;
	int status;

	if (!lf) {
		scan->scanned = (uint32_t)end;
		return end == HTTP_LINE_MAX ? -414 : 0;
	}
	status = http_request_line(r, http_line(buf, lf + 1, &next));
	scan->scanned = (uint32_t)(lf - buf);
	scan->line = (uint32_t)(next - buf);
	return status ? status : 1;
}

/* The head ends with the first empty line. Its length, 0, or -431. */
static ssize_t http_scan_end(
	struct http_scan *scan, const char *buf, size_t len)
{
	const char *end = buf + (len < HTTP_HEAD_MAX ? len : HTTP_HEAD_MAX);
	const char *lf = buf + scan->scanned;

	while (lf < end && (lf = memchr(lf, '\n', (size_t)(end - lf)))) {
		const size_t left = (size_t)(end - lf) - 1;
		const size_t empty = http_empty_line(lf + 1, left);

		if (empty)
			return lf + 1 + empty - buf;
		if (!left || (left == 1 && lf[1] == '\r'))
			break; /* look again from this LF when there is more */
		lf++;
	}
	if (len >= HTTP_HEAD_MAX)
		return -431;
	scan->scanned = (uint32_t)((lf ? lf : end) - buf);
	return 0;
}

ssize_t http_parse_head(struct http_scan *scan, const char *buf, size_t len,
	struct http_request *r)
{
	const uint32_t known = scan->line;
	const char *fields;
	ssize_t head;
	int status;

	memset(r, 0, sizeof(*r));
	if (!known) {
		status = http_scan_line(scan, buf, len, r);
		if (status <= 0)
			return status;
	}
	head = http_scan_end(scan, buf, len);
	if (head <= 0)
		return head;
	if (known) /* accepted in an earlier call, which kept nothing of it */
		http_request_line(r, http_line(buf, buf + known, &fields));
	status = http_parse_fields(r, buf + scan->line, buf + head);
	memset(scan, 0, sizeof(*scan));
	return status ? status : head;
}

/* ---- the body ---------------------------------------------------------- */

int http_body_begin(
	struct http_body *b, const struct http_request *r, uint64_t limit)
{
	memset(b, 0, sizeof(*b));
	b->chunked = r->chunked;
	if (r->chunked) {
		b->part = HTTP_BODY_SIZE;
		return 0;
	}
	b->left = b->total = r->length;
	b->part = r->length ? HTTP_BODY_BYTES : HTTP_BODY_DONE;
	return r->length > limit ? -413 : 0;
}

static ssize_t http_body_bytes(struct http_body *b, const char *buf, size_t len,
	struct http_text *content)
{
	const size_t n = len < b->left ? len : (size_t)b->left;

	*content = (struct http_text) {buf, n};
	b->left -= n;
	if (!b->left)
		b->part = b->chunked ? HTTP_BODY_END : HTTP_BODY_DONE;
	return (ssize_t)n;
}

/* A line that ends in CRLF, as chunks need: bytes taken, 0 or -400. */
static ssize_t http_body_line(struct http_body *b, const char *buf, size_t len,
	struct http_text *line)
{
	struct frame frame;

	switch (framing_next(&b->lines, buf, len, &frame)) {
	case FRAMING_LINE:
		if (frame.taken != frame.len + 2)
			return -400;
		*line = (struct http_text) {frame.text, frame.len};
		return (ssize_t)frame.taken;
	case FRAMING_TOO_LONG:
		return -400;
	default:
		return 0;
	}
}

/* "1f4" or "1f4;extension": extensions mean nothing here. */
static int http_chunk_size(const struct http_text *line, uint64_t *size)
{
	const char *at = line->at, *end = line->at + line->len;

	*size = 0;
	for (; at < end && http_hex(*at) >= 0; at++) {
		if (*size >> 60)
			return -413;
		*size = *size << 4 | (uint64_t)http_hex(*at);
	}
	if (at == line->at || http_skip(at, end, HTTP_VALUE) != end)
		return -400;
	while (at < end && http_is_space(*at))
		at++;
	return at == end || *at == ';' ? 0 : -400;
}

static ssize_t http_body_size(
	struct http_body *b, const char *buf, size_t len, uint64_t limit)
{
	struct http_text line;
	ssize_t taken = http_body_line(b, buf, len, &line);
	int status;

	if (taken <= 0)
		return taken;
	status = http_chunk_size(&line, &b->left);
	if (status)
		return status;
	if (b->left > limit - b->total)
		return -413;
	b->total += b->left;
	b->part = b->left ? HTTP_BODY_BYTES : HTTP_BODY_TRAILER;
	return taken;
}

static ssize_t http_body_end(struct http_body *b, const char *buf, size_t len)
{
	if (buf[0] != '\r' || (len > 1 && buf[1] != '\n'))
		return -400;
	if (len < 2)
		return 0;
	b->part = HTTP_BODY_SIZE;
	return 2;
}

static ssize_t http_body_trailer(
	struct http_body *b, const char *buf, size_t len)
{
	struct http_text line, name, value;
	ssize_t taken = http_body_line(b, buf, len, &line);

	if (taken <= 0)
		return taken;
	b->trailers += (uint32_t)taken;
	if (b->trailers > HTTP_HEAD_MAX)
		return -431;
	if (!line.len)
		b->part = HTTP_BODY_DONE;
	else if (http_field(&line, &name, &value))
		return -400;
	return taken;
}

ssize_t http_body_next(struct http_body *b, const char *buf, size_t len,
	uint64_t limit, struct http_text *content)
{
	*content = (struct http_text) {buf, 0};
	switch (b->part) {
	case HTTP_BODY_BYTES:
		return http_body_bytes(b, buf, len, content);
	case HTTP_BODY_SIZE:
		return http_body_size(b, buf, len, limit);
	case HTTP_BODY_END:
		return http_body_end(b, buf, len);
	case HTTP_BODY_TRAILER:
		return http_body_trailer(b, buf, len);
	default:
		return 0;
	}
}

/* ---- paths ------------------------------------------------------------- */

ssize_t http_decode_path(const struct http_text *path, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < path->len; i++) {
		char b = path->at[i];

		if (b == '%') {
			int high, low;

			if (path->len - i < 3)
				return -400;
			high = http_hex(path->at[++i]);
			low = http_hex(path->at[++i]);
			if (high < 0 || low < 0)
				return -400;
			b = (char)(high << 4 | low);
		}
		if ((unsigned char)b < ' ' || b == 127 || n + 1 >= size)
			return -400;
		out[n++] = b;
	}
	out[n] = '\0';
	return (ssize_t)n;
}
