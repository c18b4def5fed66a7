/* SPDX-License-Identifier: MIT */
#include "compare/arguments.h"

#include "compare/external.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void __attribute__((format(printf, 2, 3)))
add(struct arguments *a, const char *format, ...)
{
	va_list list;
	char *text = NULL;

	va_start(list, format);
	if (a->count == ARGUMENTS_MOST || vasprintf(&text, format, list) < 0)
		a->full = true;
	else
		a->at[a->count++] = text;
	va_end(list);
}

void arguments_release(struct arguments *a)
{
	while (a->count)
		free(a->at[--a->count]);
	*a = (struct arguments) {0};
}

static void add_option(struct arguments *a, const char *name, const char *value)
{
	add(a, "--%s", name);
	add(a, "%s", value);
}

static void add_descriptor(struct arguments *a, const char *name, int fd)
{
	if (fd < 0)
		return;
	add(a, "--%s", name);
	add(a, "%d", fd);
}

/* A file that is open already, and named by its descriptor. */
static void add_file(struct arguments *a, const char *name, int fd)
{
	if (fd < 0)
		return;
	add(a, "--%s", name);
	add(a, "/dev/fd/%d", fd);
}

static void add_time(struct arguments *a, const char *name, uint64_t ns)
{
	add(a, "--%s", name);
	add(a, "%lluus", (unsigned long long)ns / 1000);
}

/* What the cell has for a program. */
static void add_options(
	struct arguments *a, const struct cell *cell, const char *program)
{
	const char *name;
	json_t *value;

	json_object_foreach(
		json_object_get(cell->options, program), name, value)
	{
		const char *text = json_string_value(value);

		/* The one flag without a value is on or off here, and the
		 * closed loop is a rate that is not given. */
		if (!strcmp(name, "busy-poll") && !strcmp(text, "on"))
			add(a, "--%s", name);
		else if (strcmp(name, "busy-poll") &&
			 (strcmp(name, "rate") || strcmp(text, "closed")))
			add_option(a, name, text);
	}
}

/* Another system's server, which has no options of ours. */
static void add_peer(struct arguments *a, const struct server_call *c)
{
	char path[PROGRAM_PATH + 300];

	add(a, "%s",
		programs_peer(c->programs, c->cell->model, path, sizeof(path)));
	add(a, "%s", c->listen);
	add_descriptor(a, "ready-fd", c->ready);
	add_option(a, "handler", c->cell->handler);
}

static int add_external(struct arguments *a, const struct server_call *c)
{
	wordexp_t words;
	int rc = external_words(c->cell->model, c->port, &words);

	if (rc)
		return rc;
	for (size_t i = 0; i < words.we_wordc; i++)
		add(a, "%s", words.we_wordv[i]);
	wordfree(&words);
	return 0;
}

static void add_server(struct arguments *a, const struct server_call *c)
{
	add(a, "%s", c->programs->server);
	add_option(a, "model", c->cell->model);
	add_option(a, "handler", c->cell->handler);
	add_option(a, "listen", c->listen);
	add_descriptor(a, "ready-fd", c->ready);
	add_descriptor(a, "scoreboard-fd", c->board);
	add_file(a, "stats", c->stats);
	add_option(a, "cpus", c->plan->server_cpus);
	add_options(a, c->cell, "server");
	if (c->trial)
		add_option(a, "listen", c->listen); /* the last one holds */
}

int arguments_of_server(struct arguments *a, const struct server_call *c)
{
	int rc = 0;

	if (external_named(c->cell->model))
		rc = add_external(a, c);
	else if (programs_is_peer(c->cell->model))
		add_peer(a, c);
	else
		add_server(a, c);
	return a->full ? -E2BIG : rc;
}

static void add_seed(struct arguments *a, const struct client_call *c)
{
	const json_t *own = json_object_get(c->cell->options, "client");

	if (!c->seed || json_object_get(own, "seed"))
		return;
	add(a, "--seed");
	add(a, "%llu", (unsigned long long)c->seed);
}

int arguments_of_client(struct arguments *a, const struct client_call *c)
{
	add(a, "%s", c->programs->client);
	add(a, "%s", c->address);
	add_option(a, "workload", c->cell->workload);
	add_time(a, "duration", c->duration_ns);
	add_time(a, "warmup", c->plan->warmup_ns);
	add_file(a, "json", c->json);
	add_descriptor(a, "phase-fd", c->phase);
	add_option(a, "cpus", c->plan->client_cpus);
	add(a, "-q");
	add_seed(a, c);
	add_options(a, c->cell, "client");
	return a->full ? -E2BIG : 0;
}
