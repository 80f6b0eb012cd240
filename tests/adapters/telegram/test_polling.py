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


async def polled(*answers: Sequence[Update]) -> tuple[list[list[int]], list[int]]:
    """Which messages were taken together, and the offsets that were asked for."""
    albums, taken, network = Albums(), [], Answers(*answers)

    async def process(update: Update) -> None:
        assert update.message is not None
        taken.append([part.message_id for part in albums.parts(update.message)])

    poller = Poller(cast("Any", network), process, albums, asyncio.Event())
    with pytest.raises(Over):
        await poller.run()
    return taken, network.offsets


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "GATHERING", 0.0)


async def test_the_rest_of_an_album_is_waited_for_before_anything_is_confirmed() -> None:
    parts = [said(n, album="a") for n in range(4)]
    taken, offsets = await polled(parts[:1], parts[:3], parts[:4], parts[:4])
    assert taken == [[0, 1, 2, 3]]
    assert offsets == [0, 0, 0, 0, 4]


async def test_an_album_that_something_follows_is_waited_for_no_longer() -> None:
    batch = [said(0, album="a"), said(1, album="a"), said(2)]
    taken, offsets = await polled(batch)
    assert taken == [[0, 1], [2]]
    assert offsets == [0, 3]


async def test_an_album_without_end_is_taken_as_far_as_it_has_come() -> None:
    parts = [said(n, album="a") for n in range(20)]
    taken, _ = await polled(*(parts[: n + 1] for n in range(1 + polling.ROUNDS)))
    assert taken == [list(range(1 + polling.ROUNDS))]


async def test_albums_of_two_chats_stay_apart_though_their_numbers_are_the_same() -> None:
    batch = [said(0, "a"), said(1, "a", chat=2), said(2, "a"), said(3, "a", chat=2)]
    taken, _ = await polled(batch, batch)
    assert sorted(taken) == [[0, 2], [1, 3]]


def test_only_what_ends_in_an_album_is_cut() -> None:
    assert not is_cut([])
    assert not is_cut([said(0, "a"), said(1)])
    assert is_cut([said(0), said(1, "a"), said(2, chat=2)])
