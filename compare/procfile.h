/* SPDX-License-Identifier: MIT */
/* The small files in which the kernel tells numbers: proc(5), cgroups(7). */
#ifndef SERVERLAB_COMPARE_PROCFILE_H
#define SERVERLAB_COMPARE_PROCFILE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The text of a file, cut at size - 1. Its length, or -errno. */
ssize_t procfile_read(const char *path, char *buf, size_t size);

/* The number that follows `key` in a text of "key number" lines; 0 if none. */
uint64_t procfile_number(const char *text, const char *key);

#endif
