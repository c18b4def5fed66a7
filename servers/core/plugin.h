/* SPDX-License-Identifier: MIT */
/*
 * Models and handlers built outside the tree: --model ./mine.so[:key=value,...]
 * and --handler ./mine.so[...].
 *
 * Such a file is compiled against the headers in common/ and servers/core/,
 * linked with -shared, and ends with
 *
 *	SERVERLAB_MODEL(model_mine);	or	SERVERLAB_HANDLER(handler_mine);
 *
 * or with both. It calls the server's functions by their names, as a file of
 * the tree does, and needs no library. scripts/new-model writes one to start
 * from.
 */
#ifndef SERVERLAB_CORE_PLUGIN_H
#define SERVERLAB_CORE_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>

#include "common/handler.h"
#include "common/options.h"

struct server_model;

/* Raised when a function or a member gets another meaning. A change of shape
 * needs no such care: the sizes of the structs are a part of what is compared,
 * so that a file built with other headers is refused and not run. */
#define SERVERLAB_ABI 3u

#define SERVERLAB_ABI_OF(sizes)                                                \
	(SERVERLAB_ABI << 24 | ((unsigned)(sizes)&0xffffff))

/* A handler knows only these two. */
#define SERVERLAB_HANDLER_ABI                                                  \
	SERVERLAB_ABI_OF(                                                      \
		sizeof(struct handler) * 3 + sizeof(struct option_spec) * 5)

/* A model may use whatever servers/core/model.h declares. */
#define SERVERLAB_MODEL_ABI                                                    \
	SERVERLAB_ABI_OF(                                                      \
		sizeof(struct server_model) * 3 +                              \
		sizeof(struct option_spec) * 5 + sizeof(struct server) * 7 +   \
		sizeof(struct worker) * 11 + sizeof(struct conn) * 13 +        \
		sizeof(struct loop) * 17 + sizeof(struct seat) * 19 +          \
		sizeof(struct crew) * 23 + sizeof(struct slot) * 29)

#define SERVERLAB_EXPORT __attribute__((visibility("default"))) extern

/* Exports a struct server_model. Include servers/core/model.h. */
#define SERVERLAB_MODEL(model)                                                 \
	SERVERLAB_EXPORT const unsigned serverlab_model_abi;                   \
	const unsigned serverlab_model_abi = SERVERLAB_MODEL_ABI;              \
	SERVERLAB_EXPORT const char serverlab_model_source[];                  \
	const char serverlab_model_source[] = __FILE__;                        \
	SERVERLAB_EXPORT const struct server_model *const serverlab_model;     \
	const struct server_model *const serverlab_model = &(model)

/* Exports a struct handler. */
#define SERVERLAB_HANDLER(handler_)                                            \
	SERVERLAB_EXPORT const unsigned serverlab_handler_abi;                 \
	const unsigned serverlab_handler_abi = SERVERLAB_HANDLER_ABI;          \
	SERVERLAB_EXPORT const char serverlab_handler_source[];                \
	const char serverlab_handler_source[] = __FILE__;                      \
	SERVERLAB_EXPORT const struct handler *const serverlab_handler;        \
	const struct handler *const serverlab_handler = &(handler_)

/* ---- the server's side -------------------------------------------------- */

/* The spec names a file: its name holds a '/' or ends in ".so". */
bool plugin_named(const char *spec);

/* Splits such a spec behind its ".so": copies the path, returns the options
 * ("" if there are none). NULL if the path is longer than size - 1. */
const char *plugin_split(const char *spec, char *path, size_t size);

/*
 * Loads the file of the spec, for the life of the process, and checks that what
 * it exports is whole. NULL with a sentence in `why`. `source`, unless NULL, is
 * set to the name of the file that it was compiled from.
 */
const struct server_model *plugin_model(
	const char *spec, const char **source, char why[WHY_SIZE]);
const struct handler *plugin_handler(
	const char *spec, const char **source, char why[WHY_SIZE]);

#endif
