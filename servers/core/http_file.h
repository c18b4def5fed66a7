/* SPDX-License-Identifier: MIT */
/* The files below one directory, for a web server: nothing outside of it, no
 * link, no device and no hidden file can be reached. */
#ifndef SERVERLAB_CORE_HTTP_FILE_H
#define SERVERLAB_CORE_HTTP_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "servers/core/file.h"
#include "servers/core/http_parser.h"

struct http_file {
	int fd; /* -1: none */
	uint64_t size;
	struct timespec modified;
	const char *type; /* of its content, by the name's extension */
};

enum { HTTP_ETAG_SIZE = 48 };

/* Opens the directory itself, as `root` below. Returns -errno on error. */
int http_file_root(const char *directory);

/*
 * Opens what the decoded path (it begins with '/') names below the directory
 * `root`; "dir/" means "dir/index.html". Returns 0, or a status: -301 (a
 * directory, and the path lacks its last '/'), -403, -404, -503 (no
 * descriptor).
 */
int http_file_open(struct http_file *f, int root, const char *path);

/* Gives it away to be sent. NULL: out of memory. */
struct file *http_file_take(struct http_file *f);

/* Closes it, if one is open. */
void http_file_close(struct http_file *f);

/* A tag that changes when the file does. Returns buf. */
const char *http_file_etag(const struct http_file *f, char buf[HTTP_ETAG_SIZE]);

/* Does the request say that the client has this file already (RFC 9110,
 * section 13)? */
bool http_file_known(const struct http_file *f, const struct http_request *r);

#endif
