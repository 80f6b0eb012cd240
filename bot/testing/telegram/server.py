"""The server: started in a test, spoken to over HTTP by a bot in this or another process."""

from __future__ import annotations

import asyncio
from typing import Self

from bot.testing.common.clock import Clock
from bot.testing.common.server import LoopbackServer
from bot.testing.telegram.chats import Chat, Kind
from bot.testing.telegram.groups import Group
from bot.testing.telegram.http import Api
from bot.testing.telegram.people import Person
from bot.testing.telegram.rates import Rates
from bot.testing.telegram.world import World

TOKEN = "4242:AAE-not-a-real-token-of-any-bot-000"  # noqa: S105 – opens this server only


class TelegramServer(LoopbackServer):
    """A strict Bot API server on loopback, and the people who use it.

        async with TelegramServer() as server:
            alice = server.person(1001, "Alice")
            alice.says("hello")

    `base_url` and `base_file_url` are what a bot is configured with, `token` what it logs in with.
    """

    def __init__(
        self,
        *,
        token: str = TOKEN,
        username: str = "chinwag_bot",
        speed: float = 1.0,
        skew: float = 0.0,
        rates: Rates | None = None,
        seed: int = 0,
        port: int = 0,
    ):
        self.world = World(token, username, Clock(speed, skew), rates or Rates())
        super().__init__(token, self.world.clock, self.world.stirred, seed=seed, port=port)
        self.api = Api(self.world, self.faults)
        self.people: dict[int, Person] = {}

    async def __aenter__(self) -> Self:
        await self._listen(self.api.app())
        self._pushing = asyncio.create_task(self.world.updates.push())
        return self

    async def __aexit__(self, *exception: object) -> None:
        self._pushing.cancel()
        await asyncio.gather(self._pushing, return_exceptions=True)
        await self._close()

    @property
    def base_url(self) -> str:
        return f"{self.url}/bot"

    @property
    def base_file_url(self) -> str:
        return f"{self.url}/file/bot"

    def person(self, id: int, name: str, *, username: str = "", language: str = "") -> Person:
        person = Person(self.world, id, name, username, language)
        self.people[id] = person
        return person

    def group(
        self, id: int, title: str, *people: Person, supergroup: bool = False, forum: bool = False
    ) -> Group:
        """The first of the people is its creator."""
        kind: Kind = "supergroup" if supergroup or forum else "group"
        chat = self.world.open(id, kind, title, [p.id for p in people])
        chat.is_forum = forum
        chat.statuses[people[0].id] = "creator"
        return Group(self.world, chat, {p.id: p for p in people})

    def said(self, chat: Chat) -> list[str]:
        """The texts of the bot's messages that are shown in this chat."""
        return [message.text for message in chat.by(self.world.bot_id)]

    def draft(self, chat: Chat) -> str | None:
        """What is shown of a reply on its way, if anything is."""
        draft = chat.draft
        return draft.body.text if draft and draft.until > self.clock.now() else None

    def revoke_token(self) -> None:
        self.world.token = f"{self.world.bot_id}:another"
