# SPDX-License-Identifier: MIT
"""The contract of every model, one file for each of its clauses."""
