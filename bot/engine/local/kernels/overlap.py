"""Kernels that follow each other closely: on Hopper and later, one may start while the one before
it ends, and waits for its results only where it needs them (programmatic dependent launch)."""

from __future__ import annotations

from functools import cache

import torch

FIRST = (9, 0)
"""Compute capability that has it."""


@cache
def can_overlap(device: torch.device) -> bool:
    return (
        device.type == "cuda"
        and not torch.version.hip
        and torch.cuda.get_device_capability(device) >= FIRST
    )


def launch_options(device: torch.device) -> dict[str, bool]:
    """For a Triton kernel with the constant OVERLAP."""
    if can_overlap(device):
        return {"OVERLAP": True, "launch_pdl": True}
    return {"OVERLAP": False}
