/* SPDX-License-Identifier: MIT */
#include "client/engine.h"

#include <stddef.h>
#include <string.h>

const struct engine *engine_find(const char *name)
{
	static const struct engine *const engines[] = {
		&engine_epoll, &engine_uring};
	size_t i;

	for (i = 0; i < sizeof(engines) / sizeof(engines[0]); i++)
		if (engines[i] && strcmp(engines[i]->name, name) == 0)
			return engines[i];
	return NULL;
}

const char *engine_names(void)
{
	return engine_find("uring") ? "epoll, uring"
				    : "epoll (uring needs liburing)";
}
