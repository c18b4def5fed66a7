/* SPDX-License-Identifier: MIT */
/*
 * Files that are there as a whole or not at all: a disk that is full, or a
 * Ctrl-C, leaves what stood there before. "-" is standard output; what is no
 * plain file (a device, a pipe, a link) is written as it is.
 */
#ifndef SERVERLAB_COMPARE_OUTPUT_H
#define SERVERLAB_COMPARE_OUTPUT_H

#include <stdio.h>

/* Whether such a file could be written. 0, or -errno after saying why not. */
int output_check(const char *path);

/* Writes what `print` prints; it returns other than 0 where it fails. 0, or
 * -errno after saying why. */
int output_write(const char *path, int (*print)(const void *what, FILE *out),
	const void *what);

#endif
