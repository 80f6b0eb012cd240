"""The prompt as a server renders it, for what OpenAI's API has no words for: to count its tokens,
to see whether it opens a thought, and to end a thought by hand.

vLLM has ``/tokenize`` and ``/detokenize``, llama.cpp ``/apply-template`` and ``/tokenize``; beside
others all of this answers None.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.engine.openai.config import Dialect
from bot.engine.openai.servers import Servers
from bot.engine.openai.thoughts import END, START
from bot.engine.speakers import attributed
from bot.types import Message

Rendered = str | list[int]

TAIL = 16
"""Tokens of a prompt's end that show whether it opens a thought."""
CHARACTERS_A_TOKEN = 3.5
"""Where nobody can count: English has about four, other languages fewer."""


class Rendering:
    def __init__(self, servers: Servers, model: str, dialect: Dialect):
        self._servers, self._model, self._dialect = servers, model, dialect

    async def count(self, messages: Sequence[Message]) -> int:
        rendered = await self.prompt(messages)
        if isinstance(rendered, str):
            rendered = await self._tokens({"content": rendered, "add_special": False})
        if rendered is not None:
            return len(rendered)
        return sum(4 + int(len(text) / CHARACTERS_A_TOKEN) for _, text in attributed(messages))

    async def opens_thought(self, messages: Sequence[Message]) -> bool:
        rendered = await self.prompt(messages)
        return (await self._end(rendered)).rstrip().endswith(START)

    async def after_thought(self, messages: Sequence[Message], thought: str) -> Rendered | None:
        """The prompt for the answer to `messages` after this much of a thought."""
        rendered = await self.prompt(messages)
        if rendered is None:
            return None
        opened = (await self._end(rendered)).rstrip().endswith(START)
        rest = f"{'' if opened else START + chr(10)}{thought.rstrip()}\n{END}\n\n"
        if isinstance(rendered, str):
            return rendered + rest
        body = {"model": self._model, "prompt": rest, "add_special_tokens": False}
        tokens = await self._tokens(body)
        return None if tokens is None else rendered + tokens

    async def prompt(self, messages: Sequence[Message]) -> Rendered | None:
        said = [{"role": m.role, "content": text} for m, text in attributed(messages)]
        if self._dialect == "vllm":
            body = {"model": self._model, "messages": said, "add_generation_prompt": True}
            return await self._tokens(body)
        if self._dialect == "llama.cpp":
            answer = await self._servers.ask("apply-template", {"messages": said})
            prompt: str | None = _field(answer, "prompt", str)
            return prompt
        return None

    async def _end(self, rendered: Rendered | None) -> str:
        if not isinstance(rendered, list):
            return rendered or ""
        body = {"model": self._model, "tokens": rendered[-TAIL:]}
        return _field(await self._servers.ask("detokenize", body), "prompt", str) or ""

    async def _tokens(self, body: dict[str, Any]) -> list[int] | None:
        tokens: list[int] | None = _field(await self._servers.ask("tokenize", body), "tokens", list)
        return tokens


def _field(answer: Any, name: str, type: type) -> Any:
    value = answer.get(name) if isinstance(answer, dict) else None
    return value if isinstance(value, type) else None
