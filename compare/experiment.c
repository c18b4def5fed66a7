/* SPDX-License-Identifier: MIT */
/* Experiment files: an .ini with the question, what to run, what to expect. */
#include "common/utf8.h"
#include "compare/fit.h"
#include "compare/metric.h"
#include "compare/plan.h"

#include <errno.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MOST = 190 }; /* inih cuts longer lines off without a word */

struct reading {
	struct plan *plan;
	bool quick;
	char *why;
	char last[64]; /* section and name of the setting before */
};

static int take_about(struct reading *r, const char *name, const char *value)
{
	struct plan *p = r->plan;
	const struct {
		const char *name;
		char **field;
	} known[] = {
		{"title", &p->title},
		{"question", &p->question},
		{"choices", &p->choices},
		{"explain", &p->explain},
		{"read", &p->read_next},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (!strcmp(known[i].name, name))
			return text_join(known[i].field, value, "\n");
	snprintf(r->why, WHY_SIZE,
		"[experiment] knows no %.100s: there are title, question, "
		"choices, explain and read",
		name);
	return -EINVAL;
}

/* [run] and [quick]: the first line of a name replaces, further ones add. */
static int take_setting(struct reading *r, const char *section,
	const char *name, const char *value)
{
	char here[64];

	snprintf(here, sizeof(here), "%.20s.%.40s", section, name);
	if (strcmp(here, r->last))
		plan_clear(r->plan, name);
	snprintf(r->last, sizeof(r->last), "%s", here);
	return plan_set(r->plan, name, value, r->why);
}

/* A relation may go on in further lines, which come under the same name. */
static int take_expect(struct reading *r, const char *name, const char *value)
{
	struct texts *expects = &r->plan->expects;
	char **last = expects->count ? &expects->at[expects->count - 1] : NULL;
	size_t len = strlen(name);
	char text[600];

	if (last && !strncmp(*last, name, len) &&
		!strncmp(*last + len, ": ", 2)) {
		snprintf(text, sizeof(text), "%.390s %.200s", *last, value);
		field_text(last, text);
		return *last ? 0 : -ENOMEM;
	}
	snprintf(text, sizeof(text), "%.60s: %.400s", name, value);
	return texts_add(expects, text);
}

/* "METRIC" or "METRIC over AXIS": a chart that shows the lesson. */
static int take_plot(struct reading *r, const char *value)
{
	char name[64], hint[80];
	size_t len = strcspn(value, " ");
	const char *rest = value + len;

	snprintf(name, sizeof(name), "%.*s", len < 63 ? (int)len : 63, value);
	if (metric_find(name) && (!*rest || !strncmp(rest, " over ", 6)))
		return texts_add(&r->plan->plots, value);
	snprintf(r->why, WHY_SIZE,
		"cannot plot %.100s%s (say METRIC or METRIC over "
		"WHAT-IS-VARIED)",
		value, metric_hint(name, hint, sizeof(hint)));
	return -EINVAL;
}

static int take_fit(struct reading *r, const char *value)
{
	const char *axis;

	if (fit_read(value, &axis))
		return texts_add(&r->plan->fits, value);
	snprintf(r->why, WHY_SIZE,
		"cannot fit %.100s: say usl over WHAT-IS-VARIED or queue over "
		"WHAT-IS-VARIED",
		value);
	return -EINVAL;
}

static int take(struct reading *r, const char *section, const char *name,
	const char *value)
{
	if (!strcmp(section, "experiment"))
		return take_about(r, name, value);
	if (!strcmp(section, "run"))
		return take_setting(r, section, name, value);
	if (!strcmp(section, "quick"))
		return r->quick ? take_setting(r, section, name, value) : 0;
	if (!strcmp(section, "client"))
		return plan_set_client(r->plan, name, value, r->why);
	if (!strcmp(section, "server"))
		return plan_set_server(r->plan, name, value, r->why);
	if (!strcmp(section, "beside"))
		return beside_set(&r->plan->beside, name, value, r->why);
	if (!strcmp(section, "inject"))
		return plan_set_inject(r->plan, name, value, r->why);
	if (!strcmp(section, "plot"))
		return take_plot(r, value);
	if (!strcmp(section, "fit"))
		return take_fit(r, value);
	if (!strcmp(section, "expect"))
		return take_expect(r, name, value);
	snprintf(r->why, WHY_SIZE,
		"there is no section [%s]: there are experiment, run, quick, "
		"client, server, inject, plot, fit, expect, beside",
		section);
	return -EINVAL;
}

/* inih's way: 0 is an error. */
static int on_line(
	void *data, const char *section, const char *name, const char *value)
{
	struct reading *r = data;

	return !r->why[0] && !take(r, section, name, value);
}

static void say_no_experiment(
	const struct programs *programs, const char *name, char *why)
{
	struct texts names = {0};
	char hint[80] = "";

	if (!programs_list_experiments(programs, &names))
		texts_hint(&names, name, hint, sizeof(hint));
	snprintf(why, WHY_SIZE,
		"there is no experiment %.150s%s (`compare list` shows them)",
		name, hint);
	texts_clear(&names);
}

/* The file of an experiment: a path, or a name in our directory. */
static FILE *open_experiment(const struct programs *programs,
	const char *experiment, struct plan *p, char *why)
{
	bool named = !strchr(experiment, '/') &&
		     strcmp(experiment + strlen(experiment) -
				     (strlen(experiment) > 4 ? 4 : 0),
			     ".ini") != 0;
	char path[PROGRAM_PATH + 256];
	FILE *file;

	snprintf(path, sizeof(path), "%s", experiment);
	if (named) {
		snprintf(path, sizeof(path), "%s/%.200s.ini",
			programs->experiments, experiment);
		field_text(&p->experiment, experiment);
	}
	file = fopen(path, "re");
	if (!file && named)
		say_no_experiment(programs, experiment, why);
	else if (!file)
		snprintf(why, WHY_SIZE, "cannot open %s: %s", experiment,
			strerror(errno));
	return file;
}

/* What inih or JSON would lose without a word is refused here. */
static void check_line(const char *line, unsigned number, char *why)
{
	if (strlen(line) > LINE_MOST)
		snprintf(why, WHY_SIZE,
			"line %u is longer than %d characters: go on in an "
			"indented line",
			number, LINE_MOST);
	else if (!utf8_is_whole(line))
		snprintf(why, WHY_SIZE, "line %u is not UTF-8", number);
}

/* The whole text, and what is wrong with the first line that cannot be. */
static char *read_all(FILE *file, char *why)
{
	char line[4096], *text = NULL;
	size_t size;
	unsigned number = 0;
	FILE *out = open_memstream(&text, &size);

	while (out && !why[0] && fgets(line, sizeof(line), file)) {
		check_line(line, ++number, why);
		fputs(line, out);
	}
	if (!out || fclose(out))
		return NULL;
	return text;
}

int plan_read(struct plan *p, const char *text, bool quick, char why[WHY_SIZE])
{
	struct reading r = {.plan = p, .quick = quick, .why = why};
	char place[WHY_SIZE];
	int line;

	why[0] = '\0';
	line = ini_parse_string(text, on_line, &r);
	if (!line && !why[0])
		return 0;
	snprintf(place, sizeof(place), "line %d: %.250s", line,
		why[0] ? why : "this is neither [section] nor name = value");
	snprintf(why, WHY_SIZE, "%s", place);
	return -EINVAL;
}

int plan_load(struct plan *p, const struct programs *programs,
	const char *experiment, bool quick, char why[WHY_SIZE])
{
	FILE *file = open_experiment(programs, experiment, p, why);
	char whole[WHY_SIZE + 80];
	int rc = -EINVAL;

	if (!file)
		return -ENOENT;
	why[0] = '\0';
	free(p->definition); /* of the experiment before */
	p->definition = read_all(file, why);
	fclose(file);
	if (!p->definition)
		return -ENOMEM;
	if (!why[0])
		rc = plan_read(p, p->definition, quick, why);
	if (rc) {
		snprintf(whole, sizeof(whole), "%.70s, %s", experiment, why);
		snprintf(why, WHY_SIZE, "%.*s", WHY_SIZE - 1, whole);
	}
	return rc;
}
