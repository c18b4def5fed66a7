/* SPDX-License-Identifier: MIT */
#include "servers/core/registry.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/handler.h"
#include "common/log.h"
#include "servers/core/plugin.h"
#include "servers/core/server.h"
#include "servers/core/stream.h"

enum { REGISTRY_NAME = 64 };

/* What follows the name, or the file, in a spec. NULL if that is too long. */
static const char *registry_split(const char *spec, char name[PATH_MAX])
{
	return plugin_named(spec) ? plugin_split(spec, name, PATH_MAX)
				  : spec_split(spec, name, REGISTRY_NAME);
}

/* Memory for the options of `spec`, filled; kept for the life of the process.
 */
static int registry_options(const struct option_spec *table, size_t size,
	const char *spec, const void **options, char why[WHY_SIZE])
{
	char name[PATH_MAX], reason[WHY_SIZE];
	void *into = calloc(1, size ? size : 1);
	int error;

	if (!into)
		return -ENOMEM;
	error = options_parse(table, into, registry_split(spec, name), reason);
	*options = into;
	if (error)
		snprintf(why, WHY_SIZE, "%.70s: %.240s", name, reason);
	return error;
}

static void registry_add_name(char why[WHY_SIZE], const char *name, bool first)
{
	const size_t n = strlen(why);

	snprintf(why + n, WHY_SIZE - n, "%s%s", first ? "" : ", ", name);
}

static void registry_unknown_model(const char *spec, char why[WHY_SIZE])
{
	snprintf(why, WHY_SIZE, "unknown model '%.60s': there is ", spec);
	for (size_t i = 0; server_models[i]; i++)
		registry_add_name(why, server_models[i]->name, !i);
}

static void registry_unknown_handler(const char *spec, char why[WHY_SIZE])
{
	snprintf(why, WHY_SIZE, "unknown handler '%.60s': there is ", spec);
	for (size_t i = 0; server_handlers[i]; i++)
		registry_add_name(why, server_handlers[i]->name, !i);
}

/* Built in or in a file of its own. NULL with a sentence in `why`; `source` as
 * for plugin_model(). */
static const struct server_model *registry_find_model(
	const char *spec, const char **source, char why[WHY_SIZE])
{
	char name[PATH_MAX];

	if (plugin_named(spec))
		return plugin_model(spec, source, why);
	if (registry_split(spec, name))
		for (size_t i = 0; server_models[i]; i++)
			if (!strcmp(server_models[i]->name, name))
				return server_models[i];
	registry_unknown_model(spec, why);
	return NULL;
}

static const struct handler *registry_find_handler(
	const char *spec, char why[WHY_SIZE])
{
	char name[PATH_MAX];

	if (plugin_named(spec))
		return plugin_handler(spec, NULL, why);
	if (registry_split(spec, name))
		for (size_t i = 0; server_handlers[i]; i++)
			if (!strcmp(server_handlers[i]->name, name))
				return server_handlers[i];
	registry_unknown_handler(spec, why);
	return NULL;
}

int registry_model(struct server *s, char why[WHY_SIZE])
{
	s->model = registry_find_model(s->model_spec, NULL, why);
	if (!s->model)
		return -EINVAL;
	return registry_options(s->model->options, s->model->options_size,
		s->model_spec, &s->model_options, why);
}

int registry_handler(struct server *s, char why[WHY_SIZE])
{
	s->handler = registry_find_handler(s->handler_spec, why);
	if (!s->handler)
		return -EINVAL;
	if (s->handler->serve)
		s->handler = sequential_adapt(s->handler);
	if (!s->handler) {
		snprintf(why, WHY_SIZE, "out of memory");
		return -ENOMEM;
	}
	return registry_options(s->handler->options, s->handler->options_size,
		s->handler_spec, &s->handler_options, why);
}

int registry_list_models(FILE *out)
{
	for (size_t i = 0; server_models[i]; i++) {
		fprintf(out, "%-12s %s\n", server_models[i]->name,
			server_models[i]->summary);
		options_help(server_models[i]->options, out);
	}
	return 0;
}

int registry_list_handlers(FILE *out)
{
	for (size_t i = 0; server_handlers[i]; i++) {
		fprintf(out, "%-16s %s\n", server_handlers[i]->name,
			server_handlers[i]->summary);
		options_help(server_handlers[i]->options, out);
	}
	return 0;
}

/* The head comment of a model's file, which only the tree's build keeps. */
static const char *registry_text(const struct server_model *model)
{
	for (size_t i = 0; server_models[i]; i++)
		if (server_models[i] == model)
			return server_model_texts[i];
	return NULL;
}

/* What a file outside the tree says of itself. */
static void registry_describe(const char *kind, const char *name,
	const char *summary, const char *source, FILE *out)
{
	fprintf(out, "%s: %s\n\nA %s built from %s, which says more.\n", name,
		summary, kind, source ? source : "a file that gives no name");
}

static int registry_explain_handler(const char *spec, FILE *out)
{
	char why[WHY_SIZE];
	const char *source = NULL;
	const struct handler *handler = plugin_handler(spec, &source, why);

	if (!handler)
		return -EINVAL;
	registry_describe(
		"handler", handler->name, handler->summary, source, out);
	if (handler->options)
		fputs("\nOPTIONS\n", out);
	options_help(handler->options, out);
	return 0;
}

int registry_explain(const char *spec, FILE *out)
{
	const char *text, *source = NULL;
	const struct server_model *model;
	char why[WHY_SIZE];

	model = registry_find_model(spec, &source, why);
	if (!model) {
		if (plugin_named(spec) && !registry_explain_handler(spec, out))
			return 0;
		log_warnx("%s", why);
		return EX_USAGE;
	}
	text = registry_text(model);
	if (text)
		fputs(text, out);
	else
		registry_describe(
			"model", model->name, model->summary, source, out);
	if (model->options)
		fputs("\nOPTIONS\n", out);
	options_help(model->options, out);
	return 0;
}
