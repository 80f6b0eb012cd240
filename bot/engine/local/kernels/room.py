"""What the 4-bit products keep for themselves on each GPU; known without torch, for the plan."""

from __future__ import annotations

LARGEST_TIER = 96
"""Rows of activations that one pass over the weights serves at most."""
ARRANGED = LARGEST_TIER * 2**15
"""Numbers of x, of 2 bytes, that are put in the order in which four warps together read them."""
WORKSPACE = 16 * 2**20
"""Floats in which blocks that share rows leave their parts of the sums."""
ROOM = 2 * ARRANGED + 4 * WORKSPACE
"""Bytes."""
