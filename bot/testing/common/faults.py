"""Trouble on demand: what a network does to a bot that is unlucky."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

Kind = Literal["status", "flood", "ban", "reset", "lost", "hang", "slow"]


@dataclass(slots=True)
class Fault:
    """`kind`:

    status  answer with the HTTP status `code` instead of doing anything
    flood   answer 429 with `seconds` as retry_after
    ban     Discord only: a 429 that isn't the API's own but Cloudflare's
    reset   close the connection before anything is done
    lost    do it, then close the connection without an answer
    hang    never answer
    slow    do it, and answer `seconds` later

    `method` is the Bot API's name or that of one of Discord's routes, "" any, "download" a file;
    it strikes `times` times (None: for ever), each call with `probability`, in this `chat` only if
    one is named.
    """

    kind: Kind
    method: str = ""
    times: int | None = 1
    probability: float = 1.0
    code: int = 502
    seconds: float = 1.0
    chat: int | None = None


class Faults:
    """`struck` lists what happened, as (method, kind)."""

    def __init__(self, seed: int = 0):
        self.offline = False
        self.struck: list[tuple[str, Kind]] = []
        self._faults: list[Fault] = []
        self._random = random.Random(seed)  # noqa: S311 – which request fails is no secret

    def add(
        self,
        kind: Kind,
        method: str = "",
        *,
        times: int | None = 1,
        probability: float = 1.0,
        code: int = 502,
        seconds: float = 1.0,
        chat: int | None = None,
    ) -> Fault:
        fault = Fault(kind, method, times, probability, code, seconds, chat)
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        self._faults.clear()
        self.offline = False

    def strike(self, method: str, chat: object = None) -> Fault | None:
        """The fault that hits this call, used up."""
        if self.offline:
            return Fault("reset")
        for fault in self._faults:
            if self._hits(fault, method, chat):
                self._use(fault)
                self.struck.append((method, fault.kind))
                return fault
        return None

    def _hits(self, fault: Fault, method: str, chat: object) -> bool:
        if fault.method.lower() not in ("", method.lower()):
            return False
        if fault.chat not in (None, chat):
            return False
        return self._random.random() < fault.probability

    def _use(self, fault: Fault) -> None:
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self._faults.remove(fault)
