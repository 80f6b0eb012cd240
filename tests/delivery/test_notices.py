"""Short answers outside of replies, and thoughts on demand."""

from __future__ import annotations

import pytest

from bot import texts
from bot.delivery.presenter import Presenter
from bot.errors import Forbidden, RateLimited
from bot.testing import FakeNetwork
from bot.types import Button, Limits, Post, UserRef
from tests.delivery.replies import PLACE, STORY, said

ANN = UserRef("fake", "ann")
LONG = STORY[:3000]


async def test_a_notice_is_split_and_stays_between_two() -> None:
    network, button = FakeNetwork(), Button("OK", "ok")
    post = Post(LONG, buttons=(button,), reply_to="5", only_for=ANN)
    delivered = await Presenter(network).notice(PLACE, post)
    first, last = network.messages(PLACE)
    assert said([first, last]) == LONG
    assert (first.reply_to, last.reply_to) == ("5", "")
    assert (first.buttons, last.buttons) == ((), (button,))
    assert {first.only_for, last.only_for} == {ANN}
    assert len(delivered.posts) == 2


async def test_a_notice_waits_for_floods_and_names_what_stops_it() -> None:
    network = FakeNetwork()
    network.fail(RateLimited(60.0))
    assert (await Presenter(network).notice(PLACE, "hello")).failure is None
    assert network.texts(PLACE) == ["hello"]
    network.forbidden.add(PLACE)
    assert isinstance((await Presenter(network).notice(PLACE, "hello")).failure, Forbidden)


@pytest.mark.parametrize(
    ("limits", "text", "collapsible"),
    [
        (Limits(2000, collapsible=True), texts.THOUGHTS(), "one\n\ntwo"),
        (Limits(2000), "> one\n>\n> two", ""),
    ],
)
async def test_thoughts_are_folded_or_quoted(limits: Limits, text: str, collapsible: str) -> None:
    network = FakeNetwork(limits=limits)
    await Presenter(network).thoughts(PLACE, "\none\n\ntwo\n", only_for=ANN)
    (post,) = network.messages(PLACE)
    assert (post.text, post.collapsible, post.only_for) == (text, collapsible, ANN)


@pytest.mark.parametrize("collapsible", [True, False])
async def test_long_thoughts_go_as_a_file(collapsible: bool) -> None:
    network = FakeNetwork(limits=Limits(2000, collapsible=collapsible))
    await Presenter(network).thoughts(PLACE, LONG)
    (post,) = network.messages(PLACE)
    assert (post.files[0].name, post.files[0].data.decode()) == ("thoughts.md", LONG)


async def test_long_thoughts_are_quoted_in_pieces_where_there_are_no_files() -> None:
    network = FakeNetwork(limits=Limits(2000, files=False))
    await Presenter(network).thoughts(PLACE, LONG)
    assert all(text.startswith("> ") for text in network.texts(PLACE))
    assert " ".join(text.removeprefix("> ") for text in network.texts(PLACE)) == LONG


async def test_no_thoughts_are_said_to_be_none() -> None:
    network = FakeNetwork()
    await Presenter(network).thoughts(PLACE, " \n")
    assert network.texts(PLACE) == [texts.NO_THOUGHTS()]
