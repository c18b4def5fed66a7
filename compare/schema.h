/* SPDX-License-Identifier: MIT */
/* The statements that bring a database from one version to the next. */
#ifndef SERVERLAB_COMPARE_SCHEMA_H
#define SERVERLAB_COMPARE_SCHEMA_H

extern const char *const schema_steps[]; /* STORE_VERSION of them */

#endif
