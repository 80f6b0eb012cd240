"""What this machine has to run a model on, assessed once at start."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bot.engine.local.sizes import KIB, gib

BF16_FEATURES = ("avx512_bf16", "amx_bf16", "bf16")
INTERESTING_FEATURES = ("avx2", "avx512f", "avx512_vnni", "asimd", *BF16_FEATURES)
BF16_CAPABILITY = (8, 0)
"""Tensor cores do bfloat16 from Ampere on; before it, float16 is the fast 16-bit type."""

ROWS, SIZE, TRIES, CLEARLY = 64, 768, 7, 0.8
"""Of the measured product: [ROWS, SIZE] times [SIZE, SIZE], the best of TRIES of each type."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """`total` and `free` are in bytes; `capability` is CUDA's, (9, 0) on a Hopper."""

    index: int
    name: str
    total: int
    free: int
    capability: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Hardware:
    """`ram_total` and `ram_free` are in bytes; `features` are those of the CPU that matter here;
    `cpu_dtype` is the type that the CPU computes fastest in, as measured."""

    gpus: tuple[Gpu, ...]
    cpu: str
    cores: int
    ram_total: int
    ram_free: int
    cpu_dtype: str = "float32"
    features: tuple[str, ...] = ()

    @property
    def gpu_dtype(self) -> str:
        """bfloat16 where all GPUs are fast in it, else float16."""
        fast = all(gpu.capability >= BF16_CAPABILITY for gpu in self.gpus)
        return "bfloat16" if fast else "float16"

    def __str__(self) -> str:
        gpus = ", ".join(
            f"{gpu.name} with {gib(gpu.free)} of {gib(gpu.total)} free, compute capability "
            f"{gpu.capability[0]}.{gpu.capability[1]}"
            for gpu in self.gpus
        )
        features = f" ({' '.join(self.features)})" if self.features else ""
        return (
            f"{gpus or 'No GPU'}; {self.cpu}, {self.cores} cores{features}, "
            f"fastest in {self.cpu_dtype}, {gib(self.ram_free)} of {gib(self.ram_total)} RAM free."
        )


def assess() -> Hardware:
    memory, info = _proc("meminfo"), _proc("cpuinfo")
    flags = set((info.get("flags") or info.get("Features") or "").split())
    free = _kib(memory["MemAvailable"])
    return Hardware(
        gpus=_gpus(),
        cpu=info.get("model name") or platform.machine(),
        cores=available_cores(),
        ram_total=_kib(memory["MemTotal"]),
        ram_free=min(free, _cgroup_free() or free),
        cpu_dtype=cpu_dtype() if flags.intersection(BF16_FEATURES) else "float32",
        features=tuple(name for name in INTERESTING_FEATURES if name in flags),
    )


def available_cores() -> int:
    """Those that this process may use, which in a container are fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _gpus() -> tuple[Gpu, ...]:
    import torch

    if not torch.cuda.is_available():
        return ()
    return tuple(_gpu(index) for index in range(torch.cuda.device_count()))


def _gpu(index: int) -> Gpu:
    import torch

    free, total = torch.cuda.mem_get_info(index)
    name = torch.cuda.get_device_name(index)
    return Gpu(index, name, total, free, torch.cuda.get_device_capability(index))


def _proc(name: str) -> dict[str, str]:
    """The first paragraph of one of Linux' /proc files of "key: value" lines."""
    first = Path("/proc", name).read_text().split("\n\n")[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def _kib(text: str) -> int:
    return int(text.split()[0]) * KIB


def _cgroup_free() -> int | None:
    """Bytes that a memory limit of the service or container (cgroup v2) leaves, if there is one."""
    folder = Path("/sys/fs/cgroup")
    try:
        limit = (folder / "memory.max").read_text().strip()
        used = int((folder / "memory.current").read_text())
    except OSError:
        return None
    return None if limit == "max" else max(int(limit) - used, 0)


@cache
def cpu_dtype() -> str:
    """The faster of bfloat16 and float32 in a small matrix product, measured in about 0.1 s.

    Asked only of a processor with instructions for bfloat16: one without them is up to ten times
    slower in it, and a busy machine can hide that from so short a measurement. Anything near a
    tie goes to float32, which is the more exact.
    """
    import torch

    def product(dtype: torch.dtype) -> float:
        x, weight = torch.ones(ROWS, SIZE, dtype=dtype), torch.ones(SIZE, SIZE, dtype=dtype)
        start = time.perf_counter()
        torch.nn.functional.linear(x, weight)
        return time.perf_counter() - start

    rounds = [(product(torch.bfloat16), product(torch.float32)) for _ in range(TRIES)]
    bfloat16, float32 = map(min, zip(*rounds, strict=True))
    return "bfloat16" if bfloat16 < CLEARLY * float32 else "float32"
