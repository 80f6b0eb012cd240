"""What a model needs and what this machine has, before any weight is read.

A pure function of the engine's config, the model's shape and the hardware. The sizes of weights
are exact; the memory of a step is an estimate from above.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.engine.local.config import LocalConfig
from bot.engine.local.hardware import Hardware
from bot.engine.local.kernels.room import ROOM
from bot.engine.local.shape import ModelShape
from bot.engine.local.sizes import gib
from bot.engine.local.storage import DTYPE_BYTES, Method, Storage, kv_bytes

LEAST_CACHE = 2048
"""Tokens of KV cache without which a model is no use; a smaller context window needs no more."""
ROOM_FOR_CONVERSATIONS = 1 / 3
"""Share of the memory that `quantize: auto` keeps free of weights, on a GPU."""
CPU_WINDOWS = 4
"""On the CPU, whose memory belongs to others too, the cache takes this many context windows."""
CPU_CACHE_SHARE = 0.25
"""... and at most this share of what is free."""


@dataclass(frozen=True, slots=True)
class Device:
    """`budget` is how many bytes of it the model and its cache may take together; `index` is the
    GPU's, None for the CPU."""

    name: str
    index: int | None
    budget: int
    total: int


@dataclass(frozen=True, slots=True)
class Placement:
    """What goes where, in bytes; `cache` is what is left for the KV cache."""

    device: Device
    weights: int
    step: int
    cache: int


@dataclass(frozen=True, slots=True)
class Plan:
    """`kv_tokens` is the size of the KV cache, which is kept as `kv_dtype`; `offloaded` are bytes
    of layers that go to the CPU's memory; `reason` says in a sentence why it is quantised as it
    is."""

    model: str
    shape: ModelShape
    storage: Storage
    reason: str
    placements: tuple[Placement, ...]
    offloaded: int
    kv_tokens: int
    kv_token_bytes: int
    kv_dtype: str
    fits: bool

    @property
    def needed(self) -> int:
        """Bytes without which it can't run: weights, a step, and the least cache."""
        least = min(LEAST_CACHE, self.shape.context_window) * self.kv_token_bytes
        resident = sum(place.weights + place.step for place in self.placements) + least
        return max(resident, self.storage.while_loading(self.shape) - self.offloaded)

    @property
    def budget(self) -> int:
        return sum(place.device.budget for place in self.placements)

    def conversations(self, tokens: int) -> int:
        """How many of that length the KV cache holds at once."""
        return self.kv_tokens // tokens


def make(name: str, shape: ModelShape, config: LocalConfig, hardware: Hardware) -> Plan:
    """The plan that the config asks for, or for `quantize: auto` the best one that fits."""
    if config.quantize != "auto":
        storage = _storage(config.quantize, config.quantize_head, config, hardware)
        return _lay_out(name, shape, storage, "the config says so", config, hardware)
    plans = [
        _lay_out(name, shape, storage, reason, config, hardware)
        for storage, reason in _choices(shape, config, hardware)
    ]
    return next((plan for plan in plans if plan.fits), plans[-1])


def alternatives(plan: Plan, config: LocalConfig, hardware: Hardware) -> list[Plan]:
    """The same model in every way that it can be kept, for comparison."""
    ways: list[tuple[Method, bool]] = [
        ("none", False), ("int8", False), ("int8", True), ("nf4", False), ("nf4", True),
    ]  # fmt: skip
    return [
        _lay_out(
            plan.model, plan.shape, _storage(method, head, config, hardware), "", config, hardware
        )
        for method, head in ways
    ]


def on_gpu(config: LocalConfig, hardware: Hardware) -> bool:
    return config.device != "cpu" and bool(hardware.gpus)


def _choices(
    shape: ModelShape, config: LocalConfig, hardware: Hardware
) -> Iterator[tuple[Storage, str]]:
    """From the most exact on; the last one is what is shown when nothing fits."""
    plain = _storage("none", False, config, hardware)
    size, budget = plain.total(shape), sum(device.budget for device in devices(config, hardware))
    if not on_gpu(config, hardware):
        yield plain, f"in {plain.dtype} it takes {gib(size)} of {gib(budget)} of RAM"
        less = _storage("int8", config.quantize_head, config, hardware)
        yield less, f"in {plain.dtype} it would take {gib(size)}, and there are {gib(budget)}"
    elif size <= (1 - ROOM_FOR_CONVERSATIONS) * budget:
        yield plain, f"in {plain.dtype} it takes {gib(size)} of {gib(budget)} of GPU memory"
    why = (
        f"in {plain.dtype} it would take {gib(size)} of {gib(budget)}, and conversations need room"
    )
    yield _storage("nf4", config.quantize_head, config, hardware), why


def _storage(method: Method, head: bool, config: LocalConfig, hardware: Hardware) -> Storage:
    """The CPU's int8 product takes float32, and its NF4 one is fastest in it."""
    gpu = on_gpu(config, hardware)
    auto = hardware.gpu_dtype if gpu else "float32" if method != "none" else hardware.cpu_dtype
    dtype = auto if config.dtype == "auto" else config.dtype
    return Storage(method, head and method != "none", dtype, gpu)


def devices(config: LocalConfig, hardware: Hardware) -> list[Device]:
    share = config.memory_share
    if not on_gpu(config, hardware):
        return [Device("CPU", None, int(hardware.ram_free * share), hardware.ram_total)]
    _, _, index = config.device.partition(":")
    return [
        Device(f"GPU {gpu.index} ({gpu.name})", gpu.index, int(gpu.free * share), gpu.total)
        for gpu in hardware.gpus
        if not index or gpu.index == int(index)
    ]


def step_bytes(shape: ModelShape, storage: Storage, config: LocalConfig) -> int:
    """The peak of one step: a chunk of prompts beside a full batch, the logits of that batch with
    the copies that sampling sorts or captured steps keep, the largest matrix unpacked, one
    conversation's keys and values gathered for a layer, and in the type of the computation; and
    what our own kernels keep for themselves."""
    size = DTYPE_BYTES[storage.dtype]
    rows = config.chunk(gpu=storage.gpu) + config.max_batch
    hidden = rows * (6 * shape.hidden + 3 * shape.intermediate) * size
    logits = config.max_batch * shape.vocabulary * (size + 20)
    ways = {_kv_dtype(storage, config), storage.dtype}
    gathered = sum(
        max((kv_bytes(cache, dtype) for cache in shape.caches), default=0) for dtype in ways
    )
    kernels = ROOM if storage.method == "nf4" and storage.gpu else 0
    return hidden + logits + storage.unpacked(shape) + shape.context_window * gathered + kernels


def _kv_dtype(storage: Storage, config: LocalConfig) -> str:
    return storage.dtype if config.kv_dtype == "auto" else config.kv_dtype


def _lay_out(
    name: str,
    shape: ModelShape,
    storage: Storage,
    reason: str,
    config: LocalConfig,
    hardware: Hardware,
) -> Plan:
    """Spread over the devices by their budgets; what is too much goes to the CPU if it may."""
    places, step = devices(config, hardware), step_bytes(shape, storage, config)
    kv_dtype = _kv_dtype(storage, config)
    token = sum(kv_bytes(cache, kv_dtype) for cache in shape.caches)
    least = min(LEAST_CACHE, shape.context_window) * token
    weights, budget = storage.total(shape), sum(device.budget for device in places)
    room = budget - step * len(places) - least
    too_much = max(weights - room, storage.while_loading(shape) - budget, 0)
    layers = storage.components(shape)["layers"]
    offloaded = min(too_much, layers) if config.offload and storage.gpu else 0
    kept = weights - offloaded
    placements = tuple(_place(device, kept, budget, step) for device in places)
    return Plan(
        name, shape, storage, reason, placements, offloaded,
        _cache_tokens(placements, token, shape, storage, config), token, kv_dtype,
        too_much <= offloaded <= max(0, _spare_ram(shape, storage, config, hardware)),
    )  # fmt: skip


def _place(device: Device, weights: int, budget: int, step: int) -> Placement:
    share = weights * device.budget // max(budget, 1)
    return Placement(device, share, step, max(device.budget - share - step, 0))


def _cache_tokens(
    placements: tuple[Placement, ...],
    token: int,
    shape: ModelShape,
    storage: Storage,
    config: LocalConfig,
) -> int:
    """What was asked for or there is room for, and no more than can be used."""
    room = sum(place.cache for place in placements) // max(token, 1)
    if not storage.gpu:
        share = int(placements[0].device.budget * CPU_CACHE_SHARE) // max(token, 1)
        room = min(room, share, CPU_WINDOWS * shape.context_window)
    return min(config.kv_tokens or room, room, config.max_batch * shape.context_window)


def _spare_ram(shape: ModelShape, storage: Storage, config: LocalConfig, hardware: Hardware) -> int:
    """How much of the quantised model the CPU has room for: bitsandbytes keeps there what it
    quantises on a GPU as it was, so it grows back."""
    plain = Storage("none", False, storage.dtype, True).total(shape)
    return int(hardware.ram_free * config.memory_share * storage.total(shape) / plain)
