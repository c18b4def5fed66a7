/* SPDX-License-Identifier: MIT */
#include "servers/core/http_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "servers/core/http_date.h"

static const char *http_file_type(const char *name)
{
	static const char *const types[][2] = {
		{".html", "text/html; charset=utf-8"},
		{".htm", "text/html; charset=utf-8"},
		{".css", "text/css; charset=utf-8"},
		{".js", "text/javascript; charset=utf-8"},
		{".mjs", "text/javascript; charset=utf-8"},
		{".json", "application/json"},
		{".txt", "text/plain; charset=utf-8"},
		{".md", "text/plain; charset=utf-8"},
		{".csv", "text/csv; charset=utf-8"},
		{".svg", "image/svg+xml"},
		{".png", "image/png"},
		{".jpg", "image/jpeg"},
		{".jpeg", "image/jpeg"},
		{".gif", "image/gif"},
		{".webp", "image/webp"},
		{".ico", "image/x-icon"},
		{".pdf", "application/pdf"},
		{".wasm", "application/wasm"},
		{".woff2", "font/woff2"},
	};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < sizeof(types) / sizeof(*types); i++)
		if (!strcasecmp(dot, types[i][0]))
			return types[i][1];
	return "application/octet-stream";
}

static int http_file_status(void)
{
	switch (errno) {
	case EACCES:
	case EPERM:
		return -403;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return -503;
	default: /* also ELOOP: a link, and links are not followed */
		return -404;
	}
}

/* Opens the directory that holds the last name of the path, one step at a
 * time so that no step can be a link. *name is set to the last name. */
static int http_file_walk(int root, const char *path, const char **name)
{
	int dir = root;

	for (;;) {
		const size_t len = strcspn(++path, "/");
		char step[NAME_MAX + 1];
		int next;

		if (!path[len]) {
			*name = path;
			return dir;
		}
		/* "", ".", ".." and hidden names lead nowhere. */
		if (!len || len > NAME_MAX || *path == '.') {
			errno = ENOENT;
			next = -1;
		} else {
			memcpy(step, path, len);
			step[len] = '\0';
			next = openat(dir, step,
				O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		}
		if (dir != root)
			close(dir);
		if (next < 0)
			return http_file_status();
		dir = next;
		path += len;
	}
}

/* O_NONBLOCK: a FIFO must not hold the worker up before it is refused. */
static int http_file_open_in(struct http_file *f, int dir, const char *name)
{
	struct stat st;

	if (*name == '.')
		return -404;
	if (!*name)
		name = "index.html";
	f->fd = openat(dir, name,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (f->fd < 0)
		return http_file_status();
	if (fstat(f->fd, &st) < 0)
		return -404;
	if (S_ISDIR(st.st_mode))
		return -301;
	if (!S_ISREG(st.st_mode))
		return -404;
	f->size = (uint64_t)st.st_size;
	f->modified = st.st_mtim;
	f->type = http_file_type(name);
	return 0;
}

int http_file_open(struct http_file *f, int root, const char *path)
{
	const char *name = path;
	int dir = http_file_walk(root, path, &name), status;

	f->fd = -1;
	if (dir < 0)
		return dir;
	status = http_file_open_in(f, dir, name);
	if (status)
		http_file_close(f);
	if (dir != root)
		close(dir);
	return status == -301 && !*name ? -404 : status;
}

int http_file_root(const char *directory)
{
	const int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

struct file *http_file_take(struct http_file *f)
{
	struct file *file = file_new(f->fd);

	if (file)
		f->fd = -1;
	return file;
}

void http_file_close(struct http_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

const char *http_file_etag(const struct http_file *f, char buf[HTTP_ETAG_SIZE])
{
	snprintf(buf, HTTP_ETAG_SIZE, "\"%llx.%lx-%llx\"",
		(unsigned long long)f->modified.tv_sec, f->modified.tv_nsec,
		(unsigned long long)f->size);
	return buf;
}

bool http_file_known(const struct http_file *f, const struct http_request *r)
{
	char etag[HTTP_ETAG_SIZE], weak[HTTP_ETAG_SIZE + 2];
	time_t since;

	if (r->if_none_match.at) {
		http_file_etag(f, etag);
		snprintf(weak, sizeof(weak), "w/%s", etag);
		return http_list_has(&r->if_none_match, "*") ||
		       http_list_has(&r->if_none_match, etag) ||
		       http_list_has(&r->if_none_match, weak);
	}
	if (!r->if_modified_since.at)
		return false;
	since = http_date_parse(
		r->if_modified_since.at, r->if_modified_since.len);
	return since >= 0 && f->modified.tv_sec <= since;
}
