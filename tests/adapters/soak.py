"""Many questions in many places, each asked a few ahead of the answers to those before it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from functools import partial

from bot.testing.common.server import LoopbackServer

OUTSTANDING = 4
PATIENCE = 600.0
"""Seconds; a machine that does much else is slow, and slow is not what is tested here."""
ENGINE = {
    "tokens_per_second": 0,
    "script": [{"match": r"question (\S+)", "text": r"Answer \1."}],
}


def answer(question: str) -> str:
    return f"Answer {question}."


class Chatter(ABC):
    """One place in which `count` questions are asked, told apart by the place's `name`."""

    def __init__(self, server: LoopbackServer, name: object, count: int):
        self.questions = [f"{name}/{number}" for number in range(count)]
        self.expected = {answer(question) for question in self.questions}
        self._server = server

    @property
    @abstractmethod
    def said(self) -> Counter[str]:
        """How often each answer stands in the place."""

    @abstractmethod
    def say(self, text: str) -> None:
        """To the bot."""

    async def ask(self) -> None:
        for number, question in enumerate(self.questions):
            await self._server.until(partial(self._may_ask, number), PATIENCE)
            self.say(f"question {question}")
        await self._server.until(lambda: self._answered() == len(self.questions), PATIENCE)

    def _may_ask(self, number: int) -> bool:
        return number - self._answered() < OUTSTANDING

    def _answered(self) -> int:
        return len(self.expected & self.said.keys())
