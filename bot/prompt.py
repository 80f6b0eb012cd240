"""From history to prompt, within the model's context window.

Knows nothing of templates or token ids: it asks the engine how long a prompt would be.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.engine import Engine
from bot.errors import PromptTooLong
from bot.types import ConversationKey, Message

KEEP_SHARE = 0.7
"""How full a shortened prompt is. The rest is room to grow, so that the next turns begin with the
same tokens and find them in the engine's prefix cache."""

REMEMBERED = 4096
TEMPLATE_BYTES = 64
"""More than any known template puts around one message."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """`left_out` counts the messages of the history that had no room."""

    messages: tuple[Message, ...]
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Measure:
    """How a prompt would fill the model's context window, in tokens: `answer` is kept free,
    `system` (with what the template puts there) and `history` (`messages` of it) are taken,
    `left_out` of the history had no room."""

    window: int
    answer: int
    system: int
    history: int
    messages: int
    left_out: int

    @property
    def free(self) -> int:
        return max(self.window - self.answer - self.system - self.history, 0)


ASKED = Message("user", "")
"""Templates expect at least one user's message."""


class PromptBuilder:
    """`history_messages` is the longest history that it is given."""

    def __init__(self, engine: Engine, history_messages: int):
        self._engine = engine
        self.history_messages = history_messages
        self._starts: OrderedDict[ConversationKey, datetime] = OrderedDict()

    async def build(
        self, key: ConversationKey, system: str, history: Sequence[Message], answer_tokens: int
    ) -> Prompt:
        """The system prompt and the newest part of `history` that leaves `answer_tokens` free.

        Raises PromptTooLong when not even the last message fits.
        """
        first, budget = _first(system), self._budget(answer_tokens)
        start = await self._start(key, first, history, budget)
        self._remember(key, history[start].time)
        return Prompt((*first, *history[start:]), left_out=start)

    async def measure(
        self, key: ConversationKey, system: str, history: Sequence[Message], answer_tokens: int
    ) -> Measure:
        """What `build` would make of it, counted by the model's own tokenizer."""
        first, budget = _first(system), self._budget(answer_tokens)
        try:
            start = await self._start(key, first, history, budget) if history else 0
        except PromptTooLong:
            start = len(history) - 1
        kept = history[start:]
        window = self._engine.info.context_window
        alone = await self._engine.count_tokens((*first, ASKED))
        whole = await self._engine.count_tokens((*first, *kept)) if kept else alone
        left_out = await self._engine.count_tokens((*first, *history)) - whole if start else 0
        return Measure(window, window - budget, alone, whole - alone, len(kept), left_out)

    async def size(self, system: str) -> int:
        """Tokens of a system prompt by itself. Told from another one, as a template may put in
        its own where there is none."""
        count = self._engine.count_tokens
        other = await count((*_first("."), ASKED))
        return await count((Message("system", system), ASKED)) - other + 1

    def _budget(self, answer_tokens: int) -> int:
        window = self._engine.info.context_window
        return max(window - answer_tokens, window // 2)

    async def _start(
        self,
        key: ConversationKey,
        first: tuple[Message, ...],
        history: Sequence[Message],
        budget: int,
    ) -> int:
        start = self._remembered(key, history)
        if await self._fits((*first, *history[start:]), budget):
            return start
        return await self._shorten(first, history, start, budget)

    async def _shorten(
        self, first: tuple[Message, ...], history: Sequence[Message], start: int, budget: int
    ) -> int:
        """The least start (by bisection: fewer messages are fewer tokens) that is short enough."""
        last = len(history) - 1
        if not await self._fits((*first, history[last]), budget):
            tokens = await self._engine.count_tokens((*first, history[last]))
            raise PromptTooLong(tokens, budget)
        low, high = start + 1, last
        while low < high:
            middle = (low + high) // 2
            if await self._fits((*first, *history[middle:]), int(budget * KEEP_SHARE)):
                high = middle
            else:
                low = middle + 1
        return _question_at_or_after(history, low)

    async def _fits(self, messages: Sequence[Message], budget: int) -> bool:
        """A token holds at least one byte, which often settles it without the tokenizer."""
        at_most = sum(len(m.text.encode("utf-8", "replace")) + TEMPLATE_BYTES for m in messages)
        return at_most <= budget or await self._engine.count_tokens(messages) <= budget

    def _remembered(self, key: ConversationKey, history: Sequence[Message]) -> int:
        """Where the last prompt of this conversation began. Once `history`, a sliding window, has
        left that behind, a good part of it goes at once, so that the start stays put for long."""
        start = self._starts.get(key)
        if start is None:
            return 0
        if history[0].time > start and len(history) >= self.history_messages:
            return _question_at_or_after(history, int(len(history) * (1 - KEEP_SHARE)))
        return next((i for i, message in enumerate(history) if message.time >= start), 0)

    def _remember(self, key: ConversationKey, start: datetime) -> None:
        self._starts[key] = start
        self._starts.move_to_end(key)
        if len(self._starts) > REMEMBERED:
            self._starts.popitem(last=False)


def _first(system: str) -> tuple[Message, ...]:
    return (Message("system", system),) if system.strip() else ()


def _question_at_or_after(history: Sequence[Message], start: int) -> int:
    """Templates expect a user's message first."""
    return next((i for i in range(start, len(history)) if history[i].role == "user"), start)
