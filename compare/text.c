/* SPDX-License-Identifier: MIT */
#include "compare/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int texts_add_part(struct texts *t, const char *text, size_t len)
{
	char **at = realloc(t->at, (t->count + 1) * sizeof(*at));

	if (!at)
		return -ENOMEM;
	t->at = at;
	while (len && isspace((unsigned char)*text))
		text++, len--;
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	at[t->count] = strndup(text, len);
	if (!at[t->count])
		return -ENOMEM;
	t->count++;
	return 0;
}

int texts_add(struct texts *t, const char *text)
{
	return texts_add_part(t, text, strlen(text));
}

int texts_add_option(struct texts *t, const char *name, const char *value)
{
	char option[64];
	int rc;

	snprintf(option, sizeof(option), "--%s", name);
	rc = texts_add(t, option);
	return rc || !value ? rc : texts_add(t, value);
}

void texts_clear(struct texts *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->at[i]);
	free(t->at);
	*t = (struct texts) {0};
}

bool texts_have(const struct texts *t, const char *text)
{
	for (size_t i = 0; i < t->count; i++)
		if (!strcmp(t->at[i], text))
			return true;
	return false;
}

/* Whether what follows a comma goes on with the spec before it: it has a `=`,
 * and no `:` in front of that. */
static bool continues(const char *part)
{
	size_t len = strcspn(part, ":=,;");

	return part[len] == '=';
}

/* Behind the quoted text that begins here, if one does and it ends. As in a
 * shell, a backslash escapes within double quotes. */
static const char *skip_quoted(const char *text)
{
	const char *at = text + 1;

	if (*text != '"' && *text != '\'')
		return at;
	while (*at && *at != *text)
		at += *text == '"' && at[0] == '\\' && at[1] ? 2 : 1;
	return *at ? at + 1 : text + 1;
}

/* The first comma or semicolon that is not escaped or quoted; or the end. */
static const char *find_end(const char *text)
{
	while (*text && *text != ',' && *text != ';')
		text = text[0] == '\\' && text[1] ? text + 2
						  : skip_quoted(text);
	return text;
}

int texts_add_specs(struct texts *t, const char *list)
{
	const char *end;
	int rc;

	for (const char *from = list;; from = end + 1) {
		end = find_end(from);
		while (*end == ',' && continues(end + 1))
			end = find_end(end + 1);
		if (end == from + strspn(from, " \t\n"))
			return -EINVAL;
		rc = texts_add_part(t, from, (size_t)(end - from));
		if (rc || !*end)
			return rc;
	}
}

int texts_add_list(struct texts *t, const char *list)
{
	for (const char *from = list;;) {
		size_t len = strcspn(from, ",");
		int rc;

		if (strspn(from, " \t\n") >= len)
			return -EINVAL;
		rc = texts_add_part(t, from, len);
		if (rc || !from[len])
			return rc;
		from += len + 1;
	}
}

char *spec_with(const char *spec, const char *key, const char *value)
{
	size_t size, name = strcspn(spec, ":"), wanted = strlen(key);
	char *text = NULL, separator = ':';
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "%.*s", (int)name, spec);
	for (const char *at = spec + name; *at;) {
		const char *end = find_end(++at);

		if (strncmp(at, key, wanted) || at[wanted] != '=') {
			fprintf(out, "%c%.*s", separator, (int)(end - at), at);
			separator = ',';
		}
		at = end;
	}
	fprintf(out, "%c%s=%s", separator, key, value);
	return fclose(out) ? NULL : text;
}

char *spec_only_known(const char *spec, const struct texts *known)
{
	size_t size, name = strcspn(spec, ":");
	char *text = NULL, separator = ':', option[160];
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "%.*s", (int)name, spec);
	for (const char *at = spec + name; *at;) {
		const char *end = find_end(++at);

		snprintf(option, sizeof(option), "%.*s:%.*s", (int)name, spec,
			(int)strcspn(at, "=,"), at);
		if (texts_have(known, option)) {
			fprintf(out, "%c%.*s", separator, (int)(end - at), at);
			separator = ',';
		}
		at = end;
	}
	return fclose(out) ? NULL : text;
}

/* ---- pairs ---------------------------------------------------------------- */

void pairs_clear(struct pairs *pairs)
{
	for (size_t i = 0; i < pairs->count; i++) {
		free(pairs->at[i].name);
		free(pairs->at[i].value);
	}
	free(pairs->at);
	*pairs = (struct pairs) {0};
}

int pairs_set(struct pairs *pairs, const char *name, const char *value)
{
	struct pair *at;

	for (size_t i = 0; i < pairs->count; i++)
		if (!strcmp(pairs->at[i].name, name)) {
			free(pairs->at[i].value);
			pairs->at[i].value = strdup(value);
			return pairs->at[i].value ? 0 : -ENOMEM;
		}
	at = realloc(pairs->at, (pairs->count + 1) * sizeof(*at));
	if (!at)
		return -ENOMEM;
	pairs->at = at;
	at[pairs->count] = (struct pair) {strdup(name), strdup(value)};
	pairs->count++;
	return at[pairs->count - 1].name && at[pairs->count - 1].value
		       ? 0
		       : -ENOMEM;
}

const char *pairs_get(const struct pairs *pairs, const char *name)
{
	for (size_t i = 0; i < pairs->count; i++)
		if (!strcmp(pairs->at[i].name, name))
			return pairs->at[i].value;
	return NULL;
}

/* ---- what was meant ------------------------------------------------------- */

enum { NEAREST_MOST = 40 }; /* letters; longer names are not guessed */

static size_t least_of(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many letters must be added, left out, replaced or swapped with their
 * neighbour to make one text of the other. */
static size_t text_distance(const char *a, const char *b)
{
	size_t rows[3][NEAREST_MOST + 1], n = strlen(b);

	for (size_t k = 0; k <= n; k++)
		rows[0][k] = k;
	for (size_t i = 1; i <= strlen(a); i++) {
		size_t *row = rows[i % 3], *last = rows[(i + 2) % 3];

		row[0] = i;
		for (size_t k = 1; k <= n; k++) {
			row[k] = least_of(last[k], row[k - 1]) + 1;
			row[k] = least_of(
				row[k], last[k - 1] + (a[i - 1] != b[k - 1]));
			if (i > 1 && k > 1 && a[i - 1] == b[k - 2] &&
				a[i - 2] == b[k - 1])
				row[k] = least_of(
					row[k], rows[(i + 1) % 3][k - 2] + 1);
		}
	}
	return rows[strlen(a) % 3][n];
}

const char *text_nearest(
	const char *wrong, const char *const *names, size_t count)
{
	/* A third of its letters may be wrong, and one in any case. */
	size_t len = strlen(wrong), least = len / 3 + (len < 3) + 1;
	const char *nearest = NULL;

	for (size_t i = 0; len <= NEAREST_MOST && i < count; i++) {
		size_t distance = NEAREST_MOST;

		if (strlen(names[i]) <= NEAREST_MOST)
			distance = text_distance(wrong, names[i]);
		if (distance >= least)
			continue;
		least = distance;
		nearest = names[i];
	}
	return nearest;
}

const char *text_hint(const char *wrong, const char *const *names, size_t count,
	char *buf, size_t size)
{
	const char *nearest = text_nearest(wrong, names, count);

	snprintf(buf, size, "%s%s%s", nearest ? "; did you mean " : "",
		nearest ? nearest : "", nearest ? "?" : "");
	return buf;
}

const char *texts_hint(
	const struct texts *names, const char *wrong, char *buf, size_t size)
{
	return text_hint(
		wrong, (const char *const *)names->at, names->count, buf, size);
}

int text_join(char **text, const char *more, const char *between)
{
	char *joined = NULL;

	if (asprintf(&joined, "%s%s%s", *text ? *text : "",
		    *text ? between : "", more) < 0)
		return -ENOMEM;
	free(*text);
	*text = joined;
	return 0;
}

/* Letters that mean nothing to a shell wherever they stand. */
static const char plain_letters[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	"_-./:=,@%+";

static void print_word(const char *word, FILE *out)
{
	if (*word && !word[strspn(word, plain_letters)]) {
		fputs(word, out);
		return;
	}
	fputc('\'', out);
	for (; *word; word++)
		if (*word == '\'')
			fputs("'\\''", out);
		else
			fputc(*word, out);
	fputc('\'', out);
}

int text_command(char **text, int count, char *const *words)
{
	char *made = NULL;
	size_t size;
	FILE *out = open_memstream(&made, &size);

	if (!out)
		return -ENOMEM;
	/* The first is the program, of two words perhaps: "compare run". */
	fputs(count > 0 ? words[0] : "", out);
	for (int i = 1; i < count; i++) {
		fputc(' ', out);
		print_word(words[i], out);
	}
	if (fclose(out))
		return -ENOMEM;
	free(*text);
	*text = made;
	return 0;
}

char *text_replace(const char *text, const char *name, const char *value)
{
	size_t size, wanted = strlen(name);
	char *result = NULL;
	FILE *out = open_memstream(&result, &size);

	if (!out)
		return NULL;
	for (const char *hit; (hit = strstr(text, name)); text = hit + wanted)
		fprintf(out, "%.*s%s", (int)(hit - text), text, value);
	fprintf(out, "%s", text);
	return fclose(out) ? NULL : result;
}
