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
/* --name value, or --name alone where value is NULL. 0 or -ENOMEM. */
int texts_add_option(struct texts *t, const char *name, const char *value);
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

struct pair {
	char *name, *value;
};

/* Names with one value each, in the order in which they came. Zeroed is
 * empty. */
struct pairs {
	struct pair *at;
	size_t count;
};

/* Adds a pair, or replaces the value of its name. 0 or -ENOMEM. */
int pairs_set(struct pairs *pairs, const char *name, const char *value);
const char *pairs_get(
	const struct pairs *pairs, const char *name); /* or NULL */
void pairs_clear(struct pairs *pairs);

/*
 * What somebody who wrote `wrong` may have meant: the name that takes the fewest
 * letters more, fewer, other or swapped (optimal string alignment, Damerau
 * 1964). NULL where none is near.
 */
const char *text_nearest(
	const char *wrong, const char *const *names, size_t count);

/* "; did you mean epoll?", or "" where none is near. Returns buf. */
const char *text_hint(const char *wrong, const char *const *names, size_t count,
	char *buf, size_t size);
const char *texts_hint(
	const struct texts *names, const char *wrong, char *buf, size_t size);

/* Appends to a text, or begins it. 0 or -ENOMEM. */
int text_join(char **text, const char *more, const char *between);

/* The words of a command line as they can be typed again: quoted where a shell
 * would read them otherwise. 0 or -ENOMEM. */
int text_command(char **text, int count, char *const *words);

/* A path or text with {name} replaced by value, malloc'd. */
char *text_replace(const char *text, const char *name, const char *value);

#endif
