/* SPDX-License-Identifier: MIT */
#include "compare/programs.h"

#include "common/log.h"
#include "compare/child.h"
#include "compare/external.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The directory of this program. */
static int own_directory(char *dir, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", dir, size - 1);

	if (n < 0)
		return -errno;
	dir[n] = '\0';
	*strrchr(dir, '/') = '\0';
	return 0;
}

static int find_program(const char *dir, const char *name, char *path)
{
	int n = snprintf(path, PROGRAM_PATH, "%s/%s", dir, name);

	if (n >= PROGRAM_PATH)
		return -ENAMETOOLONG;
	if (!access(path, X_OK))
		return 0;
	log_warn("%s is not there; `make` builds it", path);
	return -ENOENT;
}

/* The experiments stand in the source tree that we were built in, one or two
 * levels up, or are installed. */
static void find_experiments(const char *dir, char *path)
{
	static const char *const places[] = {
		"../scripts/experiments",
		"../../scripts/experiments",
		"../../share/serverlab/experiments",
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		snprintf(path, PROGRAM_PATH, "%s/%s", dir, places[i]);
		if (!access(path, R_OK))
			return;
	}
	path[0] = '\0';
}

int programs_find(struct programs *p)
{
	char dir[PROGRAM_PATH - 64];
	int rc = own_directory(dir, sizeof(dir));

	if (!rc)
		rc = find_program(dir, "server", p->server);
	if (!rc)
		rc = find_program(dir, "client", p->client);
	if (rc)
		return rc;
	find_experiments(dir, p->experiments);
	snprintf(p->peers, sizeof(p->peers), "%s", dir);
	return 0;
}

/* NAME SUMMARY, and indented below it OPTION=PRESET HELP. */
static int read_list(int fd, struct texts *names)
{
	char line[1024], name[64] = "", option[160];
	FILE *in = fdopen(fd, "r");
	int rc = in ? 0 : -errno;

	while (!rc && fgets(line, sizeof(line), in)) {
		size_t lead = strspn(line, " \t");
		size_t len = strcspn(line + lead, "= \t\n");

		if (!lead) {
			snprintf(name, sizeof(name), "%.*s", (int)len, line);
			rc = texts_add(names, name);
			continue;
		}
		snprintf(option, sizeof(option), "%s:%.*s", name,
			len < 80 ? (int)len : 80, line + lead);
		rc = texts_add(names, option);
	}
	if (in)
		fclose(in);
	return rc;
}

int programs_list(
	const struct programs *p, const char *flag, struct texts *names)
{
	char *argv[] = {(char *)p->server, (char *)flag, NULL}, words[256];
	int out = memfd_create("list", MFD_CLOEXEC), rc;
	struct child_setup setup = {.argv = argv, .group = -1, .output = out};
	struct child child = {0};

	if (out < 0)
		return -errno;
	rc = child_start(&child, &setup);
	if (!rc)
		rc = child_wait(&child, 30000);
	if (!rc && child.status) {
		log_warnx("%s %s failed: %s", p->server, flag,
			child_last_words(&child, words, sizeof(words)));
		rc = -EIO;
	}
	child_release(&child);
	lseek(out, 0, SEEK_SET);
	if (rc)
		close(out);
	else
		rc = read_list(out, names);
	return rc;
}

bool programs_is_peer(const char *model)
{
	return !strcmp(model, "limit") || !strncmp(model, "peer:", 5);
}

const char *programs_peer(
	const struct programs *p, const char *model, char *buf, size_t size)
{
	const char *colon = strchr(model, ':');

	snprintf(buf, size, "%s/%s%s", p->peers, colon ? "peer-" : "",
		colon ? colon + 1 : model);
	return buf;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_experiment(const struct dirent *e)
{
	size_t len = strlen(e->d_name);

	return len > 4 && !strcmp(e->d_name + len - 4, ".ini");
}

int programs_list_experiments(const struct programs *p, struct texts *names)
{
	struct dirent **found;
	int n = p->experiments[0] ? scandir(p->experiments, &found,
					    is_experiment, by_name)
				  : 0;
	int rc = 0;

	for (int i = 0; i < n; i++) {
		const char *file = found[i]->d_name;

		if (!rc)
			rc = texts_add_part(names, file, strlen(file) - 4);
		free(found[i]);
	}
	if (n > 0)
		free(found);
	return rc;
}

static int is_peer_file(const struct dirent *e)
{
	return !strncmp(e->d_name, "peer-", 5) || !strcmp(e->d_name, "limit");
}

int programs_list_peers(const struct programs *p, struct texts *names)
{
	struct dirent **found;
	int n = scandir(p->peers, &found, is_peer_file, by_name), rc = 0;
	char model[300];

	for (int i = 0; i < n; i++) {
		bool peer = !strncmp(found[i]->d_name, "peer-", 5);

		snprintf(model, sizeof(model), "%s%s", peer ? "peer:" : "",
			found[i]->d_name + (peer ? 5 : 0));
		rc = rc ? rc : texts_add(names, model);
		free(found[i]);
	}
	if (n >= 0)
		free(found);
	return rc;
}

bool programs_know(const struct texts *names, const char *spec)
{
	char name[64];
	size_t len = strcspn(spec, ":");

	if (programs_is_peer(spec))
		return texts_have(names, spec);
	if (external_named(spec) || strchr(spec, '/'))
		return true;
	if (len >= sizeof(name))
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)len, spec);
	return texts_have(names, name);
}
