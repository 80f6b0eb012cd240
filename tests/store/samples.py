"""People, places and what they say."""

from __future__ import annotations

from itertools import count

from bot.store import Reply, Store
from bot.types import Message, Place, Turn, TurnState, UserRef

HERE = Place("telegram", "-100", private=False)
ELSEWHERE = Place("telegram", "7", private=True)
ANN = UserRef("telegram", "1001", "Ann")
BOB = UserRef("telegram", "1002", "Bob")

_ids = count(1)


def said(text: str, author: UserRef = ANN, id: str | None = None) -> Message:
    return Message("user", text, author, str(next(_ids)) if id is None else id)


async def ask(store: Store, text: str, place: Place = HERE, author: UserRef = ANN) -> Turn:
    turn = await store.receive(place, said(text, author))
    assert turn is not None
    return turn


async def answer(store: Store, turn: Turn, text: str) -> None:
    await store.finish(turn, TurnState.DONE, Reply(text, finish="stop"))


async def spoken(store: Store, place: Place = HERE, limit: int = 50) -> list[str]:
    return [message.text for message in await store.history(place.key, limit)]
