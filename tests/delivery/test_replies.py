"""A reply from its first thought to its end, as people see it."""

from __future__ import annotations

import asyncio

from bot.delivery.draft import ButtonSet, Draft
from bot.delivery.presenter import Presenter
from bot.testing import FakeNetwork
from bot.types import Button, ConversationKey, Message, Place, Turn, TurnState, Waiting

PLACE = Place("fake", "room")
STOP, AGAIN = Button("Stop", "stop"), Button("Regenerate", "again")
BUTTONS = ButtonSet(thinking=(STOP,), answering=(STOP,))


def turn(place: Place = PLACE) -> Turn:
    return Turn(1, place.key, place, Message("user", "why?", id="77"))


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_the_thinking_line_gives_way_to_the_answer() -> None:
    network = FakeNetwork()
    async with Presenter(network).reply(turn(), "line", buttons=BUTTONS) as view:
        for second in range(30):
            view.show(
                Draft(TurnState.THINKING, reasoning="hm " * second, reasoning_tokens=18 * second)
            )
            await asyncio.sleep(1)
        assert network.texts(PLACE) == ["thinking · 486 tokens · 18 tokens/s · 27 s"]
        assert network.messages(PLACE)[0].buttons == (STOP,)
        delivered = await view.finish(Draft(TurnState.DONE, "Because.", buttons=(AGAIN,)))
    assert network.texts(PLACE) == ["Because."]
    assert network.messages(PLACE)[0].buttons == (AGAIN,)
    assert delivered.posts == tuple(network.refs(PLACE))
    assert delivered.failure is None
    assert network.errors() == []
