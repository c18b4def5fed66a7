# SPDX-License-Identifier: MIT
"""What the tests written in Python share: TAP, servers, peers, /proc."""
