/* SPDX-License-Identifier: MIT */
#include "compare/output.h"

#include "common/log.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file that is being written. */
struct output {
	const char *path;
	char *beside; /* where it is until it is whole; NULL: in its place */
	FILE *file;
};

static bool is_plain(const char *path)
{
	struct stat st;

	return lstat(path, &st) ? errno == ENOENT : S_ISREG(st.st_mode);
}

static int output_failed(const struct output *o, int error)
{
	errno = error ? error : EIO;
	log_warn("cannot write %s",
		strcmp(o->path, "-") ? o->path : "standard output");
	return error ? -error : -EIO;
}

/* 0 or -errno. */
static int output_open(struct output *o, const char *path)
{
	*o = (struct output) {.path = path, .file = stdout};
	if (!strcmp(path, "-"))
		return 0;
	/* A name of its own, for two may write the same file. */
	if (is_plain(path) &&
		asprintf(&o->beside, "%s.%ld", path, (long)getpid()) < 0)
		return -ENOMEM;
	/* What may not be written shall not be replaced either. */
	if (o->beside && access(path, W_OK) && errno != ENOENT)
		return -errno;
	o->file = fopen(o->beside ? o->beside : path, "we");
	return o->file ? 0 : -errno;
}

/* Takes back what was written if `error`. 0 or -errno. */
static int output_close(struct output *o, int error)
{
	int rc = o->file == stdout ? fflush(stdout)
		 : o->file	   ? fclose(o->file)
				   : 0;

	if (rc && !error)
		error = errno;
	if (o->beside && !error && rename(o->beside, o->path))
		error = errno;
	if (o->beside && error && o->file)
		unlink(o->beside);
	free(o->beside);
	return -error;
}

int output_check(const char *path)
{
	struct output o;
	int rc = output_open(&o, path);

	output_close(&o, ECANCELED);
	return rc ? output_failed(&o, -rc) : 0;
}

int output_write(const char *path, int (*print)(const void *what, FILE *out),
	const void *what)
{
	struct output o;
	int rc = output_open(&o, path), error = -rc;

	errno = 0;
	if (!rc && print(what, o.file))
		error = errno ? errno : EIO;
	rc = output_close(&o, error);
	return rc ? output_failed(&o, -rc) : 0;
}
