"""The same requests to transformers' generate, to its continuous batching and to our engine.

Each function is called in a process of its own, since one process can't have two users of torch
without slowing both. Times are seconds from the start of the run.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bot.engine.local import LocalConfig, LocalEngine
from bot.types import Chunk, Message, SamplingParams

POOL_TOKENS = 16_384
PAGE = 256


@dataclass(frozen=True, slots=True)
class Load:
    """`texts` arrive `gap` seconds apart, each for exactly `new` tokens."""

    texts: Sequence[str]
    new: int
    gap: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """`waits` are the times to the first token, each from its request's arrival."""

    seconds: float
    tokens: int
    waits: tuple[float, ...]

    @property
    def speed(self) -> float:
        return self.tokens / self.seconds

    @property
    def wait(self) -> float:
        return median(self.waits)


def greedy(new: int) -> SamplingParams:
    return SamplingParams(temperature=0, max_new_tokens=new, min_new_tokens=new)


def generate(cache: Path, load: Load) -> Outcome:
    """One after another; all have arrived at the start."""
    from transformers.generation.streamers import BaseStreamer

    class FirstToken(BaseStreamer):
        calls, time = 0, 0.0

        def put(self, value: Any) -> None:
            self.calls += 1
            if self.calls == 2:  # the first call brings the prompt
                self.time = time.monotonic()

        def end(self) -> None:
            pass

    model, prompts = _plain(cache, load.texts)
    _generate(model, prompts[0][:20], 4)
    start, waits = time.monotonic(), []
    for prompt in prompts:
        first = FirstToken()
        _generate(model, prompt, load.new, streamer=first)
        waits.append(first.time - start)
    return Outcome(time.monotonic() - start, load.new * len(prompts), tuple(waits))


def library(cache: Path, load: Load) -> Outcome:
    """transformers' continuous batching, with as many tokens of cache as ours has."""
    from transformers.generation.configuration_utils import (
        ContinuousBatchingConfig,
        GenerationConfig,
    )

    model, prompts = _plain(cache, load.texts)
    settings = GenerationConfig.from_dict(
        {"do_sample": False, "eos_token_id": -1, "pad_token_id": 0}
    )
    limits = ContinuousBatchingConfig(page_size=PAGE, num_blocks=POOL_TOKENS // PAGE)
    with model.continuous_batching_context_manager(
        generation_config=settings, continuous_batching_config=limits
    ) as manager:
        _ask_library(manager, [prompts[0][:20]], 4, 0.0)
        return _ask_library(manager, prompts, load.new, load.gap)


def ours(cache: Path, load: Load, quantize: str = "none") -> Outcome:
    return asyncio.run(_with_ours(cache, quantize, load))


def config(cache: Path, quantize: str = "none", **keys: Any) -> LocalConfig:
    """The demo model in fp32 with the pool that every contender gets."""
    return LocalConfig.model_validate(
        {"cache": cache, "quantize": quantize, "dtype": "float32", "kv_tokens": POOL_TOKENS} | keys
    )


async def _with_ours(cache: Path, quantize: str, load: Load) -> Outcome:
    async with LocalEngine(config(cache, quantize, prefix_cache=False), cache) as engine:
        await ask(engine, [Message("user", "Hello")], 4)
        start = time.monotonic()

        async def one(number: int, text: str) -> float:
            await asyncio.sleep(number * load.gap)
            return await ask(engine, [Message("user", text)], load.new)

        waits = await asyncio.gather(*(one(n, text) for n, text in enumerate(load.texts)))
        return Outcome(time.monotonic() - start, load.new * len(waits), tuple(waits))


async def ask(engine: LocalEngine, messages: Sequence[Message], new: int) -> float:
    """Seconds to the first token of a reply that is read to its end."""
    start, first = time.monotonic(), 0.0
    async for event in engine.stream(messages, greedy(new)):
        if isinstance(event, Chunk) and not first:
            first = time.monotonic() - start
        if isinstance(event, Chunk) and event.usage:
            made = event.usage.text_tokens + event.usage.reasoning_tokens
            assert made == new, f"{made} tokens instead of {asdict(event.usage)}"
    return first


def _plain(cache: Path, texts: Sequence[str]) -> tuple[Any, list[list[int]]]:
    """The demo model as transformers loads it, with prompts as our engine makes them."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from bot.engine.local import demo
    from bot.engine.local.progress import silent
    from bot.engine.local.vocabulary import Vocabulary

    folder = demo.prepare(cache, silent)
    assert folder is not None, demo.INSTALL
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    vocabulary = Vocabulary(AutoTokenizer.from_pretrained(folder), [model.config.eos_token_id])
    return model, [vocabulary.encode([Message("user", text)]).ids for text in texts]


def _generate(model: Any, prompt: list[int], new: int, **extra: Any) -> None:
    import torch

    ids = torch.tensor([prompt])
    made = model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=new,
        min_new_tokens=new,
        do_sample=False,
        pad_token_id=0,
        **extra,
    )
    assert made.shape[1] == len(prompt) + new


def _ask_library(manager: Any, prompts: Sequence[list[int]], new: int, gap: float) -> Outcome:
    start = time.monotonic()
    arrivals: dict[str, float] = {}
    firsts: dict[str, float] = {}
    open_requests = len(prompts)
    queue = list(prompts)
    while open_requests:
        while queue and time.monotonic() - start >= gap * len(arrivals):
            name = manager.add_request(queue.pop(0), max_new_tokens=new, streaming=True)
            arrivals[name] = time.monotonic()
        output = manager.get_result(timeout=0.01)
        if output is None:
            assert manager.is_running(), "its thread has died"
            continue
        assert not output.error, output.error
        firsts.setdefault(output.request_id, time.monotonic())
        open_requests -= output.is_finished()
    waits = tuple(firsts[name] - arrivals[name] for name in arrivals)
    return Outcome(time.monotonic() - start, new * len(prompts), waits)
