/* SPDX-License-Identifier: MIT */
/*
 * http: a web server, HTTP/1.1 (RFC 9110, RFC 9112) and 1.0.
 *
 *   GET, HEAD /        a short page; http:body=4k: so many bytes of text
 *   POST /             takes a body, says how many bytes it had
 *   POST /echo         gives it back, as it comes
 *   GET, HEAD /status  the scoreboard as JSON
 *   GET, HEAD /metrics the same for Prometheus
 *   GET, HEAD ...      with http:root=DIR the files below DIR, "/" included
 *
 * Options: root=DIR, body=SIZE, limit=SIZE (of a request's body). Whatever is
 * answered, errors included, is a request.
 *
 * Connections stay open between requests, and requests may be sent without
 * waiting for replies. A request that two readers could understand differently
 * is refused, and the connection ends (http_parser.h). Files are sent as the
 * peer reads them; the next request waits until then.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/handler.h"
#include "common/log.h"
#include "common/options.h"
#include "servers/core/http_date.h"
#include "servers/core/http_file.h"
#include "servers/core/http_parser.h"
#include "servers/core/report.h"

struct http_options {
	const char *root;
	uint64_t body, limit;
};

static const struct option_spec http_options[] = {
	{
		.name = "root",
		.type = OPTION_STRING,
		.offset = offsetof(struct http_options, root),
		.help = "directory whose files are served",
	},
	{
		.name = "body",
		.type = OPTION_SIZE,
		.offset = offsetof(struct http_options, body),
		.preset = "0",
		.max = 1 << 20,
		.help = "size of the page at / (0: a short text)",
	},
	{
		.name = "limit",
		.type = OPTION_SIZE,
		.offset = offsetof(struct http_options, limit),
		.preset = "1M",
		.help = "largest body of a request",
	},
	{0},
};

/* Made by setup() before there are workers; only read from then on. */
static struct {
	int root;   /* directory, -1: none */
	char *page; /* the whole reply to GET / */
	size_t len;
	size_t date;	/* where in it the date goes */
	size_t content; /* where its body begins */
} http_site = {.root = -1};

struct http_state {
	struct http_scan scan;
	struct http_body body; /* of the request under way */
	const char *allow;     /* for 405 */
	int16_t status;	       /* to answer when the body is there */
	uint8_t minor;	       /* of the request's HTTP/1.minor */
	bool keep_alive, head_only;
	bool echo;  /* the body is to go back */
	bool begun; /* and the head before it has been sent */
};

static const char http_text[] = "text/plain; charset=utf-8";

/* ---- replies ----------------------------------------------------------- */

static const char *http_reason(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 301:
		return "Moved Permanently";
	case 304:
		return "Not Modified";
	case 400:
		return "Bad Request";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 411:
		return "Length Required";
	case 413:
		return "Content Too Large";
	case 414:
		return "URI Too Long";
	case 431:
		return "Request Header Fields Too Large";
	case 501:
		return "Not Implemented";
	case 503:
		return "Service Unavailable";
	case 505:
		return "HTTP Version Not Supported";
	default:
		return "Internal Server Error";
	}
}

static const char *http_connection(const struct http_state *s)
{
	if (!s->keep_alive)
		return "Connection: close\r\n";
	return s->minor ? "" : "Connection: keep-alive\r\n";
}

/* The head of a reply, up to its last field. */
static void http_begin(struct conn *c, const struct http_state *s, int status)
{
	char head[256];
	int len = snprintf(head, sizeof(head),
		"HTTP/1.1 %d %s\r\nServer: serverlab\r\nDate: %s\r\n%s", status,
		http_reason(status), http_date_now(), http_connection(s));

	conn_write(c, head, (size_t)len);
}

static void http_field(struct conn *c, const char *name, const char *value)
{
	conn_write(c, name, strlen(name));
	conn_write(c, ": ", 2);
	conn_write(c, value, strlen(value));
	conn_write(c, "\r\n", 2);
}

/* The fields that describe the content, and the head's end. */
static void http_content(struct conn *c, const char *type, uint64_t len)
{
	char text[160];
	int n = snprintf(text, sizeof(text),
		"Content-Type: %s\r\nContent-Length: %llu\r\n\r\n", type,
		(unsigned long long)len);

	conn_write(c, text, (size_t)n);
}

static void http_end(struct conn *c, const struct http_state *s)
{
	conn_request_done(c);
	if (!s->keep_alive)
		conn_finish(c);
}

static void http_reply(struct conn *c, const struct http_state *s,
	const char *type, const char *body, size_t len)
{
	http_begin(c, s, s->status);
	if (s->status == 405)
		http_field(c, "Allow", s->allow);
	http_content(c, type, len);
	if (!s->head_only)
		conn_write(c, body, len);
	http_end(c, s);
}

/* A reply whose content is only the status in words. */
static void http_reply_status(struct conn *c, struct http_state *s, int status)
{
	char text[64];
	int len = snprintf(
		text, sizeof(text), "%d %s\n", status, http_reason(status));

	s->status = (int16_t)status;
	http_reply(c, s, http_text, text, (size_t)len);
}

/* What follows a request that cannot be understood cannot be either. */
static void http_refuse(struct conn *c, struct http_state *s, ssize_t status)
{
	s->keep_alive = s->head_only = false;
	http_reply_status(c, s, (int)-status);
}

/* ---- what there is to get ---------------------------------------------- */

/* The reply to a plain GET / is ready but for its date. */
static void http_reply_page(struct conn *c, const struct http_state *s)
{
	const char *page = http_site.page;
	const size_t rest = http_site.date + HTTP_DATE_LEN;

	conn_write(c, page, http_site.date);
	conn_write(c, http_date_now(), HTTP_DATE_LEN);
	conn_write(c, page + rest, http_site.len - rest);
	http_end(c, s);
}

static void http_reply_report(struct conn *c, struct http_state *s,
	char *(*report)(const struct conn *, size_t *), const char *type)
{
	size_t len = 0;
	char *text = report(c, &len);

	if (text)
		http_reply(c, s, type, text, len);
	else
		http_reply_status(c, s, 503);
	free(text);
}

static void http_reply_file(struct conn *c, struct http_state *s,
	struct http_file *f, const struct http_request *r)
{
	const bool known = http_file_known(f, r);
	char etag[HTTP_ETAG_SIZE], date[HTTP_DATE_SIZE];
	struct file *content = NULL;

	if (!known && !s->head_only) {
		content = http_file_take(f);
		if (!content) {
			http_reply_status(c, s, 503);
			return;
		}
	}
	http_begin(c, s, known ? 304 : 200);
	http_field(c, "ETag", http_file_etag(f, etag));
	http_field(
		c, "Last-Modified", http_date_format(f->modified.tv_sec, date));
	if (known)
		conn_write(c, "\r\n", 2);
	else
		http_content(c, f->type, f->size);
	if (content)
		conn_write_file(c, content, 0, f->size);
	http_end(c, s);
}

/* A directory is asked for without its last '/': links in its page would be
 * wrong. */
static void http_redirect(
	struct conn *c, struct http_state *s, const struct http_request *r)
{
	http_begin(c, s, 301);
	conn_write(c, "Location: ", 10);
	conn_write(c, r->path.at, r->path.len);
	conn_write(c, "/", 1);
	if (r->query.at) {
		conn_write(c, "?", 1);
		conn_write(c, r->query.at, r->query.len);
	}
	conn_write(c, "\r\n", 2);
	http_content(c, http_text, 0);
	http_end(c, s);
}

static void http_get_file(
	struct conn *c, struct http_state *s, const struct http_request *r)
{
	char path[4096];
	struct http_file file = {.fd = -1};
	ssize_t status = http_decode_path(&r->path, path, sizeof(path));

	if (status > 0)
		status = http_file_open(&file, http_site.root, path);
	if (!status)
		http_reply_file(c, s, &file, r);
	else if (status == -301)
		http_redirect(c, s, r);
	else
		http_reply_status(c, s, (int)-status);
	http_file_close(&file);
}

static bool http_is(const struct http_request *r, const char *path)
{
	return r->path.len == strlen(path) &&
	       !memcmp(r->path.at, path, r->path.len);
}

static void http_get(
	struct conn *c, struct http_state *s, const struct http_request *r)
{
	s->status = 200;
	s->allow = "POST";
	if (http_site.root < 0 && http_is(r, "/"))
		http_reply(c, s, http_text, http_site.page + http_site.content,
			http_site.len - http_site.content);
	else if (http_is(r, "/status"))
		http_reply_report(c, s, report_json, "application/json");
	else if (http_is(r, "/metrics"))
		http_reply_report(c, s, report_metrics,
			"text/plain; version=0.0.4; charset=utf-8");
	else if (http_site.root < 0 && http_is(r, "/echo"))
		http_reply_status(c, s, 405);
	else if (http_site.root < 0)
		http_reply_status(c, s, 404);
	else
		http_get_file(c, s, r);
}

/* ---- requests ---------------------------------------------------------- */

/* What a request that is no GET or HEAD will get once its body is there. */
static int16_t http_judge(struct http_state *s, const struct http_request *r)
{
	const bool takes = http_site.root < 0 && http_is(r, "/");

	s->echo = http_site.root < 0 && http_is(r, "/echo");
	s->allow = takes ? "GET, HEAD, POST" : s->echo ? "POST" : "GET, HEAD";
	if (r->method == HTTP_UNKNOWN)
		return 501;
	if (r->method != HTTP_POST || (!takes && !s->echo))
		return 405;
	return s->echo && r->chunked ? 411 : 200;
}

/* Some of a body that goes back; the first of it after the head. Its length is
 * known, so nothing that comes later can make a wrong reply of it. */
static void http_echo(
	struct conn *c, struct http_state *s, const char *bytes, size_t len)
{
	if (!s->begun) {
		http_begin(c, s, 200);
		http_content(c, "application/octet-stream", s->body.total);
	}
	s->begun = true;
	if (len)
		conn_write(c, bytes, len);
}

/* The body is there: what it was for is known since its head. */
static void http_answer(struct conn *c, struct http_state *s)
{
	char text[64];
	int len;

	if (s->status != 200) {
		http_reply_status(c, s, s->status);
		return;
	}
	if (s->echo) {
		http_echo(c, s, NULL, 0);
		s->begun = false;
		http_end(c, s);
		return;
	}
	len = snprintf(text, sizeof(text), "received %llu bytes\n",
		(unsigned long long)s->body.total);
	http_reply(c, s, http_text, text, (size_t)len);
}

/* The head is whole. What has a body is answered after it, except that nobody
 * is asked to send a body in vain. */
static void http_request(
	struct conn *c, struct http_state *s, const struct http_request *r)
{
	const bool get = r->method == HTTP_GET || r->method == HTTP_HEAD;

	s->minor = (uint8_t)r->minor;
	s->keep_alive = r->keep_alive;
	s->head_only = r->method == HTTP_HEAD;
	if (get && !http_body_done(&s->body)) {
		http_refuse(c, s, -400); /* it would mean nothing */
		return;
	}
	if (get) {
		http_get(c, s, r);
		return;
	}
	s->status = http_judge(s, r);
	if (http_body_done(&s->body)) {
		http_answer(c, s);
	} else if (r->expect_continue && s->status == 200) {
		conn_write(c, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	} else if (r->expect_continue) {
		s->keep_alive = false;
		http_answer(c, s);
	}
}

static bool http_is_plain(const struct http_request *r)
{
	return r->method == HTTP_GET && http_is(r, "/") && r->minor &&
	       r->keep_alive && !r->chunked && !r->length && http_site.root < 0;
}

static size_t http_take_head(
	struct conn *c, struct http_state *s, const char *buf, size_t len)
{
	struct http_request r;
	ssize_t head = http_parse_head(&s->scan, buf, len, &r);
	int status;

	if (head == 0)
		return 0;
	if (head < 0) {
		http_refuse(c, s, head);
		return len;
	}
	if (http_is_plain(&r)) {
		s->keep_alive = true;
		http_reply_page(c, s);
		return (size_t)head;
	}
	status = http_body_begin(&s->body, &r,
		((const struct http_options *)conn_options(c))->limit);
	if (status)
		http_refuse(c, s, status);
	else
		http_request(c, s, &r);
	return (size_t)head;
}

static size_t http_take_body(
	struct conn *c, struct http_state *s, const char *buf, size_t len)
{
	const struct http_options *options = conn_options(c);
	struct http_text content;
	size_t used = 0;
	ssize_t n = 1;

	while (used < len && n > 0 && !http_body_done(&s->body)) {
		n = http_body_next(&s->body, buf + used, len - used,
			options->limit, &content);
		if (n < 0) {
			http_refuse(c, s, n);
			return len;
		}
		used += (size_t)n;
		if (s->echo && s->status == 200)
			http_echo(c, s, content.at, content.len);
	}
	if (http_body_done(&s->body))
		http_answer(c, s);
	return used;
}

static size_t http_data(struct conn *c, const char *buf, size_t len)
{
	struct http_state *s = conn_state(c);
	const size_t empty = http_empty_line(buf, len);

	if (!http_body_done(&s->body))
		return http_take_body(c, s, buf, len);
	if (!empty)
		return http_take_head(c, s, buf, len);
	/* Some clients put one behind a body (RFC 9112, 2.2). */
	s->scan = (struct http_scan) {0};
	conn_request_none(c);
	return empty;
}

/* ---- setup ------------------------------------------------------------- */

static const char http_hello[] =
	"This is serverlab. Its figures are at /status and /metrics.\n";

/* The page's content: the short text, or `size` bytes in lines. */
static void http_fill(char *at, size_t size, size_t len)
{
	if (!size) {
		memcpy(at, http_hello, len);
		return;
	}
	for (size_t i = 0; i < len; i++)
		at[i] = i % 64 == 63 ? '\n' : (char)('a' + i % 26);
}

static int http_setup_page(size_t size)
{
	const size_t len = size ? size : sizeof(http_hello) - 1;
	char head[256];
	int n = snprintf(head, sizeof(head),
		"HTTP/1.1 200 OK\r\nServer: serverlab\r\nDate: %s\r\n"
		"Content-Type: %s\r\nContent-Length: %zu\r\n\r\n",
		http_date_now(), http_text, len);

	free(http_site.page);
	http_site.content = (size_t)n;
	http_site.len = http_site.content + len;
	http_site.date = (size_t)(strstr(head, "Date: ") - head) + 6;
	http_site.page = malloc(http_site.len);
	if (!http_site.page)
		return -ENOMEM;
	memcpy(http_site.page, head, http_site.content);
	http_fill(http_site.page + http_site.content, size, len);
	return 0;
}

static int http_setup(const struct handler_config *config)
{
	const struct http_options *options = config->options;
	int error = http_setup_page(options->body);

	http_site.root = -1;
	if (error || !options->root)
		return error;
	http_site.root = http_file_root(options->root);
	if (http_site.root >= 0)
		return 0;
	errno = -http_site.root;
	log_warn("http: root='%s'", options->root);
	return http_site.root;
}

const struct handler handler_http = {
	.name = "http",
	.summary = "a web server, HTTP/1.1 (RFC 9112)",
	.options = http_options,
	.options_size = sizeof(struct http_options),
	.state_size = sizeof(struct http_state),
	.setup = http_setup,
	.data = http_data,
};
