/* SPDX-License-Identifier: MIT */
#include "common/json.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "common/utf8.h"

void json_init(struct json *j, FILE *out)
{
	memset(j, 0, sizeof(*j));
	j->out = out;
}

static void json_escape(struct json *j, unsigned char c)
{
	static const char plain[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";
	const char *found = c ? strchr(plain, c) : NULL;

	if (found)
		fprintf(j->out, "\\%c", letter[found - plain]);
	else
		fprintf(j->out, "\\u%04x", c);
}

/* Bytes that are not UTF-8 (file names may hold any) become U+FFFD, so that
 * every file written is one that every reader accepts. */
static void json_text(struct json *j, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	putc('"', j->out);
	while (*s) {
		size_t len = utf8_length((const char *)s);

		if (len == 0)
			fputs("\\ufffd", j->out);
		else if (*s < 0x20 || *s == '"' || *s == '\\' || *s == 0x7f)
			json_escape(j, *s);
		else
			fwrite(s, 1, len, j->out);
		s += len ? len : 1;
	}
	putc('"', j->out);
}

/* Comma, line break, indentation and key: all that precedes a value. */
static void json_lead(struct json *j, const char *key)
{
	int i;

	if (j->depth > 0) {
		bool *filled = &j->filled[j->depth - 1];

		fputs(*filled ? ",\n" : "\n", j->out);
		*filled = true;
		for (i = 0; i < j->depth; i++)
			fputs("  ", j->out);
	}
	if (key) {
		json_text(j, key);
		fputs(": ", j->out);
	}
}

static void json_open(struct json *j, const char *key, char opener, char closer)
{
	assert(j->depth < JSON_DEPTH);
	json_lead(j, key);
	putc(opener, j->out);
	j->filled[j->depth] = false;
	j->closer[j->depth++] = closer;
}

void json_object(struct json *j, const char *key)
{
	json_open(j, key, '{', '}');
}

void json_array(struct json *j, const char *key)
{
	json_open(j, key, '[', ']');
}

void json_end(struct json *j)
{
	int i;

	assert(j->depth > 0);
	j->depth--;
	if (j->filled[j->depth]) {
		putc('\n', j->out);
		for (i = 0; i < j->depth; i++)
			fputs("  ", j->out);
	}
	putc(j->closer[j->depth], j->out);
	if (j->depth == 0)
		putc('\n', j->out);
}

void json_string(struct json *j, const char *key, const char *value)
{
	json_lead(j, key);
	json_text(j, value);
}

void json_u64(struct json *j, const char *key, uint64_t value)
{
	json_lead(j, key);
	fprintf(j->out, "%" PRIu64, value);
}

void json_i64(struct json *j, const char *key, int64_t value)
{
	json_lead(j, key);
	fprintf(j->out, "%" PRId64, value);
}

/* JSON knows neither infinity nor nan: both become null. */
void json_number(struct json *j, const char *key, double value)
{
	json_lead(j, key);
	if (isfinite(value))
		fprintf(j->out, "%.10g", value);
	else
		fputs("null", j->out);
}

void json_bool(struct json *j, const char *key, bool value)
{
	json_lead(j, key);
	fputs(value ? "true" : "false", j->out);
}
