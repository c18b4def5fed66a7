/* SPDX-License-Identifier: MIT */
/* Figures for people. Each returns buf. */
#ifndef SERVERLAB_CLIENT_TEXT_H
#define SERVERLAB_CLIENT_TEXT_H

#include <stddef.h>
#include <stdio.h>

#include "client/outcome.h"

const char *text_time(double ns, char *buf, size_t size);     /* "12.3 us" */
const char *text_count(double count, char *buf, size_t size); /* "12,345" */
const char *text_bytes(double bytes, char *buf, size_t size); /* "1.2 MiB" */

/* The report of a run. Colour only where `colour` says so. */
void text_report(const struct outcome *outcome, FILE *out, bool colour);

#endif
