/* SPDX-License-Identifier: MIT */
/*
 * What can be wrong is found before anything is measured: the server and the
 * client are started once with what each cell asks of them, and an address that
 * leads nowhere, so that they say whether they understand it, and end.
 */
#ifndef SERVERLAB_COMPARE_PREFLIGHT_H
#define SERVERLAB_COMPARE_PREFLIGHT_H

#include "compare/plan.h"
#include "compare/programs.h"
#include "compare/run.h"

/* 0, -EINVAL with what the program said, or -errno. */
int preflight(const struct programs *programs, const struct plan *plan,
	const struct run *run, char why[WHY_SIZE]);

#endif
