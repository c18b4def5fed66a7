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

/* The program, and how many words it gets. */
static int external_check_words(const wordexp_t *words, char why[WHY_SIZE])
{
	if (words->we_wordc > EXTERNAL_WORDS) {
		snprintf(why, WHY_SIZE,
			"a command of %zu words: at most %d are possible",
			words->we_wordc, EXTERNAL_WORDS);
		return -EINVAL;
	}
	if (external_found(words->we_wordv[0]))
		return 0;
	snprintf(why, WHY_SIZE, "there is no program %s", words->we_wordv[0]);
	return -ENOENT;
}

int external_check(const char *model, char why[WHY_SIZE])
{
	wordexp_t words;
	int rc;

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
	rc = external_check_words(&words, why);
	wordfree(&words);
	return rc;
}

static struct sockaddr_in external_address(in_addr_t host, int port)
{
	return (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(host),
	};
}

int external_port(void)
{
	struct sockaddr_in a = external_address(INADDR_LOOPBACK, 0);
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), port;

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

/*
 * It calls from 127.0.0.2. A socket that calls a port of its own address may be
 * given that very port, and is then connected to itself: nobody listens, and
 * who wants to finds the port taken.
 */
int external_ready(int port)
{
	const struct sockaddr_in to = external_address(INADDR_LOOPBACK, port);
	const struct sockaddr_in from =
		external_address(INADDR_LOOPBACK + 1, 0);
	const struct timeval patience = {.tv_sec = 1}; /* its backlog is full */
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), rc = 1;

	if (fd < 0)
		return -errno;
	if (setsockopt(
		    fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) ||
		bind(fd, (const struct sockaddr *)&from, sizeof(from)))
		rc = -errno;
	else if (connect(fd, (const struct sockaddr *)&to, sizeof(to)))
		rc = errno == ECONNREFUSED || errno == EINPROGRESS ||
				     errno == EINTR
			     ? 0
			     : -errno;
	close(fd);
	return rc;
}
