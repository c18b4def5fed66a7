/* SPDX-License-Identifier: MIT */
#include "common/flags.h"

#include <errno.h>

int flags_set(const struct flag *table, int key, const char *text, void *into,
	char why[WHY_SIZE])
{
	while (table->key && table->key != key)
		table++;
	return table->key ? option_set(&table->value, into, text, why)
			  : -ENOENT;
}
