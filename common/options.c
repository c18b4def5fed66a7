/* SPDX-License-Identifier: MIT */
#include "common/options.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

struct unit {
	const char *name;
	double factor;
};

static const struct unit options_counts[] = {
	{"", 1}, {"k", 1e3}, {"M", 1e6}, {NULL, 0}};
static const struct unit options_sizes[] = {{"", 1}, {"k", 1024.0},
	{"M", 1048576.0}, {"G", 1073741824.0}, {NULL, 0}};
static const struct unit options_times[] = {
	{"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {NULL, 0}};

/* A decimal number with one of the units; "0" needs none. Digits are required
 * first, so that strtod()'s "inf", "nan" and hexadecimals stay out. */
static int parse_scaled(
	const char *text, const struct unit *units, uint64_t *value)
{
	char *end;
	double n;

	if (!isdigit((unsigned char)*text) || text[strcspn(text, "xXeE")])
		return -EINVAL;
	n = strtod(text, &end);
	if (n == 0 && !*end) {
		*value = 0;
		return 0;
	}
	for (; units->name; units++) {
		if (strcmp(end, units->name))
			continue;
		n *= units->factor;
		if (n >= 9e18)
			return -ERANGE;
		*value = (uint64_t)llround(n);
		return 0;
	}
	return -EINVAL;
}

/* Counts and sizes beyond what a double holds exactly are of no use here. */
int parse_count(const char *text, uint64_t *value)
{
	return parse_scaled(text, options_counts, value);
}

int parse_size(const char *text, uint64_t *value)
{
	return parse_scaled(text, options_sizes, value);
}

int parse_time(const char *text, uint64_t *ns)
{
	return parse_scaled(text, options_times, ns);
}

int parse_number(const char *text, double *value)
{
	char *end;

	if (!isdigit((unsigned char)*text) && *text != '.' && *text != '-')
		return -EINVAL;
	errno = 0;
	*value = strtod(text, &end);
	return *end || end == text || errno ? -EINVAL : 0;
}

const char *format_time(uint64_t ns, char *buf, size_t size)
{
	if (ns < 1000)
		snprintf(buf, size, "%uns", (unsigned)ns);
	else if (ns < 1000000)
		snprintf(buf, size, "%.3gus", (double)ns / 1e3);
	else if (ns < 1000000000)
		snprintf(buf, size, "%.3gms", (double)ns / 1e6);
	else
		snprintf(buf, size, "%.3gs", (double)ns / 1e9);
	return buf;
}

/* ---- option tables ----------------------------------------------------- */

static const char *option_allowed(
	const struct option_spec *spec, char *buf, size_t size)
{
	char low[32], high[32];

	switch (spec->type) {
	case OPTION_CHOICE:
		snprintf(buf, size, "one of %s", spec->choices);
		break;
	case OPTION_SWITCH:
		snprintf(buf, size, "on or off");
		break;
	case OPTION_NUMBER:
		snprintf(buf, size, "a number");
		break;
	case OPTION_STRING:
		snprintf(buf, size, "text");
		break;
	case OPTION_DESCRIPTOR:
		snprintf(buf, size, "the number of an open descriptor");
		break;
	case OPTION_TIME:
		if (spec->max)
			snprintf(buf, size, "a time from %s to %s (us ms s m)",
				format_time(spec->min, low, sizeof(low)),
				format_time(spec->max, high, sizeof(high)));
		else
			snprintf(buf, size, "a time such as 250us, 2ms or 5s");
		break;
	default:
		if (spec->max)
			snprintf(buf, size, "%llu to %llu",
				(unsigned long long)spec->min,
				(unsigned long long)spec->max);
		else
			snprintf(buf, size, "a number from %llu on",
				(unsigned long long)spec->min);
	}
	return buf;
}

/* The index of `value` in "a,b,c", or -EINVAL. */
static int option_choose(const char *choices, const char *value)
{
	const size_t len = strlen(value);
	int index = 0;

	for (const char *at = choices;; at++, index++) {
		const size_t n = strcspn(at, ",");

		if (n == len && !strncmp(at, value, n))
			return index;
		at += n;
		if (!*at)
			return -EINVAL;
	}
}

static int option_store_integer(
	const struct option_spec *spec, char *field, const char *value)
{
	uint64_t n;
	int error;

	if (spec->type == OPTION_COUNT)
		error = parse_count(value, &n);
	else if (spec->type == OPTION_SIZE)
		error = parse_size(value, &n);
	else
		error = parse_time(value, &n);
	if (error || n < spec->min || (spec->max && n > spec->max))
		return -EINVAL;
	memcpy(field, &n, sizeof(n));
	return 0;
}

static int option_store_descriptor(int *field, const char *value)
{
	uint64_t fd;

	if (parse_count(value, &fd) || fd > INT_MAX ||
		fcntl((int)fd, F_GETFD) < 0)
		return -EINVAL;
	*field = (int)fd;
	return 0;
}

/* Kept for the life of the process, and never lost sight of: a checker for
 * leaks is right not to complain. */
struct option_string {
	struct option_string *next;
	char text[];
};

static int option_store_string(const char **field, const char *value)
{
	static struct option_string *all;
	struct option_string *s = malloc(sizeof(*s) + strlen(value) + 1);

	if (!s)
		return -ENOMEM;
	strcpy(s->text, value);
	s->next = all;
	all = s;
	*field = s->text;
	return 0;
}

static int option_store(
	const struct option_spec *spec, char *field, const char *value)
{
	int choice;

	switch (spec->type) {
	case OPTION_NUMBER:
		return parse_number(value, (double *)(void *)field);
	case OPTION_CHOICE:
		choice = option_choose(spec->choices, value);
		if (choice < 0)
			return -EINVAL;
		*(int *)(void *)field = choice;
		return 0;
	case OPTION_SWITCH:
		choice = option_choose("off,on", value);
		if (choice < 0)
			return -EINVAL;
		*(bool *)field = choice == 1;
		return 0;
	case OPTION_STRING:
		return option_store_string((const char **)(void *)field, value);
	case OPTION_DESCRIPTOR:
		return option_store_descriptor((int *)(void *)field, value);
	default:
		return option_store_integer(spec, field, value);
	}
}

static const struct option_spec *option_find(
	const struct option_spec *table, const char *name)
{
	for (; table && table->name; table++)
		if (!strcmp(table->name, name))
			return table;
	return NULL;
}

static void option_names(
	const struct option_spec *table, char *buf, size_t size)
{
	size_t n = 0;

	buf[0] = '\0';
	for (; table && table->name && n < size; table++)
		n += (size_t)snprintf(
			buf + n, size - n, "%s%s", n ? ", " : "", table->name);
}

int option_set(const struct option_spec *spec, void *into, const char *text,
	char why[WHY_SIZE])
{
	char allowed[160];

	if (!option_store(spec, (char *)into + spec->offset, text))
		return 0;
	snprintf(why, WHY_SIZE, "%s='%.60s': must be %s", spec->name, text,
		option_allowed(spec, allowed, sizeof(allowed)));
	return -EINVAL;
}

/* One "key=value". */
static int option_set_pair(const struct option_spec *table, void *into,
	char *pair, char why[WHY_SIZE])
{
	char *equals = strchr(pair, '=');
	const struct option_spec *spec;
	char allowed[160];

	if (equals)
		*equals = '\0';
	spec = option_find(table, pair);
	if (!spec) {
		option_names(table, allowed, sizeof(allowed));
		snprintf(why, WHY_SIZE, "unknown option '%.60s': %s%s", pair,
			*allowed ? "there is " : "there are none", allowed);
		return -EINVAL;
	}
	if (equals)
		return option_set(spec, into, equals + 1, why);
	snprintf(why, WHY_SIZE, "option '%s' needs a value: %s", pair,
		option_allowed(spec, allowed, sizeof(allowed)));
	return -EINVAL;
}

/* Copies up to the next comma, taking "\," for a comma within. */
static const char *option_cut(const char *text, char *pair)
{
	for (; *text && *text != ','; text++) {
		if (text[0] == '\\' && text[1] == ',')
			text++;
		*pair++ = *text;
	}
	*pair = '\0';
	return *text ? text + 1 : text;
}

int options_parse(const struct option_spec *table, void *into, const char *text,
	char why[WHY_SIZE])
{
	char pair[1024];

	for (const struct option_spec *s = table; s && s->name; s++)
		if (s->preset &&
			option_store(s, (char *)into + s->offset, s->preset)) {
			snprintf(why, WHY_SIZE,
				"option %s: its preset '%s' "
				"does not fit its own table",
				s->name, s->preset);
			return -EINVAL;
		}
	if (text && strlen(text) >= sizeof(pair)) {
		snprintf(why, WHY_SIZE, "more than %zu characters of options",
			sizeof(pair) - 1);
		return -EINVAL;
	}
	while (text && *text) {
		text = option_cut(text, pair);
		if (option_set_pair(table, into, pair, why))
			return -EINVAL;
	}
	return 0;
}

const char *spec_split(const char *spec, char *name, size_t size)
{
	const size_t len = strcspn(spec, ":");

	if (!len || len >= size)
		return NULL;
	memcpy(name, spec, len);
	name[len] = '\0';
	return spec[len] ? spec + len + 1 : spec + len;
}

void options_help(const struct option_spec *table, FILE *out)
{
	char allowed[160], left[64];

	for (; table && table->name; table++) {
		snprintf(left, sizeof(left), "%s=%s", table->name,
			table->preset ? table->preset : "");
		fprintf(out, "    %-22s %s (%s)\n", left, table->help,
			option_allowed(table, allowed, sizeof(allowed)));
	}
}

/* ---- CPU lists --------------------------------------------------------- */

static bool cpu_list_has(const struct cpu_list *list, unsigned long cpu)
{
	return list->bits[cpu / 64] >> (cpu % 64) & 1;
}

static int cpu_list_add(struct cpu_list *list, unsigned long a, unsigned long b)
{
	if (a > b || b >= sizeof(list->bits) * 8)
		return -EINVAL;
	for (; a <= b; a++) {
		list->count += !cpu_list_has(list, a);
		list->bits[a / 64] |= UINT64_C(1) << (a % 64);
	}
	return 0;
}

int parse_cpu_list(const char *text, struct cpu_list *list)
{
	memset(list, 0, sizeof(*list));
	for (;;) {
		unsigned long first, last;
		char *end;

		if (!isdigit((unsigned char)*text))
			return -EINVAL;
		first = last = strtoul(text, &end, 10);
		if (*end == '-' && isdigit((unsigned char)end[1]))
			last = strtoul(end + 1, &end, 10);
		if (cpu_list_add(list, first, last))
			return -EINVAL;
		if (!*end)
			return 0;
		if (*end != ',')
			return -EINVAL;
		text = end + 1;
	}
}

struct cpu_list cpu_list_join(
	const struct cpu_list *a, const struct cpu_list *b)
{
	struct cpu_list both = {0};

	for (size_t i = 0; i < sizeof(both.bits) / sizeof(*both.bits); i++) {
		both.bits[i] = a->bits[i] | b->bits[i];
		both.count += (unsigned)__builtin_popcountll(both.bits[i]);
	}
	return both;
}

static int cpu_list_set(const struct cpu_list *list, unsigned from, unsigned n)
{
	cpu_set_t set;
	unsigned nth = 0;

	CPU_ZERO(&set);
	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (cpu_list_has(list, cpu) && nth++ - from < n)
			CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) < 0 ? -errno : 0;
}

int cpu_list_apply(const struct cpu_list *list)
{
	return cpu_list_set(list, 0, list->count);
}

int cpu_list_apply_one(const struct cpu_list *list, unsigned n)
{
	return list->count ? cpu_list_set(list, n % list->count, 1) : -EINVAL;
}
