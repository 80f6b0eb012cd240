"""Which updates are fetched, put together and confirmed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from telegram import Chat, Message, Update

from adapters.telegram import polling
from adapters.telegram.albums import Albums, is_cut
from adapters.telegram.polling import Poller
from bot.errors import StoreError

NOON = datetime(2026, 1, 1, tzinfo=UTC)


class Over(Exception):
    """There is nothing more to fetch."""


class Answers:
    """Telegram's to getUpdates, in order; `offsets` are what it was asked with."""

    def __init__(self, *answers: Sequence[Update]):
        self.offsets: list[int] = []
        self._answers = list(answers)

    async def get_updates(self, offset: int, **more: object) -> Sequence[Update]:
        self.offsets.append(offset)
        if not self._answers:
            raise Over
        return self._answers.pop(0)


def said(number: int, album: str | None = None, chat: int = 1) -> Update:
    message = Message(number, NOON, Chat(chat, Chat.PRIVATE), text="x", media_group_id=album)
    return Update(number, message=message)


class Polled:
    """`taken` are the messages that were taken together; those of `slow` chats never are, and the
    first `failing` can't be stored."""

    def __init__(self, *answers: Sequence[Update]):
        self.network, self.taken = Answers(*answers), list[list[int]]()
        self.slow, self.failing = set[int](), 0
        self._albums = Albums()

    async def run(self) -> None:
        poller = Poller(cast("Any", self.network), self._process, self._albums, asyncio.Event())
        with pytest.raises(ExceptionGroup) as ended:
            await poller.run()
        assert ended.group_contains(Over)

    async def _process(self, update: Update) -> None:
        assert update.message is not None
        if update.message.chat.id in self.slow:
            await asyncio.Event().wait()
        if self.failing:
            self.failing -= 1
            raise StoreError("The disk is full.")
        parts = self._albums.parts(update.message)
        self.taken.append([part.message_id for part in parts])


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "GATHERING", 0.0)
    monkeypatch.setattr(polling, "LOOK", 0.01)


async def test_the_rest_of_an_album_is_waited_for_before_anything_is_confirmed() -> None:
    parts = [said(n, album="a") for n in range(4)]
    it = Polled(parts[:1], parts[:3], parts[:4], parts[:4])
    await it.run()
    assert it.taken == [[0, 1, 2, 3]]
    assert it.network.offsets == [0, 0, 0, 0, 4]


async def test_an_album_that_something_follows_is_waited_for_no_longer() -> None:
    batch = [said(0, album="a"), said(1, album="a"), said(2)]
    it = Polled(batch)
    await it.run()
    assert it.taken == [[0, 1], [2]]
    assert it.network.offsets == [0, 3]


async def test_an_album_without_end_is_taken_as_far_as_it_has_come() -> None:
    parts = [said(n, album="a") for n in range(20)]
    it = Polled(*(parts[: n + 1] for n in range(1 + polling.ROUNDS)))
    await it.run()
    assert it.taken == [list(range(1 + polling.ROUNDS))]


async def test_albums_of_two_chats_stay_apart_though_their_numbers_are_the_same() -> None:
    batch = [said(0, "a"), said(1, "a", chat=2), said(2, "a"), said(3, "a", chat=2)]
    it = Polled(batch, batch)
    await it.run()
    assert sorted(it.taken) == [[0, 2], [1, 3]]


def test_only_what_ends_in_an_album_is_cut() -> None:
    assert not is_cut([])
    assert not is_cut([said(0, "a"), said(1)])
    assert is_cut([said(0), said(1, "a"), said(2, chat=2)])


async def test_what_takes_long_in_one_chat_holds_up_no_other_and_is_not_confirmed() -> None:
    slow, after, quick, news = said(0), said(1), said(2, chat=2), said(3, chat=2)
    first = [slow, after, quick]
    it = Polled(first, [*first, news], [*first, news])
    it.slow = {1}
    await it.run()
    assert it.taken[:2] == [[2], [3]]
    assert it.network.offsets[:3] == [0, 0, 0]


async def test_what_was_stored_behind_what_was_not_is_not_taken_twice() -> None:
    batch = [said(0), said(1), said(2, chat=2)]
    it = Polled(batch, batch)
    it.failing = 1
    await it.run()
    assert it.taken == [[2], [0], [1]]
    assert it.network.offsets == [0, 0, 3]
