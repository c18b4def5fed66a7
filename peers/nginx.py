#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""nginx that answers each request with the same short text, from its
configuration alone: one worker, no log, no file.

    peer-nginx HOST:PORT [--ready-fd N] [--handler http]

The listener is made here and handed over, as nginx does to itself when it is
upgraded, so that port 0 works. Exits 69 where nginx is not installed.
Read next: servers/epoll.c, servers/handlers/http.c."""

import argparse
import os
import shutil
import socket
import sys

UNAVAILABLE = 69  # EX_UNAVAILABLE
# As long as what our own handler says at /.
TEXT = "nginx, which has this text in its configuration, of 60 bytes.\\n"
# pid: a file that only we have, since nginx wants to write one somewhere.
CONFIGURATION = """daemon off;
worker_processes 1;
error_log stderr crit;
pid /proc/self/fd/{pid};
events {{ worker_connections 10000; accept_mutex off; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  default_type text/plain;
  server {{
    listen {host}:{port} backlog=4096;
    location / {{ return 200 "{text}"; }}
  }}
}}
"""


def unavailable(why):
    print(why, file=sys.stderr)
    sys.exit(UNAVAILABLE)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("--ready-fd", type=int)
    parser.add_argument("--handler", default="http")
    options = parser.parse_args()
    if options.handler.split(":")[0] != "http":
        unavailable("nginx speaks http only")
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if not program:
        unavailable("nginx is not installed: scripts/setup --peers")
    host, _, port = options.address.rpartition(":")
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, int(port)))
    listener.listen(4096)
    host, port = listener.getsockname()
    pid = os.memfd_create("nginx.pid", 0)
    text = os.memfd_create("nginx.conf", 0)
    os.write(text, CONFIGURATION.format(pid=pid, host=host, port=port,
                                        text=TEXT).encode())
    os.set_inheritable(listener.fileno(), True)
    print(f"listening on {host}:{port}", flush=True)
    if options.ready_fd is not None:
        os.write(options.ready_fd, f"{host}:{port}\n".encode())
        os.close(options.ready_fd)
    # Connections wait in the queue until nginx has read its configuration.
    os.execve(program, ["nginx", "-e", "stderr", "-c", f"/proc/self/fd/{text}"],
              {**os.environ, "NGINX": f"{listener.fileno()};"})


main()
