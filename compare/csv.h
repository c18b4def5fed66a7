/* SPDX-License-Identifier: MIT */
/* A run as comma-separated values (RFC 4180): a line for every sample. */
#ifndef SERVERLAB_COMPARE_CSV_H
#define SERVERLAB_COMPARE_CSV_H

#include "compare/run.h"

#include <stdio.h>

/* 0, or -1 when it cannot be written. */
int csv_print(const struct run *run, FILE *out);

#endif
