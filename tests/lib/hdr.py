# SPDX-License-Identifier: MIT
"""A reader of HdrHistogram's V2 form, apart from the client's code."""

import base64
import struct
import zlib

from .tap import check, equal


def decode(text):
    """The values and counts of a histogram: {slot's lowest value: count}.
    Written from the format's description."""
    packed = base64.b64decode(text)
    cookie, length = struct.unpack(">ii", packed[:8])
    equal(cookie, 0x1c849314, "cookie of the compressed form")
    equal(length, len(packed) - 8, "length of the compressed form")
    plain = zlib.decompress(packed[8:])
    cookie, length, shift, digits, unit, highest, ratio = struct.unpack(
        ">iiiiqqd", plain[:40])
    equal((cookie, length, shift, digits, unit, ratio),
          (0x1c849313, len(plain) - 40, 0, 3, 1, 1.0), "header")
    check(highest >= 3_600_000_000_000, "an hour fits")
    values, slot, at = {}, 0, 40
    while at < len(plain):
        bits = shift = 0
        while True:
            byte = plain[at]
            at += 1
            bits |= (byte if shift == 56 else byte & 0x7f) << shift
            shift += 7
            if byte < 0x80 or shift == 63:
                break
        count = bits >> 1 ^ -(bits & 1)
        if count < 0:
            slot -= count
            continue
        if count:
            bucket = max(slot // 1024 - 1, 0)
            values[(slot - bucket * 1024) << bucket] = count
        slot += 1
    return values


def middle(low):
    """The middle of the slot whose lowest value that is."""
    return low + (1 << max(low.bit_length() - 11, 0)) // 2
