"""The worker: one thread, one model, many conversations. Admit → step → emit.

Only this thread ever touches torch. It sleeps only when nothing is to be computed, looks into
its inbox between any two steps, and tells the event loop what a step gave in one letter.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import chain
from queue import Empty
from typing import TYPE_CHECKING

import structlog

from bot.engine.local.blocks import BlockPool
from bot.engine.local.config import LocalConfig
from bot.engine.local.faults import is_fatal, is_out_of_memory, release_memory, told
from bot.engine.local.generation import Generation
from bot.engine.local.loaded import LoadedModel
from bot.engine.local.mailbox import (
    Beat,
    Beaten,
    Cancel,
    Count,
    Counted,
    Inbox,
    Outbox,
    Stop,
    Submit,
)
from bot.engine.local.pressure import Pressure
from bot.engine.local.reporter import Reporter
from bot.engine.local.runner import Runner
from bot.engine.local.sampler import Sampled, Sampler
from bot.engine.local.scheduler import Scheduler
from bot.engine.local.sequence import Slice
from bot.engine.local.vocabulary import Vocabulary
from bot.errors import RequestFailed
from bot.types import Chunk, ModelInfo

if TYPE_CHECKING:
    from transformers import PreTrainedModel

log = structlog.get_logger(__name__)


class Worker:
    def __init__(
        self, loaded: LoadedModel, runner: Runner, config: LocalConfig, inbox: Inbox, outbox: Outbox
    ) -> None:
        self._loaded, self._runner = loaded, runner
        self._inbox = inbox
        self._vocabulary = Vocabulary(loaded.tokenizer, loaded.eos_ids)
        self._vocab_size = loaded.model.config.get_text_config().vocab_size
        self._sampler = Sampler(self._vocab_size, loaded.device)
        keep = config.prefix_cache and runner.reuses
        pool = BlockPool(loaded.kv_tokens // config.block_size, config.block_size, keep=keep)
        self.scheduler = Scheduler(
            pool,
            max_batch=config.max_batch,
            prefill_chunk=config.chunk(gpu=loaded.device.type == "cuda"),
            ahead=1 if runner.looks_ahead else 0,
        )
        self._pressure = Pressure(self.scheduler)
        self._window = min(loaded.context_window, self.scheduler.capacity)
        self._generations: dict[int, Generation] = {}
        memory = _bytes(loaded.model) + runner.cache_bytes
        self._reporter = Reporter(outbox, self.scheduler, memory)

    @property
    def info(self) -> ModelInfo:
        return ModelInfo(
            name=self._loaded.name,
            context_window=self._window,
            reasons=self._vocabulary.reasons,
            sampling=self._loaded.sampling,
        )

    def run(self) -> None:
        """Until told to stop. What it raises is the end of the thread."""
        while self._receive():
            self._poll()
            slices = self.scheduler.plan()
            if slices:
                self._step(slices)
            self._reporter.send(self._generations)

    # --- admit -------------------------------------------------------------------------------

    def _receive(self) -> bool:
        """Take all that is in the inbox, waiting for it only if there is nothing else to do."""
        wait = not self.scheduler.busy
        while True:
            try:
                command = self._inbox.get(block=wait)
            except Empty:
                return True
            wait = False
            if isinstance(command, Stop):
                return False
            self._handle(command)

    def _handle(self, command: Submit | Cancel | Count | Beat) -> None:
        if isinstance(command, Cancel):
            self._end(command.id)
            return
        try:
            match command:
                case Submit():
                    self._admit(command)
                case Count():
                    prompt = self._vocabulary.encode(command.messages)
                    self._reporter.tell(command.id, Counted(len(prompt.ids)))
                case Beat():
                    self._reporter.tell(command.id, Beaten())
        except Exception as problem:
            self._reporter.tell(command.id, command.context.run(told, problem))

    def _admit(self, request: Submit) -> None:
        generation = Generation(request, self._vocabulary, self._window, self._vocab_size)
        self._generations[request.id] = generation
        self.scheduler.add(generation.sequence)

    def _poll(self) -> None:
        now = time.monotonic()
        for generation in list(self._generations.values()):
            if generation.started is not None:
                self._advance(generation, partial(generation.poll, now))

    # --- step --------------------------------------------------------------------------------

    def _step(self, slices: Sequence[Slice]) -> None:
        self._mark_started(slices)
        try:
            outcomes = self._compute(slices)
        except Exception as problem:
            self._recover(slices, problem)
        else:
            self._accept(slices, outcomes)

    def _mark_started(self, slices: Iterable[Slice]) -> None:
        now = time.monotonic()
        for each in slices:
            generation = self._generation(each)
            if generation.started is None:
                generation.started = now

    def _compute(self, slices: Sequence[Slice]) -> list[Sampled | RequestFailed]:
        """Changes nothing that a second attempt would not change alike."""
        states = [self._generation(each).state for each in slices if each.samples]
        drawn = self._runner.draw(slices, states)
        if drawn is not None:
            return self._sampler.finish(drawn.tokens, drawn.logits, states)
        logits = self._runner.run(slices).to(self._loaded.device)
        return self._sampler.sample(logits, states) if states else []

    def _accept(self, slices: Sequence[Slice], outcomes: Sequence[Sampled | RequestFailed]) -> None:
        self.scheduler.commit(slices)
        self._pressure.succeeded()
        now = time.monotonic()
        self._reporter.pace.stepped(now, len(outcomes))
        sampling = [self._generation(each) for each in slices if each.samples]
        for generation, outcome in zip(sampling, outcomes, strict=True):
            if isinstance(outcome, RequestFailed):
                self._fail(generation, outcome)
            else:
                self._advance(generation, partial(generation.take, outcome, now))

    def _recover(self, slices: Sequence[Slice], problem: Exception) -> None:
        """Memory: smaller steps from the next one on. Anything else: each by itself, and only
        who raises again has failed."""
        if is_fatal(problem):
            raise problem
        if is_out_of_memory(problem):
            release_memory()
            if self._pressure.shrink():
                log.warning("out of memory: smaller steps", batch=self.scheduler.max_batch)
                return
        if len(slices) == 1:
            self._fail(self._generation(slices[0]), problem)
            return
        log.warning("a step failed; trying its requests one by one", error=repr(problem))
        for each in slices:
            self._step([each])

    # --- emit --------------------------------------------------------------------------------

    def _advance(self, generation: Generation, progress: Callable[[], list[Chunk]]) -> None:
        """A fault in one request's text is its own."""
        try:
            chunks = progress()
        except Exception as problem:
            self._fail(generation, problem)
            return
        self._reporter.tell(generation.id, *chunks)
        if chunks and chunks[-1].finish:
            self._reporter.pace.finished(time.monotonic() - (generation.started or 0.0))
            self._end(generation.id)

    def _fail(self, generation: Generation, problem: Exception) -> None:
        self._reporter.tell(generation.id, generation.context.run(told, problem))
        self._runner.wipe(self.scheduler.pool.private(generation.sequence.blocks))
        self._end(generation.id, keep=False)

    def _end(self, id: int, *, keep: bool = True) -> None:
        """Finished, failed or cancelled: its blocks are free from now on."""
        generation = self._generations.pop(id, None)
        if generation is not None:
            self._runner.drop(generation.sequence)
            self.scheduler.remove(generation.sequence, keep=keep)

    def _generation(self, each: Slice) -> Generation:
        return self._generations[each.sequence.arrival]


def _bytes(model: PreTrainedModel) -> int:
    return sum(tensor.nbytes for tensor in chain(model.parameters(), model.buffers()))
