# SPDX-License-Identifier: MIT
"""What /proc and prctl(2) know about processes and their sockets."""

import ctypes
import os
import resource

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_TICKS = os.sysconf("SC_CLK_TCK")


def become_subreaper():
    """Orphans below this process become its children: they can be seen, and
    do not stay as zombies where process 1 does not reap."""
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent(signal):
    _libc.prctl(_PR_SET_PDEATHSIG, int(signal), 0, 0, 0)


def raise_descriptor_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Stat:
    """One line of /proc/PID/stat."""

    def __init__(self, pid, text):
        fields = text[text.rindex(")") + 2:].split()
        self.pid = pid
        self.name = text[text.index("(") + 1:text.rindex(")")]
        self.state = fields[0]
        self.parent = int(fields[1])
        self.session = int(fields[3])
        self.cpu_seconds = sum(map(int, fields[11:13])) / _TICKS
        self.reaped_cpu_seconds = sum(map(int, fields[13:15])) / _TICKS


def stat(pid):
    """None when there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", encoding="latin-1") as file:
            return Stat(pid, file.read())
    except (FileNotFoundError, ProcessLookupError):
        return None


def _all():
    for name in os.listdir("/proc"):
        if name.isdigit():
            found = stat(int(name))
            if found:
                yield found


def session(leader):
    """All of a session, as Stat, zombies included."""
    return [s for s in _all() if s.session == leader]


def alive(leader):
    """Those of a session that still run."""
    return [s for s in session(leader) if s.state not in "ZX"]


def children(pid):
    return [s for s in _all() if s.parent == pid]


def zombies(pid):
    return [s.pid for s in children(pid) if s.state == "Z"]


def cpu_seconds(leader):
    """CPU time of a session: of those alive, and of those its leader had."""
    total = 0.0
    for member in session(leader):
        total += member.cpu_seconds
        if member.pid == leader:
            total += member.reaped_cpu_seconds
    return total


def descriptors(pid):
    """{number: what it is}, "socket:[4711]" for example."""
    found = {}
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            found[int(name)] = os.readlink(f"/proc/{pid}/fd/{name}")
        except FileNotFoundError:
            pass
    return found


def _tcp(port):
    """The lines of /proc/net/tcp, in fields, of the sockets bound to a local
    port."""
    with open("/proc/net/tcp", encoding="ascii") as file:
        next(file)
        for line in file:
            fields = line.split()
            if int(fields[1].split(":")[1], 16) == port:
                yield int(fields[2].split(":")[1], 16), fields


def tcp_sockets(port):
    """{remote port: inode} of the IPv4 sockets bound to a local port; the
    listening one has the remote port 0."""
    return {remote: int(fields[9]) for remote, fields in _tcp(port)}


def tcp_unread(port, remote):
    """How many bytes wait there to be read by the one bound to `port`."""
    return sum(int(fields[4].split(":")[1], 16)
               for found, fields in _tcp(port) if found == remote)
