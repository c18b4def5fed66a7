/* SPDX-License-Identifier: MIT */
/* What this program was built from, and how; the Makefile writes it. */
#ifndef SERVERLAB_COMPARE_BUILD_INFO_H
#define SERVERLAB_COMPARE_BUILD_INFO_H

extern const char build_commit[]; /* "1a2b3c4d5e6f-dirty", "" if not known */
extern const char build_flags[];  /* "-O2 -g" */

#endif
