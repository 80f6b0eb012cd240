"""Updates on their way to the bot: a queue with offsets, for one poller or one webhook."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import ClientError, ClientSession, ClientTimeout

from bot.testing.common.clock import Clock
from bot.testing.common.signal import Signal
from bot.testing.telegram.chats import Json
from bot.testing.telegram.failures import bad_request, conflict

KINDS = frozenset(
    [
        "message",
        "edited_message",
        "callback_query",
        "my_chat_member",
        "chat_member",
        "message_reaction",
    ]
)
ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
"""Only sent to a bot that asks for them in `allowed_updates`."""
KEPT = 24 * 3600.0
"""Seconds."""
LONGEST_POLL = 50.0


@dataclass(frozen=True, slots=True)
class Webhook:
    url: str
    secret: str


@dataclass(frozen=True, slots=True)
class Queued:
    id: int
    json: Json
    until: float


class Updates:
    """`delivered` counts how often each update was given to the bot."""

    def __init__(self, clock: Clock, stirred: Signal):
        self.webhook: Webhook | None = None
        self.delivered: dict[int, int] = {}
        self._clock = clock
        self._ids = itertools.count(100_001)
        self._queue: list[Queued] = []
        self._allowed = KINDS - ON_REQUEST
        self._news = Signal()
        self._stirred = stirred
        self._newest_poll = 0

    @property
    def pending(self) -> int:
        """Not yet confirmed."""
        return len(self._queue)

    @property
    def allowed(self) -> list[str]:
        return sorted(self._allowed)

    def add(self, kind: str, content: Json) -> None:
        if kind not in self._allowed:
            return
        number = next(self._ids)
        json = {"update_id": number, kind: content}
        self._queue.append(Queued(number, json, self._clock.now() + KEPT))
        self._news.set()

    def add_raw(self, json: Json) -> None:
        """Under a number of its own, whatever else is in it."""
        number = next(self._ids)
        self._queue.append(Queued(number, json | {"update_id": number}, self._clock.now() + KEPT))
        self._news.set()

    @property
    def waiting(self) -> list[Json]:
        """As they will be delivered."""
        return [queued.json for queued in self._queue]

    def allow(self, kinds: Sequence[str] | None) -> None:
        """None keeps what was said before, an empty list means the default."""
        if kinds is not None:
            self._allowed = frozenset(kinds) or KINDS - ON_REQUEST

    def drop(self) -> None:
        self._queue.clear()

    # --- long polling ------------------------------------------------------------------------

    async def poll(self, offset: int, limit: int, seconds: float) -> list[Json]:
        """getUpdates. Raises 409 for the older of two pollers, and beside a webhook."""
        if self.webhook is not None:
            raise conflict(
                "can't use getUpdates method while webhook is active; use deleteWebhook to delete "
                "the webhook first"
            )
        self._confirm(offset)
        self._newest_poll += 1
        mine, until = self._newest_poll, time.monotonic() + min(seconds, LONGEST_POLL)
        self._news.set()
        while True:
            if mine != self._newest_poll:
                raise conflict(
                    "terminated by other getUpdates request; make sure that only one bot instance "
                    "is running"
                )
            left = until - time.monotonic()
            if self._queue or left <= 0:
                return [self._given(queued) for queued in self._fresh()[: limit or 100]]
            await self._news.wait(left)

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            self._queue = self._queue[offset:]
        else:
            self._queue = [queued for queued in self._queue if queued.id >= offset]

    def _fresh(self) -> list[Queued]:
        now = self._clock.now()
        self._queue = [queued for queued in self._queue if queued.until > now]
        return self._queue

    def _given(self, queued: Queued) -> Json:
        self.delivered[queued.id] = self.delivered.get(queued.id, 0) + 1
        return queued.json

    # --- webhook -----------------------------------------------------------------------------

    def set_webhook(self, url: str, secret: str) -> None:
        """An empty URL removes it."""
        if url and not url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
        self.webhook = Webhook(url, secret) if url else None
        self._news.set()

    async def push(self) -> None:
        """Post each update to the webhook, in order, until it answers with 2xx; for ever."""
        async with ClientSession() as session:
            while True:
                if self.webhook is None or not self._fresh():
                    await self._news.wait(60.0)
                elif await _posted(session, self.webhook, self._given(self._queue[0])):
                    del self._queue[0]
                    self._stirred.set()
                else:
                    await asyncio.sleep(self._clock.real(1.0))


async def _posted(session: ClientSession, webhook: Webhook, update: Json) -> bool:
    headers = {"X-Telegram-Bot-Api-Secret-Token": webhook.secret} if webhook.secret else {}
    try:
        async with session.post(
            webhook.url, json=update, headers=headers, timeout=ClientTimeout(total=60)
        ) as answer:
            return answer.ok
    except (ClientError, TimeoutError):
        return False
