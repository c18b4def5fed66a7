/* SPDX-License-Identifier: MIT */
#include "servers/core/handoff.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room for one descriptor beside a message. */
union handoff_control {
	struct cmsghdr header;
	char space[CMSG_SPACE(sizeof(int))];
};

int handoff_open(int ends[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		    0, ends) < 0)
		return -errno;
	return 0;
}

int handoff_send(int end, int fd, bool between_processes)
{
	union handoff_control control = {0};
	struct iovec body = {&fd, sizeof(fd)};
	struct msghdr message = {.msg_iov = &body, .msg_iovlen = 1};

	if (between_processes) {
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		control.header = (struct cmsghdr) {
			.cmsg_len = CMSG_LEN(sizeof(int)),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
		};
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	}
	if (sendmsg(end, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return errno == ETOOMANYREFS || errno == ENOBUFS ? -EAGAIN
								 : -errno;
	if (between_processes)
		close(fd);
	return 0;
}

int handoff_receive(int end, bool between_processes)
{
	union handoff_control control;
	int fd;
	struct iovec body = {&fd, sizeof(fd)};
	struct msghdr message = {
		.msg_iov = &body,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	const ssize_t n = recvmsg(end, &message, MSG_CMSG_CLOEXEC);
	const struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	if (n < 0)
		return -errno;
	if (n == 0)
		return -EPIPE;
	if (!between_processes)
		return fd;
	/* Without a free descriptor the kernel drops what was sent. */
	if (!header || header->cmsg_type != SCM_RIGHTS)
		return -EMFILE;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}
