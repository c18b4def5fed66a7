/* SPDX-License-Identifier: MIT */
/* Lists of texts, and specs as people write them in a row. */
#ifndef SERVERLAB_COMPARE_TEXT_H
#define SERVERLAB_COMPARE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Owned copies. Zeroed is empty. */
struct texts {
	char **at;
	size_t count;
};

int texts_add(struct texts *t, const char *text); /* 0, or -ENOMEM */
int texts_add_part(struct texts *t, const char *text, size_t len); /* trimmed */
void texts_clear(struct texts *t);
bool texts_have(const struct texts *t, const char *text);

/*
 * Adds the specs of "epoll:workers=2,accept=dispatch,poll": a comma followed
 * by key=value goes on with the spec before it, any other begins a new spec. A
 * semicolon always does. 0, -EINVAL if one is empty, or -ENOMEM.
 */
int texts_add_specs(struct texts *t, const char *list);

/* Adds what stands between commas, trimmed. 0, -EINVAL or -ENOMEM. */
int texts_add_list(struct texts *t, const char *list);

/*
 * The spec with one option set: ("echo:size=64", "size", "1k") gives
 * "echo:size=1k". A malloc'd text, NULL without memory.
 */
char *spec_with(const char *spec, const char *key, const char *value);

/*
 * The spec without the options that its name does not have: `known` holds
 * NAME:OPTION for each that there is. A malloc'd text, NULL without memory.
 */
char *spec_only_known(const char *spec, const struct texts *known);

/* Appends to a text, or begins it. 0 or -ENOMEM. */
int text_join(char **text, const char *more, const char *between);

/* A path or text with {name} replaced by value, malloc'd. */
char *text_replace(const char *text, const char *name, const char *value);

#endif
