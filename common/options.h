/* SPDX-License-Identifier: MIT */
/*
 * Option tables and the spec strings that fill them.
 *
 * A spec is NAME[:key=value,...], as in "prefork:accept=mutex,workers=8".
 * What may stand in it is a table of struct option_spec beside the struct that
 * it fills, so that parsing, --help and error messages share one description.
 */
#ifndef SERVERLAB_COMMON_OPTIONS_H
#define SERVERLAB_COMMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum option_type {
	OPTION_COUNT,	   /* uint64_t: 4, 10k, 2M (thousands) */
	OPTION_SIZE,	   /* uint64_t, bytes: 64, 4k, 1M, 2G (1024s) */
	OPTION_TIME,	   /* uint64_t, nanoseconds: 50us, 2ms, 1.5s, 1m */
	OPTION_NUMBER,	   /* double */
	OPTION_CHOICE,	   /* int: the index within `choices` */
	OPTION_SWITCH,	   /* bool: on, off */
	OPTION_STRING,	   /* const char *, kept for the life of the process */
	OPTION_DESCRIPTOR, /* int: an open one */
};

struct option_spec {
	const char *name; /* NULL ends a table */
	enum option_type type;
	size_t offset;	     /* of the field, offsetof() */
	const char *preset;  /* the default, as it would be written */
	const char *choices; /* OPTION_CHOICE: "shared,exclusive" */
	uint64_t min, max;   /* numbers: inclusive; max 0 is no limit */
	const char *help;    /* one line */
};

enum { WHY_SIZE = 320 }; /* of the buffers that explain an error */

/* Each returns 0, or -EINVAL / -ERANGE. */
int parse_count(const char *text, uint64_t *value);
int parse_size(const char *text, uint64_t *value);
int parse_time(const char *text, uint64_t *ns);
int parse_number(const char *text, double *value);

/*
 * Fills `into` with the presets of `table`, then with "key=value,..." (NULL or
 * "" for presets alone; "\," is a comma within a value). 0, or -EINVAL with a
 * sentence in `why` that names the key, the value and what is allowed.
 */
int options_parse(const struct option_spec *table, void *into, const char *text,
	char why[WHY_SIZE]);

/* One option alone: puts what `text` says into its field of `into`. 0, or
 * -EINVAL with such a sentence. */
int option_set(const struct option_spec *spec, void *into, const char *text,
	char why[WHY_SIZE]);

/* Splits a spec at its first colon: copies the name, returns what follows the
 * colon ("" if none). NULL if the name is empty or longer than size - 1. */
const char *spec_split(const char *spec, char *name, size_t size);

/* Prints a table as indented help lines. */
void options_help(const struct option_spec *table, FILE *out);

/* A time for people: "250us", "1.50s". Returns buf. */
const char *format_time(uint64_t ns, char *buf, size_t size);

/* A CPU list as taskset writes it, "0,2-3", as a bit set of at most 1024. */
struct cpu_list {
	uint64_t bits[16];
	unsigned count; /* CPUs named */
};
int parse_cpu_list(const char *text, struct cpu_list *list);
/* All that are in one of them. */
struct cpu_list cpu_list_join(
	const struct cpu_list *a, const struct cpu_list *b);
/* Pins the calling thread, and what it creates, to all of the list. */
int cpu_list_apply(const struct cpu_list *list);
/* Pins it to the n-th CPU of the list, counted round. */
int cpu_list_apply_one(const struct cpu_list *list, unsigned n);

#endif
