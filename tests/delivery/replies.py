"""What the tests of replies share."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import count

from bot.delivery.draft import Delivered, Draft
from bot.delivery.presenter import Presenter
from bot.delivery.view import ReplyView
from bot.testing import FakeNetwork
from bot.types import Button, Message, Place, Post, Turn, TurnState

PLACE = Place("fake", "room")
PRIVATE = Place("fake", "dm", private=True)
STOP, AGAIN = Button("Stop", "stop"), Button("Regenerate", "again")
STORY = " ".join(f"word{n}" for n in range(1200))
_numbers = count(1)
DONE = Draft(TurnState.DONE, "Because.", buttons=(AGAIN,))


def turn(place: Place = PLACE) -> Turn:
    return Turn(next(_numbers), place.key, place, Message("user", "why?", id="77"))


async def stream(view: ReplyView, text: str, tokens_per_second: float = 20.0) -> None:
    """A word a token."""
    said = ""
    for word in text.split(" "):
        said += word if not said else f" {word}"
        view.show(Draft(TurnState.ANSWERING, said))
        await asyncio.sleep(1 / tokens_per_second)


async def answered(network: FakeNetwork, text: str, place: Place = PLACE) -> Delivered:
    async with Presenter(network).reply(turn(place), "line") as view:
        await stream(view, text)
        return await view.finish(replace(DONE, text=text))


def said(posts: list[Post]) -> str:
    return " ".join(post.text for post in posts)
