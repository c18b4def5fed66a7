/* SPDX-License-Identifier: MIT */
#include "servers/core/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char words_space[] = " \t\n";

/* Copies one word to `to`, unquoted and terminated. Returns what follows it;
 * NULL: a quote is not closed. */
static const char *words_copy(const char *from, char *to)
{
	char quote = '\0';

	for (; *from && (quote || !strchr(words_space, *from)); from++) {
		if (*from == quote) {
			quote = '\0';
		} else if (!quote && (*from == '\'' || *from == '"')) {
			quote = *from;
		} else {
			if (*from == '\\' && quote != '\'' && from[1])
				from++;
			*to++ = *from;
		}
	}
	*to = '\0';
	return quote ? NULL : from;
}

int words_split(const char *text, char ***words, char why[WHY_SIZE])
{
	const size_t length = strlen(text);
	/* At most every second character begins a word. */
	const size_t most = length / 2 + 2;
	size_t count = 0;
	char **list = malloc(most * sizeof(*list) + length + 1), *store;

	if (!list) {
		snprintf(why, WHY_SIZE, "out of memory");
		return -ENOMEM;
	}
	store = (char *)(list + most);
	while (text && *(text += strspn(text, words_space))) {
		list[count++] = store;
		text = words_copy(text, store);
		store += strlen(store) + 1;
	}
	list[count] = NULL;
	if (text && count) {
		*words = list;
		return 0;
	}
	snprintf(why, WHY_SIZE,
		text ? "there is no word in it"
		     : "a quote in it is not closed");
	free(list);
	return -EINVAL;
}

static int words_is_program(const char *path)
{
	struct stat is;

	return !stat(path, &is) && S_ISREG(is.st_mode) && !access(path, X_OK);
}

/* DIRECTORY/NAME for the first `length` bytes of a PATH; to be freed. */
static char *words_join(const char *directory, size_t length, const char *name)
{
	char *path = malloc(length + strlen(name) + 3);

	if (!path)
		return NULL;
	if (length)
		memcpy(path, directory, length);
	else
		path[length++] = '.'; /* an empty one is the current one */
	path[length] = '/';
	strcpy(path + length + 1, name);
	return path;
}

static char *words_search(const char *name)
{
	const char *directory = getenv("PATH");

	if (!directory)
		directory = "/bin:/usr/bin";
	for (;;) {
		const size_t length = strcspn(directory, ":");
		char *path = words_join(directory, length, name);

		if (!path || words_is_program(path))
			return path;
		free(path);
		if (!directory[length])
			return NULL;
		directory += length + 1;
	}
}

char *words_find_program(const char *name, char why[WHY_SIZE])
{
	char *path = NULL;

	if (!strchr(name, '/'))
		path = words_search(name);
	else if (words_is_program(name))
		path = strdup(name);
	if (!path)
		snprintf(why, WHY_SIZE,
			strchr(name, '/') ? "there is no program %.200s"
					  : "there is no program %.200s in "
					    "$PATH",
			name);
	return path;
}
