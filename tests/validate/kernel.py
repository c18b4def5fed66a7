# SPDX-License-Identifier: MIT
"""The kernel's own clock: when packets passed."""

import socket
import struct
import threading

from .tools import Queue, client

# The way from the client's clock to the packet and back, in microseconds. A
# percentile of one is not that of the same request in the other.
LEAST_US, MOST_US = -20, 300

SO_TIMESTAMPNS = 35  # SOL_SOCKET; the message it brings has the same number


class Tap:
    """Sees the packets of a port on the loopback interface, with the times
    that the kernel gave them: {client's port: [(time, is a reply)]}."""

    def __init__(self, port):
        self.port = port
        self.seen = {}
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                                    socket.htons(0x0800))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # RCVBUFFORCE
        self.socket.bind(("lo", 0x0800))
        self.socket.settimeout(0.5)
        self.stopped = False
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def watch(self):
        while not self.stopped:
            try:
                data, extra, _, _ = self.socket.recvmsg(128, 256)
            except TimeoutError:
                continue
            self.packet(data, struct.unpack("qq", extra[0][2][:16]))

    def packet(self, data, when):
        header = (data[0] & 15) * 4
        if data[9] != socket.IPPROTO_TCP:
            return
        source, target = struct.unpack(">HH", data[header:header + 4])
        length = struct.unpack(">H", data[2:4])[0]
        if (self.port not in (source, target)
                or length <= header + (data[header + 12] >> 4) * 4):
            return
        reply = source == self.port
        self.seen.setdefault(target if reply else source, []).append(
            (when[0] * 1_000_000_000 + when[1], reply))

    def latencies(self):
        """From each request packet to the reply packet that follows it."""
        self.stopped = True
        self.thread.join()
        self.socket.close()
        return sorted(
            after[0] - before[0]
            for packets in self.seen.values()
            for before, after in zip(packets, packets[1:])
            if not before[1] and after[1])


def prove_kernel(report, directory):
    report.title("The kernel's timestamps of the packets, 500/s for 5 s")
    queue = Queue(directory, "many", "exp", 2)
    try:
        tap = Tap(int(queue.address.split(":")[1]))
    except PermissionError:
        queue.stop()
        report.skip("watching packets needs root")
        return
    run, _ = client(directory, "-R", "500", "-c", "50", "-d", "5s",
                    queue.address)
    kernel = tap.latencies()
    queue.stop()
    raw = run["latency_ns"]["raw"]
    report.line(abs(len(kernel) - raw["count"]) <= 5, "packets and requests",
                f"{len(kernel)} and {raw['count']}")
    for name, percent in (("p50", 50), ("p90", 90), ("p99", 99)):
        exact = kernel[len(kernel) * percent // 100]
        more = (raw[name] - exact) / 1000
        report.line(LEAST_US < more < MOST_US,
                    f"{name}: the client sees more by",
                    f"{more:.1f} us of {exact / 1000:.1f} us, allowed "
                    f"{LEAST_US} to {MOST_US} us")
