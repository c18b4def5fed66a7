/* SPDX-License-Identifier: MIT */
#include "servers/core/plugin.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "servers/core/model.h"

/* How the two kinds differ for the loader. */
struct plugin_kind {
	const char *word, *macro;
	const char *abi_symbol, *symbol, *source_symbol;
	unsigned abi;
	const struct plugin_kind *other;
};

static const struct plugin_kind plugin_models, plugin_handlers;

static const struct plugin_kind plugin_models = {
	.word = "model",
	.macro = "SERVERLAB_MODEL",
	.abi_symbol = "serverlab_model_abi",
	.symbol = "serverlab_model",
	.source_symbol = "serverlab_model_source",
	.abi = SERVERLAB_MODEL_ABI,
	.other = &plugin_handlers,
};

static const struct plugin_kind plugin_handlers = {
	.word = "handler",
	.macro = "SERVERLAB_HANDLER",
	.abi_symbol = "serverlab_handler_abi",
	.symbol = "serverlab_handler",
	.source_symbol = "serverlab_handler_source",
	.abi = SERVERLAB_HANDLER_ABI,
	.other = &plugin_models,
};

/* ---- which file --------------------------------------------------------- */

static bool plugin_suffixed(const char *name, size_t len)
{
	return len > 3 && !strncmp(name + len - 3, ".so", 3);
}

bool plugin_named(const char *spec)
{
	const size_t len = strcspn(spec, ":");

	return memchr(spec, '/', len) || plugin_suffixed(spec, len);
}

/* A directory may have a colon in its name: the path ends behind the first
 * ".so" that a colon or nothing follows, or else at the first colon. */
static size_t plugin_path_length(const char *spec)
{
	const size_t whole = strlen(spec);
	size_t len = 0;

	do {
		len += strcspn(spec + len, ":");
		if (plugin_suffixed(spec, len))
			return len;
	} while (len++ < whole);
	return strcspn(spec, ":");
}

const char *plugin_split(const char *spec, char *path, size_t size)
{
	const size_t len = plugin_path_length(spec);
	/* Without a slash, dlopen() would look in the library path only. */
	const char *here = memchr(spec, '/', len) ? "" : "./";

	if (strlen(here) + len >= size)
		return NULL;
	snprintf(path, size, "%s%.*s", here, (int)len, spec);
	return spec[len] ? spec + len + 1 : spec + len;
}

/* ---- what it exports ---------------------------------------------------- */

/* The struct that the file exports, once it is sure that it was built for this
 * server. */
static const void *plugin_export(const struct plugin_kind *kind, void *file,
	const char *path, char why[WHY_SIZE])
{
	const unsigned *abi = dlsym(file, kind->abi_symbol);
	const void *const *export = dlsym(file, kind->symbol);

	if (!abi && dlsym(file, kind->other->symbol))
		snprintf(why, WHY_SIZE,
			"%.160s: holds a %s and no %s: use --%s", path,
			kind->other->word, kind->word, kind->other->word);
	else if (!abi || !export)
		snprintf(why, WHY_SIZE,
			"%.160s: lacks %s: its source must end with %s(...)",
			path, abi ? kind->symbol : kind->abi_symbol,
			kind->macro);
	else if (*abi != kind->abi)
		snprintf(why, WHY_SIZE,
			"%.160s: was built for ABI %u.%06x and this server has "
			"%u.%06x: build it again with this server's headers",
			path, *abi >> 24, *abi & 0xffffff, kind->abi >> 24,
			kind->abi & 0xffffff);
	else if (!*export)
		snprintf(why, WHY_SIZE, "%.160s: its %s points to nothing",
			path, kind->symbol);
	else
		return *export;
	return NULL;
}

static const void *plugin_load(const struct plugin_kind *kind, const char *spec,
	const char **source, char why[WHY_SIZE])
{
	char path[PATH_MAX];
	void *file;

	if (!plugin_split(spec, path, sizeof(path))) {
		snprintf(
			why, WHY_SIZE, "%.160s...: the path is too long", spec);
		return NULL;
	}
	file = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!file) {
		snprintf(why, WHY_SIZE, "cannot load a %s: %.280s", kind->word,
			dlerror());
		return NULL;
	}
	if (source)
		*source = dlsym(file, kind->source_symbol);
	return plugin_export(kind, file, path, why);
}

/* ---- whether it is whole ------------------------------------------------ */

struct plugin_lack {
	char text[160];
};

static void plugin_want(struct plugin_lack *lack, bool there, const char *what)
{
	const size_t n = strlen(lack->text);

	if (!there)
		snprintf(lack->text + n, sizeof(lack->text) - n, "%s%s",
			n ? ", " : "", what);
}

static size_t plugin_option_size(enum option_type type)
{
	switch (type) {
	case OPTION_NUMBER:
		return sizeof(double);
	case OPTION_CHOICE:
		return sizeof(int);
	case OPTION_SWITCH:
		return sizeof(bool);
	case OPTION_STRING:
		return sizeof(char *);
	default:
		return sizeof(uint64_t);
	}
}

/* Options are written into options_size bytes: none may fall beside them. */
static void plugin_want_options(struct plugin_lack *lack,
	const struct option_spec *table, size_t options_size)
{
	char what[80];

	for (; table && table->name; table++) {
		const size_t size = plugin_option_size(table->type);

		snprintf(what, sizeof(what), "options_size for option %.30s",
			table->name);
		plugin_want(lack, table->offset + size <= options_size, what);
		snprintf(what, sizeof(what), "help of option %.30s",
			table->name);
		plugin_want(lack, table->help, what);
		snprintf(what, sizeof(what), "choices of option %.30s",
			table->name);
		plugin_want(lack,
			table->type != OPTION_CHOICE || table->choices, what);
	}
}

/* True if nothing lacks. */
static bool plugin_whole(const struct plugin_kind *kind, const char *spec,
	const struct plugin_lack *lack, char why[WHY_SIZE])
{
	if (*lack->text)
		snprintf(why, WHY_SIZE, "%.120s: the %s lacks %s", spec,
			kind->word, lack->text);
	return !*lack->text;
}

const struct server_model *plugin_model(
	const char *spec, const char **source, char why[WHY_SIZE])
{
	const struct server_model *model =
		plugin_load(&plugin_models, spec, source, why);
	struct plugin_lack lack = {{0}};

	if (!model)
		return NULL;
	plugin_want(&lack, model->name, "name");
	plugin_want(&lack, model->summary, "summary");
	plugin_want(&lack, model->run, "run()");
	plugin_want_options(&lack, model->options, model->options_size);
	return plugin_whole(&plugin_models, spec, &lack, why) ? model : NULL;
}

const struct handler *plugin_handler(
	const char *spec, const char **source, char why[WHY_SIZE])
{
	const struct handler *handler =
		plugin_load(&plugin_handlers, spec, source, why);
	struct plugin_lack lack = {{0}};

	if (!handler)
		return NULL;
	plugin_want(&lack, handler->name, "name");
	plugin_want(&lack, handler->summary, "summary");
	plugin_want(
		&lack, handler->data || handler->serve, "data() or serve()");
	plugin_want_options(&lack, handler->options, handler->options_size);
	return plugin_whole(&plugin_handlers, spec, &lack, why) ? handler
								: NULL;
}
