"""What kind of failure an exception is, and how it is told."""

from __future__ import annotations

import gc

import structlog

from bot.errors import EngineError, RequestFailed

log = structlog.get_logger(__name__)


def is_out_of_memory(problem: Exception) -> bool:
    """torch raises OutOfMemoryError on accelerators and a bare RuntimeError on the CPU."""
    import torch

    return isinstance(problem, MemoryError | torch.OutOfMemoryError) or (
        isinstance(problem, RuntimeError) and "can't allocate memory" in str(problem)
    )


def is_fatal(problem: Exception) -> bool:
    """After a fault on the accelerator itself, nothing in this process can use it any more."""
    import torch

    fault: type[Exception] | None = getattr(torch, "AcceleratorError", None)
    return fault is not None and isinstance(problem, fault) and not is_out_of_memory(problem)


def release_memory() -> None:
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def told(problem: Exception) -> EngineError:
    """As the caller of a stream gets it. What was not foreseen goes to the log with its
    traceback, and without it to the caller: frames would keep tensors alive."""
    if isinstance(problem, EngineError):
        return problem
    log.error("a request failed", exc_info=problem)
    if is_out_of_memory(problem):
        return RequestFailed("There was not enough memory for this request: try a shorter one.")
    return RequestFailed(
        "This request made the model fail ({problem}): "
        "try it in other words; the log has the details.",
        problem=type(problem).__name__,
    )
