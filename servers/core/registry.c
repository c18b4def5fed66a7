/* SPDX-License-Identifier: MIT */
#include "servers/core/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/handler.h"
#include "common/log.h"
#include "servers/core/server.h"
#include "servers/core/stream.h"

enum { REGISTRY_NAME = 64 };

/* Memory for the options of `spec`, filled; kept for the life of the process.
 */
static int registry_options(const struct option_spec *table, size_t size,
	const char *spec, const void **options, char why[WHY_SIZE])
{
	char name[REGISTRY_NAME], reason[WHY_SIZE];
	void *into = calloc(1, size ? size : 1);
	int error;

	if (!into)
		return -ENOMEM;
	error = options_parse(
		table, into, spec_split(spec, name, sizeof(name)), reason);
	*options = into;
	if (error)
		snprintf(why, WHY_SIZE, "%s: %.240s", name, reason);
	return error;
}

static const struct server_model *registry_find_model(const char *name)
{
	for (size_t i = 0; server_models[i]; i++)
		if (!strcmp(server_models[i]->name, name))
			return server_models[i];
	return NULL;
}

static const struct handler *registry_find_handler(const char *name)
{
	for (size_t i = 0; server_handlers[i]; i++)
		if (!strcmp(server_handlers[i]->name, name))
			return server_handlers[i];
	return NULL;
}

static void registry_add_name(char why[WHY_SIZE], const char *name, bool first)
{
	const size_t n = strlen(why);

	snprintf(why + n, WHY_SIZE - n, "%s%s", first ? "" : ", ", name);
}

static int registry_unknown_model(const char *spec, char why[WHY_SIZE])
{
	snprintf(why, WHY_SIZE, "unknown model '%.60s': there is ", spec);
	for (size_t i = 0; server_models[i]; i++)
		registry_add_name(why, server_models[i]->name, !i);
	return -EINVAL;
}

static int registry_unknown_handler(const char *spec, char why[WHY_SIZE])
{
	snprintf(why, WHY_SIZE, "unknown handler '%.60s': there is ", spec);
	for (size_t i = 0; server_handlers[i]; i++)
		registry_add_name(why, server_handlers[i]->name, !i);
	return -EINVAL;
}

int registry_model(struct server *s, char why[WHY_SIZE])
{
	char name[REGISTRY_NAME];

	s->model = spec_split(s->model_spec, name, sizeof(name))
			   ? registry_find_model(name)
			   : NULL;
	if (!s->model)
		return registry_unknown_model(s->model_spec, why);
	return registry_options(s->model->options, s->model->options_size,
		s->model_spec, &s->model_options, why);
}

int registry_handler(struct server *s, char why[WHY_SIZE])
{
	char name[REGISTRY_NAME];

	s->handler = spec_split(s->handler_spec, name, sizeof(name))
			     ? registry_find_handler(name)
			     : NULL;
	if (!s->handler)
		return registry_unknown_handler(s->handler_spec, why);
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

int registry_explain(const char *spec, FILE *out)
{
	char name[REGISTRY_NAME], why[WHY_SIZE];

	if (!spec_split(spec, name, sizeof(name)))
		name[0] = '\0';
	for (size_t i = 0; server_models[i]; i++) {
		if (strcmp(server_models[i]->name, name))
			continue;
		fputs(server_model_texts[i], out);
		if (server_models[i]->options)
			fputs("\nOPTIONS\n", out);
		options_help(server_models[i]->options, out);
		return 0;
	}
	registry_unknown_model(spec, why);
	log_warnx("%s", why);
	return EX_USAGE;
}
