"""Whether this machine can run the model: torch, its device, bitsandbytes, and the plan."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

from bot.engine.local import hub, plan_table
from bot.engine.local.config import LocalConfig
from bot.engine.local.loader import make_plan
from bot.engine.local.progress import Progress
from bot.errors import ModelError
from bot.types import Finding

DRIVER = Path("/proc/driver/nvidia/version")
SIZE, TOLERANCE = 256, 0.25
"""Of the matrix, and ‖difference‖ / ‖product‖ that is granted to 4 bits, which cost about 0.1."""


def probe(config: LocalConfig, home: Path, progress: Progress) -> list[Finding]:
    """Blocking. The weights are neither fetched nor loaded."""
    try:
        import torch
    except ImportError as error:
        advice = "install it: pip install 'chinwag[local]'"
        return [Finding("torch", f"can't be imported: {error}", advice, ok=False)]
    device = _device(config)
    return [
        Finding("torch", f"{torch.__version__} with transformers {version('transformers')}"),
        *_devices(device),
        _bitsandbytes(device),
        *_model(config, home, progress),
    ]


def _device(config: LocalConfig) -> str:
    import torch

    if config.device != "auto":
        return config.device
    return "cuda" if torch.cuda.is_available() else "cpu"


def _devices(device: str) -> Iterator[Finding]:
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    for index in range(count):
        found = f"{torch.cuda.get_device_name(index)}, CUDA {torch.version.cuda}, {_driver()}"
        yield Finding(f"gpu {index}", found)
    if count:
        return
    if device != "cpu":
        advice = "set engine.device to auto, or see why torch finds no GPU (nvidia-smi)"
        yield Finding("gpu", f"none, and engine.device is {device}", advice, ok=False)
    elif DRIVER.exists():
        advice = f"torch {torch.__version__} has no CUDA for this driver: install one that does"
        yield Finding("gpu", f"a driver ({_driver()}) but no device for torch", advice, ok=False)
    else:
        yield Finding("gpu", f"none; the CPU is used ({platform.machine()})")


def _driver() -> str:
    try:
        words = DRIVER.read_text().splitlines()[0].split()
    except (OSError, IndexError):
        return "driver unknown"
    numbers = (word for word in words if word[:1].isdigit() and "." in word)
    return f"driver {next(numbers, 'unknown')}"


def _bitsandbytes(device: str) -> Finding:
    """Quantises a small matrix to NF4 and multiplies with it, as a layer of a model would."""
    what = "bitsandbytes"
    advice = "install the wheel for this platform and CUDA, or set engine.quantize to none"
    try:
        error = _error_of_nf4(device)
    except Exception as problem:  # a library that is broken raises anything
        first = (str(problem).splitlines() or [""])[0]
        return Finding(what, f"{type(problem).__name__}: {first}", advice, ok=False)
    found = f"{version('bitsandbytes')}: a product in 4 bits on {device} is off by {error:.1%}"
    if not error < TOLERANCE:
        return Finding(what, found, advice, ok=False)
    return Finding(what, found)


def _error_of_nf4(device: str) -> float:
    import torch
    from bitsandbytes import functional, matmul_4bit  # type: ignore[attr-defined]  # it is public

    dtype = torch.bfloat16 if device == "cpu" else torch.float16
    generator = torch.Generator().manual_seed(7)
    weight, x = (torch.randn(SIZE, SIZE, generator=generator) for _ in range(2))
    weight, x = weight.to(device, dtype), x.to(device, dtype)
    quantise: Callable[..., tuple[torch.Tensor, functional.QuantState]] = functional.quantize_4bit
    packed, state = quantise(weight, quant_type="nf4", compress_statistics=True)
    product = matmul_4bit(x, packed.t(), state).float()
    expected = x.float() @ weight.float().t()
    return float((product - expected).norm() / expected.norm())


def _model(config: LocalConfig, home: Path, progress: Progress) -> Iterator[Finding]:
    try:
        planned, machine = make_plan(config, home, progress)
    except ModelError as error:
        yield Finding("model", str(error), "see docs/models.md", ok=False)
        return
    table = plan_table.as_text(planned, config, machine)
    kept = planned.storage
    found = f"{planned.model} in {kept.dtype if kept.method == 'none' else kept.name}"
    if planned.fits:
        yield Finding("model", f"{found} fits", details=table)
    else:
        ways = plan_table.ways_out(planned, config, machine)
        yield Finding("model", f"{found} does not fit", ", or ".join(ways), ok=False, details=table)
    yield _weights(config, home, progress)


def _weights(config: LocalConfig, home: Path, progress: Progress) -> Finding:
    only_here = config.model_copy(update={"offline": True})
    try:
        return Finding("weights", f"in {hub.fetch(only_here, home, progress)}")
    except ModelError as error:
        if config.offline or Path(config.model).expanduser().is_dir():
            return Finding("weights", str(error), "see docs/models.md", ok=False)
        return Finding(
            "weights", "not here yet", "the start fetches them, and `chinwag model fetch` does now"
        )
