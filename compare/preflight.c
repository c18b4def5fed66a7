/* SPDX-License-Identifier: MIT */
#include "compare/preflight.h"

#include "compare/arguments.h"
#include "compare/child.h"
#include "compare/external.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	PATIENCE_MS = 5000, /* for a program to find its usage wrong */
	USAGE = 64,	    /* EX_USAGE */
};

struct preflight {
	const struct programs *programs;
	const struct plan *plan;
	char nowhere[64];
	char *why;
};

/* An address that is taken, so that no server can have it, and on which nobody
 * listens, so that no client gets in. The socket that holds it, or -errno. */
static int take_address(char *text, size_t size)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), rc;

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) ||
		getsockname(fd, (struct sockaddr *)&a, &len)) {
		rc = -errno;
		close(fd);
		return rc;
	}
	snprintf(text, size, "127.0.0.1:%d", ntohs(a.sin_port));
	return fd;
}

/* Starts the program and waits for its verdict. Whatever else is wrong with it
 * than its usage is for the samples to find. */
static int try_it(
	struct preflight *p, const struct arguments *args, const char *what)
{
	struct child child = {0};
	struct child_setup setup = {
		.argv = args->at, .group = -1, .output = -1};
	char words[256];
	int rc = child_start(&child, &setup);

	if (rc)
		return rc;
	rc = child_wait(&child, PATIENCE_MS);
	if (!rc && WIFEXITED(child.status) &&
		WEXITSTATUS(child.status) == USAGE) {
		snprintf(p->why, WHY_SIZE, "%.100s: %.200s", what,
			child_last_words(&child, words, sizeof(words)));
		rc = -EINVAL;
	} else if (rc == -ETIMEDOUT)
		rc = 0;
	child_release(&child);
	return rc;
}

static int try_server(struct preflight *p, const struct cell *cell)
{
	struct server_call call = {
		.programs = p->programs,
		.plan = p->plan,
		.cell = cell,
		.listen = p->nowhere,
		.trial = true,
		.ready = -1,
		.stats = -1,
		.board = -1,
	};
	struct arguments args = {0};
	int rc = arguments_of_server(&args, &call);

	if (!rc)
		rc = try_it(p, &args, cell->model);
	arguments_release(&args);
	return rc;
}

static int try_client(struct preflight *p, const struct cell *cell)
{
	struct client_call call = {
		.programs = p->programs,
		.plan = p->plan,
		.cell = cell,
		.address = p->nowhere,
		.duration_ns = p->plan->duration_ns,
		.json = -1,
		.phase = -1,
	};
	struct arguments args = {0};
	int rc = arguments_of_client(&args, &call);

	if (!rc)
		rc = try_it(p, &args, cell->workload);
	arguments_release(&args);
	return rc;
}

static bool same_options(
	const struct cell *a, const struct cell *b, const char *program)
{
	return json_equal(json_object_get(a->options, program),
		json_object_get(b->options, program));
}

static bool same_server(const struct cell *a, const struct cell *b)
{
	return !strcmp(a->model, b->model) && !strcmp(a->handler, b->handler) &&
	       same_options(a, b, "server");
}

static bool same_client(const struct cell *a, const struct cell *b)
{
	return !strcmp(a->workload, b->workload) &&
	       same_options(a, b, "client");
}

/* Whether a cell before the n-th asks the same. */
static bool was_tried(const struct run *run, size_t n,
	bool (*same)(const struct cell *, const struct cell *))
{
	for (size_t c = 0; c < n; c++)
		if (!run->cells[c].skipped &&
			same(&run->cells[c], &run->cells[n]))
			return true;
	return false;
}

static bool is_ours(const char *model)
{
	return !external_named(model) && !programs_is_peer(model);
}

int preflight(const struct programs *programs, const struct plan *plan,
	const struct run *run, char why[WHY_SIZE])
{
	struct preflight p = {.programs = programs, .plan = plan, .why = why};
	int fd = take_address(p.nowhere, sizeof(p.nowhere));
	int rc = fd < 0 ? fd : 0;

	for (size_t c = 0; c < run->cell_count && !rc; c++) {
		const struct cell *cell = &run->cells[c];

		if (cell->skipped)
			continue;
		if (!was_tried(run, c, same_client))
			rc = try_client(&p, cell);
		if (!rc && is_ours(cell->model) &&
			!was_tried(run, c, same_server))
			rc = try_server(&p, cell);
	}
	if (fd >= 0)
		close(fd);
	return rc;
}
