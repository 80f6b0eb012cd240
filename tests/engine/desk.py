"""A worker without its thread: the same loop, driven and watched by a test, step by step."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from bot.engine.local.config import LocalConfig
from bot.engine.local.loaded import LoadedModel
from bot.engine.local.mailbox import (
    Cancel,
    Command,
    Count,
    Event,
    Mail,
    Report,
    Stop,
    Submit,
)
from bot.engine.local.runner import PagedRunner, Runner
from bot.engine.local.sampling import SamplingState
from bot.engine.local.sequence import Sequence as Tokens
from bot.engine.local.sequence import Slice
from bot.engine.local.worker import Worker
from bot.errors import EngineError
from bot.types import Chunk, Control, Message, SamplingParams

if TYPE_CHECKING:
    import torch

GREEDY = SamplingParams(temperature=0, max_new_tokens=8)
DUE = 10_000


def load(folder: Path, *, kv_tokens: int = 4096, nf4: bool = False) -> LoadedModel:
    """A model folder in fp32 on the CPU, its layers in 4 bits if `nf4`."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, BitsAndBytesConfig

    torch.set_num_threads(1)  # so small a model gains nothing by more, and a busy machine loses
    four_bits: Callable[..., Any] = BitsAndBytesConfig
    bits = four_bits(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_compute_dtype=torch.float32
    )
    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, device_map="cpu", quantization_config=bits if nf4 else None
    )
    window = model.config.get_text_config().max_position_embeddings
    return LoadedModel(
        name=folder.name,
        model=model,
        tokenizer=AutoTokenizer.from_pretrained(folder),
        device=torch.device("cpu"),
        context_window=window,
        kv_tokens=kv_tokens,
        eos_ids=frozenset([2]),
    )


class Watched:
    """A runner that remembers what it was asked, and raises where `fault` does."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self.reuses, self.looks_ahead = runner.reuses, False
        self.sequences: dict[int, Tokens] = {}
        self.steps: list[tuple[Slice, ...]] = []
        self.fault: Callable[[Sequence[Slice]], None] = lambda slices: None
        self.spoil: Callable[[Sequence[Slice], torch.Tensor], None] = lambda slices, logits: None

    @property
    def cache_bytes(self) -> int:
        return self._runner.cache_bytes

    @property
    def paged(self) -> PagedRunner:
        assert isinstance(self._runner, PagedRunner)
        return self._runner

    def run(self, slices: Sequence[Slice]) -> torch.Tensor:
        self.steps.append(tuple(slices))
        self.sequences |= {each.sequence.arrival: each.sequence for each in slices}
        self.fault(slices)
        logits = self._runner.run(slices)
        self.spoil(slices, logits)
        return logits

    def draw(self, slices: Sequence[Slice], states: Sequence[SamplingState]) -> None:
        """All that is watched goes through `run`."""

    def drop(self, sequence: Tokens) -> None:
        self._runner.drop(sequence)

    def wipe(self, blocks: Sequence[int]) -> None:
        self._runner.wipe(blocks)

    def put_back(self) -> int:
        """How many sequences began anew from an earlier token."""
        furthest: dict[Tokens, int] = defaultdict(int)
        found = 0
        for each in (each for step in self.steps for each in step):
            found += each.start < furthest[each.sequence]
            furthest[each.sequence] = each.end
        return found


class Desk:
    """`events` of each request; `run` works until all that was submitted is over."""

    def __init__(self, loaded: LoadedModel, runner: Runner | None = None, **config: Any) -> None:
        settings = LocalConfig.model_validate(config)
        size = settings.block_size
        if runner is None:
            blocks = loaded.kv_tokens // size
            runner = PagedRunner(
                loaded.model, loaded.device,
                blocks=blocks, block_size=size, kv_dtype=settings.kv_dtype,
            )  # fmt: skip
        self.runner = Watched(runner)
        self.events: dict[int, list[Event]] = defaultdict(list)
        self.reports: list[Report] = []
        self.on_step: Callable[[int], None] = lambda step: None
        self._open: set[int] = set()
        self._next = 0
        self._inbox: SimpleQueue[Command] = SimpleQueue()
        self.worker = Worker(loaded, self.runner, settings, self._inbox, self._receive)

    def submit(
        self,
        text: str | Sequence[Message],
        params: SamplingParams = GREEDY,
        control: Control | None = None,
    ) -> int:
        number, self._next = self._next, self._next + 1
        messages = [Message("user", text)] if isinstance(text, str) else text
        self._open.add(number)
        self._inbox.put(Submit(number, messages, params, control or Control(), 0.0))
        return number

    def count(self, text: str) -> int:
        number, self._next = self._next, self._next + 1
        self._inbox.put(Count(number, [Message("user", text)]))
        return number

    def cancel(self, number: int) -> None:
        self._open.discard(number)
        self._inbox.put(Cancel(number))

    @property
    def waiting_for(self) -> bool:
        return bool(self._open)

    def run(self) -> None:
        self.worker.run()

    def text(self, number: int) -> str:
        return "".join(each.text for each in self.events[number] if isinstance(each, Chunk))

    def last(self, number: int) -> Chunk:
        chunk = self.events[number][-1]
        assert isinstance(chunk, Chunk)
        return chunk

    def tokens(self, number: int, prompt: int) -> list[int]:
        """Those generated after `prompt` tokens."""
        return self.runner.sequences[number].tokens[prompt:]

    def _receive(self, mail: Mail) -> None:
        assert isinstance(mail, Report)
        self.reports.append(mail)
        for number, event in mail.events:
            self.events[number].append(event)
            if isinstance(event, EngineError) or (isinstance(event, Chunk) and event.finish):
                self._open.discard(number)
        self.on_step(len(self.reports))
        assert len(self.reports) < DUE, "the loop does not come to an end"
        if not self._open:
            self._inbox.put(Stop())
