"""The local engine on a GPU, with QwQ-32B's shape and random NF4 weights.

Needs a GPU with 40 GiB; ``--layers 4`` tries the script on a smaller one, ``--kv int8`` keeps
keys and values in 8 bits, ``--only second-turn`` stops at the times to the first token.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import torch

from bench import qwq
from bench.contenders import ask, greedy
from bench.options import option
from bench.report import Figure, show
from bot.engine.local import LocalConfig, LocalEngine, loader
from bot.engine.local.loaded import LoadedModel
from bot.types import Chunk, Message

T = TypeVar("T")

ROUNDS = 7
HISTORY = 4_000
CONVERSATIONS = 64
EQUAL_TOKENS = 256

START, END = "<|im_start|>", "<|im_end|>"
TEMPLATE = """\
{%- for message in messages %}{{ '<|im_start|>' + message.role + '\\n' + message.content }}\
{{ '<|im_end|>\\n' }}{%- endfor %}\
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{%- endif %}"""


def main() -> None:
    if not torch.cuda.is_available():
        print("The engine's benchmark on a GPU needs one.")
        return
    layers = int(option("--layers", "64"))
    facts: dict[str, Figure] = {
        "gpu": torch.cuda.get_device_name(0),
        "torch": torch.__version__,
        "layers": layers,
        "KV cache": option("--kv", "auto"),
    }
    turns_only = option("--only", "") == "second-turn"
    part = second_turn if turns_only else measure
    rows = asyncio.run(with_engine(lambda: loaded(qwq.build(layers)), part))
    show("QwQ-32B's shape in NF4, the engine's figures", rows, **facts)
    if turns_only:
        return
    equal, requests = asyncio.run(equality())
    show("greedy NF4 beside generate", [{"requests": requests, "equal": equal}], **facts)


async def measure(engine: LocalEngine) -> list[dict[str, Figure]]:
    first_tokens = await second_turn(engine)
    cancel = await cancelling(engine)
    speed = await crowd(engine)
    return [
        *first_tokens,
        _row("cancel to blocks free, ms", cancel * 1e3, "under 50"),
        _row(f"{CONVERSATIONS} at once without an error, tokens/s", speed, None),
    ]


async def second_turn(engine: LocalEngine) -> list[dict[str, Figure]]:
    await ask(engine, said("warm up " * 20), 8)
    empty, later = await turns(engine)
    return [
        _row("time to first token, empty history, ms", empty * 1e3, None),
        _row(f"time to first token, {HISTORY} tokens of history, ms", later * 1e3, None),
        _row("second turn / empty history", later / empty, "1.3 or less"),
    ]


async def turns(engine: LocalEngine) -> tuple[float, float]:
    """Seconds to the first token: of a first turn, and of a second after a long first."""
    empty, later = [], []
    for seed in range(ROUNDS):
        history = [*said(text(HISTORY, seed)), Message("assistant", "I have read it.")]
        await ask(engine, [*history, *said("Ready?")], 1)
        question = said(text(60, 1000 + seed))
        later.append(await ask(engine, [*history, *question], 4))
        empty.append(await ask(engine, question, 4))
    return median(empty), median(later)


async def cancelling(engine: LocalEngine) -> float:
    """Seconds from closing one of eight streams to the report in which its blocks are free. A
    count is answered after the next step, with that report."""
    seconds = []
    for seed in range(ROUNDS):
        async with AsyncExitStack() as stack:
            streams = [
                await stack.enter_async_context(
                    aclosing(engine.stream(said(text(1000, 50 * seed + n)), greedy(4_000)))
                )
                for n in range(8)
            ]
            for stream in streams:
                await anext(stream)
            used, start = engine.status().kv_used, time.monotonic()
            await streams[3].aclose()
            await engine.count_tokens(said("?"))
            seconds.append(time.monotonic() - start)
            assert engine.status().kv_used < used
    return median(seconds)


async def crowd(engine: LocalEngine) -> float:
    """Output tokens a second of all together."""
    start, new = time.monotonic(), 128
    asked = (ask(engine, said(text(256, 9_000 + n)), new) for n in range(CONVERSATIONS))
    await asyncio.gather(*asked)
    return CONVERSATIONS * new / (time.monotonic() - start)


async def equality() -> tuple[int, int]:
    """How many of 16 requests, all at once, give generate's tokens. Computed in fp32 out of NF4
    weights, since in 16 bits the order of a sum decides between close tokens."""
    small = qwq.SHAPE | {"hidden_size": 512, "intermediate_size": 1024, "num_attention_heads": 8}
    small |= {"num_key_value_heads": 2, "num_hidden_layers": 4}

    def build() -> LoadedModel:
        from transformers import Qwen2Config

        model = qwq.build_from(
            Qwen2Config(**small, dtype="bfloat16"), quantize_head=False, device="cuda"
        ).float()
        for module in model.modules():
            if hasattr(module, "compute_dtype"):
                module.compute_dtype = torch.float32
        return loaded(model)

    texts = [text(20 + 31 * n, n) for n in range(16)]
    expected: list[str] = []

    async def replies(engine: LocalEngine) -> list[str]:
        return list(await asyncio.gather(*(_reply(engine, each) for each in texts)))

    made = build()
    expected = [_generated(made, each) for each in texts]
    found = await with_engine(lambda: replace(made, model=made.model), replies)
    return sum(map(str.__eq__, expected, found)), len(texts)


async def _reply(engine: LocalEngine, words: str) -> str:
    events = [event async for event in engine.stream(said(words), greedy(EQUAL_TOKENS))]
    return "".join(event.text for event in events if isinstance(event, Chunk))


def _generated(made: LoadedModel, words: str) -> str:
    from bot.engine.local.vocabulary import Vocabulary

    vocabulary = Vocabulary(made.tokenizer, made.eos_ids)
    ids = torch.tensor([vocabulary.encode(said(words)).ids], device="cuda")
    model: Any = made.model
    output = model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        max_new_tokens=EQUAL_TOKENS,
        min_new_tokens=EQUAL_TOKENS,
        do_sample=False,
        eos_token_id=list(made.eos_ids),
        pad_token_id=0,
    )
    return vocabulary.decode(output[0, ids.shape[1] :].tolist())


async def with_engine(
    build: Callable[[], LoadedModel], use: Callable[[LocalEngine], Awaitable[T]]
) -> T:
    """What `use` gives of an engine around a model that no folder holds."""
    original = loader.load
    loader.load = lambda config, home, progress: build()
    try:
        async with LocalEngine(LocalConfig(model="random"), Path()) as engine:
            return await use(engine)
    finally:
        loader.load = original


def loaded(model: Any) -> LoadedModel:
    """With the KV cache that the command line asks for."""
    asked = LocalConfig.model_validate({"kv_dtype": option("--kv", "auto")})
    return LoadedModel(
        name="random",
        model=model,
        tokenizer=tokenizer(model.config.vocab_size),
        device=torch.device("cuda", 0),
        context_window=40_960,
        kv_tokens=int(option("--kv-tokens", "49152")),
        eos_ids=frozenset([1]),
        kv_dtype=asked.kv_dtype,
    )


def tokenizer(size: int) -> Any:
    """A token for each byte, and others that nobody writes: lengths are exact."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = [START, END, *letters]
    pieces += [
        f"{letters[n % 200]}{letters[n // 200 % 200]}#{n}" for n in range(size - len(pieces))
    ]
    vocab = {piece: number for number, piece in enumerate(pieces)}
    backend = Tokenizer(models.BPE(vocab, []))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    backend.add_special_tokens([START, END])
    build: Callable[..., Any] = PreTrainedTokenizerFast
    return build(
        tokenizer_object=backend,
        bos_token=START,
        eos_token=END,
        chat_template=TEMPLATE,
    )


def said(words: str) -> list[Message]:
    return [Message("user", words)]


def text(tokens: int, seed: int) -> str:
    return "".join(chr(97 + (seed * 7 + n * n + n // 26) % 26) for n in range(tokens))


def _row(what: str, figure: float, limit: str | None) -> dict[str, Figure]:
    return {"": what, "figure": figure, "to reach": limit or ""}


if __name__ == "__main__":
    main()
