/* SPDX-License-Identifier: MIT */
/*
 * bin/server: one server model, one handler, one address.
 *
 * Binds the address, maps the scoreboard, and hands over to the model's run();
 * writes the statistics when it comes back.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/handler.h"
#include "common/log.h"
#include "servers/core/hub.h"
#include "servers/core/program.h"
#include "servers/core/registry.h"
#include "servers/core/scoreboard.h"
#include "servers/core/server.h"
#include "servers/core/settings.h"
#include "servers/core/signals.h"
#include "servers/core/stats.h"

/* The file of a Unix socket: ours, and not that of a server which has taken
 * the path over since. */
struct main_socket {
	dev_t device;
	ino_t inode; /* 0: there is none */
};

static const char *main_socket_path(const struct server *s)
{
	return s->address.sa.any.sa_family == AF_UNIX
		       ? s->address.sa.un.sun_path
		       : NULL;
}

static struct main_socket main_socket_file(const struct server *s)
{
	const char *path = main_socket_path(s);
	struct stat st;

	if (!path || lstat(path, &st) < 0)
		return (struct main_socket) {0};
	return (struct main_socket) {st.st_dev, st.st_ino};
}

/* While we hold the listener its inode is not given to another file. */
static void main_unbind(const struct server *s, struct main_socket bound)
{
	const struct main_socket now = main_socket_file(s);

	if (!bound.inode)
		return;
	if (now.inode &&
		(now.inode != bound.inode || now.device != bound.device))
		return;
	if (unlink(main_socket_path(s)) < 0 && errno != ENOENT)
		log_warn("cannot remove %s", main_socket_path(s));
}

static int main_bind(struct settings *s)
{
	struct server *server = &s->server;
	char why[WHY_SIZE], text[ADDRESS_TEXT];

	if (address_parse(&server->address, s->listen, why)) {
		log_warnx("%s", why);
		exit(EX_USAGE);
	}
	server->listener =
		net_listen(&server->address, (int)server->config.backlog, 0);
	if (server->listener < 0) {
		errno = -server->listener;
		log_warn("cannot listen on %s",
			address_format(&server->address, text));
		return -1;
	}
	return net_local(server->listener, &server->address);
}

/* After binding: a low port may need root, serving does not. */
static int main_drop_privileges(const char *name, int listener)
{
	const struct passwd *user = getpwnam(name);

	if (!user) {
		log_warn("cannot look up user %s", name);
		return -1;
	}
	/* With accept=reuseport more listeners are to share the address, which
	 * the kernel allows to those of one user. */
	if (fchown(listener, user->pw_uid, user->pw_gid) < 0 ||
		initgroups(name, user->pw_gid) < 0 ||
		setgid(user->pw_gid) < 0 || setuid(user->pw_uid) < 0) {
		log_warn("cannot become user %s", name);
		return -1;
	}
	return 0;
}

/* Opened at the start, so that a bad name is told before the work is done. */
static FILE *main_open_stats(const char *path)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "we") : stdout;

	if (!file)
		log_warn("cannot write statistics to %s", path);
	return file;
}

static int main_close_stats(const struct settings *s, FILE *file)
{
	stats_write(&s->server, file);
	if (fflush(file) || ferror(file) || (file != stdout && fclose(file))) {
		log_warn("cannot write statistics to %s", s->stats_path);
		return -1;
	}
	return 0;
}

/* Finds model and handler by their specs, and sets the handler up. */
static int main_choose(struct server *s)
{
	struct handler_config setup = {0};
	char why[WHY_SIZE];
	int error = 0;

	if (registry_model(s, why) || registry_handler(s, why)) {
		log_warnx("%s", why);
		return EX_USAGE;
	}
	if (s->model->available)
		error = s->model->available(s, why);
	if (error == -EINVAL) {
		log_warnx("model %s: %s", s->model_spec, why);
		return EX_USAGE;
	}
	if (error) {
		log_warnx("model %s is not available here: %s", s->model_spec,
			why);
		return EX_UNAVAILABLE;
	}
	setup.options = s->handler_options;
	return s->handler->setup && s->handler->setup(&setup) < 0 ? 1 : 0;
}

/* Returns an exit status. */
static int main_run(struct server *s)
{
	int error;

	if (s->handler->broadcasts) {
		s->hub = hub_new();
		if (!s->hub) {
			log_warn("no memory for broadcasts");
			return 1;
		}
		if (s->model->one_at_a_time)
			log_warnx("model %s serves one connection at a time: "
				  "nobody hears what it says",
				s->model_spec);
	}
	error = s->model->run(s);

	if (error != -ENOSYS)
		return error < 0;
	log_warnx("model %s is not available here: this kernel lacks a system "
		  "call that it needs",
		s->model_spec);
	return EX_UNAVAILABLE;
}

/* What servers/inetd.c runs: one connection, on standard input. */
static int main_serve_stdin(struct server *s, const char *where)
{
	int error, status = main_choose(s);

	if (status)
		return status;
	error = program_serve_stdin(s, where);
	if (error == -EINVAL)
		settings_bad(
			"--serve-stdin", where, "is for the model inetd only");
	if (error)
		log_warn("cannot serve standard input");
	return error < 0;
}

/* With the address bound: all that may still fail, then the model. */
static int main_serve_bound(struct settings *s)
{
	struct server *server = &s->server;
	FILE *stats = NULL;
	int status;

	if (s->stats_path && !(stats = main_open_stats(s->stats_path)))
		return 1;
	if (s->user && main_drop_privileges(s->user, server->listener) < 0)
		return 1;
	if (server->config.cpus.count &&
		cpu_list_apply(&server->config.cpus) < 0) {
		log_warnx("--cpus: none of these CPUs is there");
		return 1;
	}
	server->board = board_new(s->scoreboard_fd);
	if (!server->board && s->scoreboard_fd >= 0) {
		log_warn("--scoreboard-fd %d", s->scoreboard_fd);
		return 1;
	}
	if (!server->board || signals_init(server->config.drain_timeout_ns,
				      server->listener)) {
		log_warn("cannot start");
		return 1;
	}
	status = main_run(server);
	if (stats && main_close_stats(s, stats) < 0)
		status = 1;
	return status;
}

static int main_serve(struct settings *s)
{
	struct main_socket bound;
	int status = main_choose(&s->server);

	if (status)
		return status;
	if (s->user && !getpwnam(s->user))
		settings_bad("--user", s->user, "no such user");
	net_raise_descriptor_limit();
	if (main_bind(s) < 0)
		return 1;
	bound = main_socket_file(&s->server);
	status = main_serve_bound(s);
	main_unbind(&s->server, bound);
	return status;
}

int main(int argc, char **argv)
{
	/* Static, so that what it points to is never lost. */
	static struct settings s;

	log_init("server", LOG_WARN);
	settings_parse(&s, argc, argv);
	log_init("server", s.verbose > 1 ? LOG_DEBUG
			   : s.verbose	 ? LOG_INFO
					 : LOG_WARN);
	if (s.list_models)
		return registry_list_models(stdout);
	if (s.list_handlers)
		return registry_list_handlers(stdout);
	if (s.explain)
		return registry_explain(s.explain, stdout);
	if (s.serve_stdin)
		return main_serve_stdin(&s.server, s.serve_stdin);
	return main_serve(&s);
}
