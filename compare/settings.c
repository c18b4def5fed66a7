/* SPDX-License-Identifier: MIT */
/* The settings of a plan, by the names that an experiment's file and the command
 * line give them. */
#include "common/clock.h"
#include "compare/inject.h"
#include "compare/outcome.h"
#include "compare/plan.h"
#include "compare/program_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof(*(array)))

int plan_set_client(
	struct plan *p, const char *name, const char *value, char why[WHY_SIZE])
{
	int rc = program_option_check(&client_options, name, value, why);

	return rc ? rc : pairs_set(&p->client, name, value);
}

int plan_set_server(
	struct plan *p, const char *name, const char *value, char why[WHY_SIZE])
{
	int rc = program_option_check(&server_options, name, value, why);

	return rc ? rc : pairs_set(&p->server, name, value);
}

int plan_set_inject(
	struct plan *p, const char *name, const char *value, char why[WHY_SIZE])
{
	int rc = injection_check(name, value, why);

	return rc ? rc : pairs_set(&p->inject, name, value);
}

/* ---- what varies ---------------------------------------------------------- */

static void axis_release(struct axis *a)
{
	free(a->name);
	texts_clear(&a->values);
	*a = (struct axis) {0};
}

static void axes_clear(struct plan *p)
{
	while (p->axis_count)
		axis_release(&p->axes[--p->axis_count]);
}

static int cannot_vary(const char *name, char *why)
{
	static const char *const others[] = {"workload", "handler", "size"};
	const char *near = text_nearest(
		name, client_options.settable, client_options.count);
	char hint[80];

	if (!near)
		near = text_nearest(name, others, COUNT_OF(others));
	text_hint(name, &near, near != NULL, hint, sizeof(hint));
	snprintf(why, WHY_SIZE,
		"cannot vary %.60s%s (there are connections, workload, handler, "
		"size, server.OPTION, inject.SETTING, and the options of the "
		"client)",
		name, hint);
	return -EINVAL;
}

/* What may stand before the = of --vary, and each of the values behind it; a
 * value that is NULL is not looked at. */
static int check_varied(const char *name, const char *value, char *why)
{
	int rc;

	if (!strcmp(name, "workload") || !strcmp(name, "handler") ||
		!strcmp(name, "size"))
		return 0;
	if (!strncmp(name, "inject.", 7))
		return value ? injection_check(name + 7, value, why) : 0;
	if (!strncmp(name, "server.", 7))
		return program_option_check(
			&server_options, name + 7, value, why);
	rc = program_option_check(&client_options, name, value, why);
	return rc == -ENOENT ? cannot_vary(name, why) : rc;
}

static int check_value(const struct axis *a, size_t n, char *why)
{
	const char *value = a->values.at[n];

	for (size_t i = 0; i < n; i++)
		if (!strcmp(a->values.at[i], value)) {
			snprintf(why, WHY_SIZE,
				"vary %.60s: %.200s is there twice", a->name,
				value);
			return -EINVAL;
		}
	return check_varied(a->name, value, why);
}

/* Whether it can be varied beside those of the plan. */
static int check_axis(const struct plan *p, const struct axis *a, char *why)
{
	int rc = check_varied(a->name, NULL, why);

	for (size_t i = 0; i < p->axis_count && !rc; i++)
		if (!strcmp(p->axes[i].name, a->name)) {
			snprintf(why, WHY_SIZE,
				"%.60s is varied twice: name all its values at "
				"once",
				a->name);
			return -EINVAL;
		}
	for (size_t i = 0; i < a->values.count && !rc; i++)
		rc = check_value(a, i, why);
	return rc;
}

static int set_vary(struct plan *p, const char *value, char *why)
{
	const char *equals = strchr(value, '=');
	struct axis *a = &p->axes[p->axis_count];
	int rc;

	if (!equals || p->axis_count == PLAN_AXES) {
		snprintf(why, WHY_SIZE,
			"cannot vary %s: say NAME=VALUE,VALUE,... (at most %d "
			"of them)",
			value, PLAN_AXES);
		return -EINVAL;
	}
	a->name = strndup(value, (size_t)(equals - value));
	if (!a->name)
		return -ENOMEM;
	if (!strcmp(a->name, "workload") || !strcmp(a->name, "handler"))
		rc = texts_add_specs(&a->values, equals + 1);
	else
		rc = texts_add_list(&a->values, equals + 1);
	if (rc == -EINVAL)
		snprintf(why, WHY_SIZE, "a value is missing in %.250s", value);
	if (!rc)
		rc = check_axis(p, a, why);
	if (rc)
		axis_release(a);
	p->axis_count += !rc;
	return rc;
}

/* ---- one setting each ----------------------------------------------------- */

static int set_models(struct plan *p, const char *value, char *why)
{
	struct texts more = {0};
	int rc;

	if (!strcmp(value, "all")) {
		p->all_models = true;
		return 0;
	}
	rc = texts_add_specs(&more, value);
	if (rc == -EINVAL)
		snprintf(why, WHY_SIZE, "a model is missing in \"%s\"", value);
	for (size_t i = 0; i < more.count && !rc; i++)
		if (!texts_have(&p->models, more.at[i]))
			rc = texts_add(&p->models, more.at[i]);
	texts_clear(&more);
	return rc;
}

/* "2%" or "2": percent. */
static int set_until(struct plan *p, const char *value, char *why)
{
	size_t len = strlen(value);
	char number[32];
	double percent;

	snprintf(number, sizeof(number), "%.*s",
		(int)(len && value[len - 1] == '%' ? len - 1 : len), value);
	if (!parse_number(number, &percent) && percent > 0 && percent <= 100) {
		p->until = percent / 100;
		return 0;
	}
	snprintf(why, WHY_SIZE,
		"until %s: percent are needed, above 0 and up to 100", value);
	return -EINVAL;
}

static int set_connections(struct plan *p, const char *value, char *why)
{
	uint64_t n;

	if (!parse_count(value, &n) && n > 0 && n <= 1000000)
		return pairs_set(&p->client, "connections", value);
	snprintf(why, WHY_SIZE,
		"connections %s: a number from 1 to 1000000 is needed", value);
	return -EINVAL;
}

static int set_tolerate(struct plan *p, const char *value, char *why)
{
	struct texts more = {0};
	int rc = texts_add_list(&more, value);

	for (size_t i = 0; i < more.count && !rc; i++) {
		if (outcome_may_tolerate(more.at[i]))
			rc = texts_add(&p->tolerate, more.at[i]);
		else
			rc = -EINVAL;
		if (rc == -EINVAL)
			snprintf(why, WHY_SIZE,
				"tolerate %s: say unanswered, rate, timeout, or "
				"an error of a connection such as read.EOF or "
				"connect.ECONNREFUSED",
				more.at[i]);
	}
	texts_clear(&more);
	return rc;
}

/* ---- all of them ---------------------------------------------------------- */

#define IN(member) .offset = offsetof(struct plan, member)

static const struct setting {
	const char *name;
	enum setting_kind { OWN, NUMBER, TIME, CPUS, TEXT } kind;
	size_t offset;	      /* of the plan's member, but for OWN */
	uint64_t least, most; /* NUMBER; `least` of a TIME, in nanoseconds */
	int (*set)(struct plan *p, const char *value, char *why); /* OWN */
} settings[] = {
	{"models", .set = set_models},
	{"vary", .set = set_vary},
	{"connections", .set = set_connections},
	{"until", .set = set_until},
	{"tolerate", .set = set_tolerate},
	{"rounds", .kind = NUMBER, IN(rounds), .least = 1, .most = 1000},
	{"repeats", .kind = NUMBER, IN(repeats), .least = 0, .most = 100},
	{"syscalls", .kind = NUMBER, IN(syscalls), .least = 0, .most = 100},
	{"seed", .kind = NUMBER, IN(seed), .least = 1, .most = UINT32_MAX},
	{"duration", .kind = TIME, IN(duration_ns), .least = NS_PER_MS},
	{"warmup", .kind = TIME, IN(warmup_ns), .least = 0},
	{"start", .kind = TIME, IN(start_ns), .least = NS_PER_MS},
	{"budget", .kind = TIME, IN(budget_ns), .least = NS_PER_MS},
	{"patience", .kind = TIME, IN(patience_ns), .least = 0},
	{"server-cpus", .kind = CPUS, IN(server_cpus)},
	{"client-cpus", .kind = CPUS, IN(client_cpus)},
	{"workload", .kind = TEXT, IN(workload)},
	{"handler", .kind = TEXT, IN(handler)},
	{"baseline", .kind = TEXT, IN(baseline)},
};

static int set_number(
	const struct setting *s, const char *value, uint64_t *into, char *why)
{
	if (!parse_count(value, into) && *into >= s->least && *into <= s->most)
		return 0;
	snprintf(why, WHY_SIZE, "%s %s: a number from %llu to %llu is needed",
		s->name, value, (unsigned long long)s->least,
		(unsigned long long)s->most);
	return -EINVAL;
}

static int set_time(
	const struct setting *s, const char *value, uint64_t *into, char *why)
{
	if (!parse_time(value, into) && *into >= s->least)
		return 0;
	snprintf(why, WHY_SIZE, "%s %s: a time such as 600ms or 2s is needed",
		s->name, value);
	return -EINVAL;
}

static int set_cpus(
	const struct setting *s, const char *value, char **into, char *why)
{
	struct cpu_list list;

	if (!parse_cpu_list(value, &list) && list.count)
		return field_text(into, value), 0;
	snprintf(why, WHY_SIZE, "%s %s: a list such as 0 or 0,2-3 is needed",
		s->name, value);
	return -EINVAL;
}

static const struct setting *find_setting(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(settings); i++)
		if (!strcmp(settings[i].name, name))
			return &settings[i];
	return NULL;
}

static int no_setting(const char *name, char *why)
{
	const char *names[COUNT_OF(settings)];
	char hint[80];

	for (size_t i = 0; i < COUNT_OF(settings); i++)
		names[i] = settings[i].name;
	text_hint(name, names, COUNT_OF(names), hint, sizeof(hint));
	snprintf(why, WHY_SIZE, "there is no setting %.100s%s", name,
		program_option_known(&client_options, name)
			? ": it belongs into [client]"
			: hint);
	return -ENOENT;
}

int plan_set(
	struct plan *p, const char *name, const char *value, char why[WHY_SIZE])
{
	const struct setting *s = find_setting(name);
	void *into = (char *)p + (s ? s->offset : 0);

	if (!s)
		return no_setting(name, why);
	switch (s->kind) {
	case OWN:
		return s->set(p, value, why);
	case NUMBER:
		return set_number(s, value, into, why);
	case TIME:
		return set_time(s, value, into, why);
	case CPUS:
		return set_cpus(s, value, into, why);
	case TEXT:
		return field_text(into, value), 0;
	}
	return -ENOENT;
}

void plan_drop_axis(struct plan *p, const char *name)
{
	for (size_t a = 0; a < p->axis_count; a++) {
		if (strcmp(p->axes[a].name, name))
			continue;
		axis_release(&p->axes[a]);
		memmove(&p->axes[a], &p->axes[a + 1],
			(--p->axis_count - a) * sizeof(*p->axes));
		p->axes[p->axis_count] = (struct axis) {0};
		return;
	}
}

void plan_clear(struct plan *p, const char *name)
{
	if (!strcmp(name, "models")) {
		texts_clear(&p->models);
		p->all_models = false;
	} else if (!strcmp(name, "vary"))
		axes_clear(p);
	else if (!strcmp(name, "tolerate"))
		texts_clear(&p->tolerate);
}
