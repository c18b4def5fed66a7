/* SPDX-License-Identifier: MIT */
/* Finding models and handlers by name. */
#ifndef SERVERLAB_CORE_REGISTRY_H
#define SERVERLAB_CORE_REGISTRY_H

#include <stdio.h>

#include "common/options.h"

struct handler;
struct server;
struct server_model;

/* Written by the Makefile from the files there are; each ends with NULL. */
extern const struct server_model *const server_models[];
extern const char *const server_model_texts[]; /* the files' head comments */
extern const struct handler *const server_handlers[];

/* Resolve s->model_spec and s->handler_spec: set the model or handler and its
 * options. 0, or -EINVAL with a sentence in `why`. */
int registry_model(struct server *s, char why[WHY_SIZE]);
int registry_handler(struct server *s, char why[WHY_SIZE]);

/* Return an exit status. */
int registry_list_models(FILE *out);
int registry_list_handlers(FILE *out);
int registry_explain(const char *spec, FILE *out);

#endif
