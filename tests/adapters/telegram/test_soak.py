"""2,000 messages in 50 chats, through floods, outages, resets and kill -9."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.testing.telegram import Chat, Message, Person, TelegramServer
from tests.adapters.soak import ENGINE, Chatter
from tests.adapters.telegram_process import Chinwag, chinwag

pytestmark = [pytest.mark.slow, pytest.mark.soak, pytest.mark.timeout(900)]

PEOPLE, GROUPS, MESSAGES = 46, 4, 2_000
IN_PRIVATE = 43
"""Messages a person sends; what is left of all is said in the groups."""
KILLS = 3
IN_THE_AIR = 2.0
"""Seconds: what was sent so shortly before a kill may be unknown to the killed process. Telegram
has no idempotency key for messages, so that nobody could tell whether they have to be said again.
"""


class TelegramChatter(Chatter):
    def __init__(self, server: TelegramServer, person: Person, chat: Chat, count: int):
        super().__init__(server, chat.id, count)
        self.person, self.chat = person, chat
        self._replies: list[Message] = []
        self._seen = 0

    @property
    def said(self) -> Counter[str]:
        new = list(self.chat.messages.values())[self._seen :]
        self._seen += len(new)
        self._replies += (m for m in new if m.sender["is_bot"])
        return Counter(m.text for m in self._replies)

    def say(self, text: str) -> None:
        call = "" if self.chat.private else "@chinwag_bot "
        self.person.says(call + text, self.chat)


class Recent:
    """Which answers appeared within the last moments."""

    def __init__(self, chatters: Sequence[Chatter]):
        self._chatters = chatters
        self._old: list[set[str]] = [set(), set()]

    def now(self) -> set[str]:
        return {text for chatter in self._chatters for text in chatter.said}

    async def watch(self) -> None:
        while True:
            await asyncio.sleep(IN_THE_AIR)
            self._old = [self._old[1], self.now()]

    def fresh(self) -> set[str]:
        return self.now() - self._old[0]


async def kills(bot: Chinwag, recent: Recent, dice: random.Random) -> set[str]:
    """Returns the answers that were in the air when the process was killed."""
    in_the_air: set[str] = set()
    for _ in range(KILLS):
        await asyncio.sleep(dice.uniform(6, 14))
        await bot.kill()
        in_the_air |= recent.fresh()
        await bot.start()
    return in_the_air


def trouble(server: TelegramServer) -> None:
    server.faults.add("flood", "sendMessage", times=None, probability=0.002)
    server.faults.add("status", times=None, probability=0.005)
    server.faults.add("status", "sendMessage", times=None, probability=0.005, code=500)
    server.faults.add("reset", times=None, probability=0.005)
    server.faults.add("lost", "getUpdates", times=None, probability=0.02)
    server.faults.add("lost", "sendChatAction", times=None, probability=0.02)


async def test_every_message_has_exactly_one_answer(tmp_path: Path) -> None:
    dice = random.Random(7)
    async with TelegramServer(seed=7) as server, chinwag(server, tmp_path, engine=ENGINE) as bot:
        people = [server.person(1001 + n, f"P{n}") for n in range(PEOPLE)]
        chatters = [TelegramChatter(server, p, p.private, IN_PRIVATE) for p in people]
        rest, crowd = MESSAGES - PEOPLE * IN_PRIVATE, people[:10]
        for number in range(GROUPS):
            chat = server.group(-100 - number, f"G{number}", *crowd).chat
            share = rest // GROUPS + (number < rest % GROUPS)
            chatters.append(TelegramChatter(server, crowd[number], chat, share))
        trouble(server)
        recent = Recent(chatters)
        watcher = asyncio.create_task(recent.watch())
        async with asyncio.TaskGroup() as group:
            killing = group.create_task(kills(bot, recent, dice))
            for chatter in chatters:
                group.create_task(chatter.ask())
        watcher.cancel()
        await asyncio.sleep(1)
        assert await bot.end() == 0
        said = sum((chatter.said for chatter in chatters), Counter[str]())
        asked = set[str]().union(*(chatter.expected for chatter in chatters))
        assert len(asked) == MESSAGES
        twice = {text for text, count in said.items() if count > 1}
        begun = said.keys() - asked
        assert asked <= said.keys()
        assert twice | begun <= killing.result()
        assert server.token.partition(":")[2] not in bot.log.read_text()
