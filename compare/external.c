/* SPDX-License-Identifier: MIT */
#include "compare/external.h"

#include "compare/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char external_prefix[] = "external:";

static const char *external_command(const char *model)
{
	return model + sizeof(external_prefix) - 1;
}

bool external_named(const char *model)
{
	return !strncmp(model, external_prefix, sizeof(external_prefix) - 1);
}

int external_words(const char *model, int port, wordexp_t *words)
{
	char number[16];
	char *command;
	int rc;

	snprintf(number, sizeof(number), "%d", port);
	command = text_replace(external_command(model), "{port}", number);
	if (!command)
		return -ENOMEM;
	rc = wordexp(command, words, WRDE_NOCMD | WRDE_UNDEF);
	free(command);
	if (!rc && words->we_wordc)
		return 0;
	if (!rc)
		wordfree(words);
	return -EINVAL;
}

/* Whether execvp() would find it. */
static bool external_found(const char *program)
{
	const char *path = getenv("PATH");
	char whole[4096];

	if (strchr(program, '/'))
		return !access(program, X_OK);
	for (const char *at = path; at && *at;) {
		const size_t len = strcspn(at, ":");

		snprintf(
			whole, sizeof(whole), "%.*s/%s", (int)len, at, program);
		if (!access(whole, X_OK))
			return true;
		at += len + (at[len] == ':');
	}
	return false;
}

int external_check(const char *model, char why[WHY_SIZE])
{
	wordexp_t words;
	int rc = 0;

	if (!strstr(external_command(model), "{port}")) {
		snprintf(why, WHY_SIZE,
			"%s: nothing tells it where to listen: write {port} "
			"where the port goes",
			model);
		return -EINVAL;
	}
	if (external_words(model, 1, &words)) {
		snprintf(why, WHY_SIZE,
			"%s: not a command: words and quotes as in a shell, "
			"but no |, &, <, >, (, ) and no command in $( )",
			model);
		return -EINVAL;
	}
	if (!external_found(words.we_wordv[0])) {
		snprintf(why, WHY_SIZE, "there is no program %s",
			words.we_wordv[0]);
		rc = -ENOENT;
	}
	wordfree(&words);
	return rc;
}

static int external_socket(int port, struct sockaddr_in *address)
{
	*address = (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

int external_port(void)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);
	int fd = external_socket(0, &a), port;

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) ||
		getsockname(fd, (struct sockaddr *)&a, &len))
		port = -errno;
	else
		port = ntohs(a.sin_port);
	close(fd);
	return port;
}

int external_ready(int port)
{
	struct sockaddr_in a;
	int fd = external_socket(port, &a), ready = 1;

	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)))
		ready = errno == ECONNREFUSED ? 0 : -errno;
	close(fd);
	return ready;
}
