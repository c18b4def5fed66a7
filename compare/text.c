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

/* Behind the quoted text that begins here, if one does and it ends. */
static const char *skip_quoted(const char *text)
{
	const char *end = NULL;

	if (*text == '"' || *text == '\'')
		end = strchr(text + 1, *text);
	return end ? end + 1 : text + 1;
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
