/* SPDX-License-Identifier: MIT */
/*
 * libevent: the echo with its buffered events, as its book shows it.
 *
 *	peer-libevent 127.0.0.1:0 [--ready-fd N] [--handler echo]
 *
 * Read next: servers/core/conn.h, which does the same for a handler here.
 */
#include "peers/peer.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

static void on_read(struct bufferevent *b, void *data)
{
	(void)data;
	bufferevent_write_buffer(b, bufferevent_get_input(b));
}

static void on_event(struct bufferevent *b, short what, void *data)
{
	(void)data;
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
		bufferevent_free(b);
}

static void on_accept(struct evconnlistener *l, evutil_socket_t fd,
	struct sockaddr *peer, int size, void *data)
{
	struct bufferevent *b = bufferevent_socket_new(
		evconnlistener_get_base(l), fd, BEV_OPT_CLOSE_ON_FREE);
	int on = 1;

	(void)peer, (void)size, (void)data;
	if (!b) {
		evutil_closesocket(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	bufferevent_setcb(b, on_read, NULL, on_event, NULL);
	bufferevent_enable(b, EV_READ | EV_WRITE);
}

int main(int argc, char **argv)
{
	struct peer peer = peer_arguments(argc, argv);
	struct event_base *base = event_base_new();
	struct evconnlistener *listener =
		base ? evconnlistener_new_bind(base, on_accept, NULL,
			       LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_FREE, 4096,
			       (struct sockaddr *)&peer.address,
			       sizeof(peer.address))
		     : NULL;

	if (!listener)
		err(1, "cannot listen on %s", argv[optind]);
	peer_ready(&peer, evconnlistener_get_fd(listener));
	return event_base_dispatch(base) < 0;
}
