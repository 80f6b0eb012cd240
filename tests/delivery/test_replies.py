"""A reply from its first thought to its end, as people see it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.delivery.draft import ButtonSet, Draft
from bot.delivery.presenter import Presenter
from bot.testing import FakeNetwork
from bot.types import Button, Limits, PostRef, TurnState, Waiting
from tests.delivery.replies import (
    AGAIN,
    DONE,
    PLACE,
    PRIVATE,
    STOP,
    STORY,
    answered,
    said,
    stream,
    turn,
)

CANCEL = Button("Cancel", "cancel")
BUTTONS = ButtonSet(waiting=(CANCEL,), thinking=(STOP,), answering=(STOP,))


def thinking(tokens: int, reasoning: str = "hm") -> Draft:
    return Draft(TurnState.THINKING, reasoning=reasoning, reasoning_tokens=tokens)


async def test_the_thinking_line_gives_way_to_the_answer() -> None:
    network = FakeNetwork()
    async with Presenter(network).reply(turn(), "line", buttons=BUTTONS) as view:
        for token in range(1, 600):
            view.show(thinking(token))
            await asyncio.sleep(0.05)
        assert network.texts(PLACE) == ["thinking · 540 tokens · 20 tokens/s · 27 s"]
        assert network.messages(PLACE)[0].buttons == (STOP,)
        assert len(network.seen("edit")) == 9  # every three seconds
        await view.finish(DONE)
    assert network.texts(PLACE) == ["Because."]
    assert network.messages(PLACE)[0].buttons == (AGAIN,)
    assert network.errors() == []


async def test_the_line_goes_on_counting_while_no_token_comes() -> None:
    network = FakeNetwork()
    async with Presenter(network).reply(turn(), "line") as view:
        view.show(thinking(0))
        await asyncio.sleep(60)
        assert network.texts(PLACE)[0].startswith("thinking · 0 tokens · 5")


async def test_who_waits_sees_the_place_in_line_and_may_cancel() -> None:
    network = FakeNetwork()
    async with Presenter(network).reply(turn(), "line", buttons=BUTTONS) as view:
        view.show(Draft(waiting=Waiting(3, 41.0)))
        await asyncio.sleep(1)
        assert network.texts(PLACE) == ["3rd in line, about 40 s"]
        assert network.messages(PLACE)[0].buttons == (CANCEL,)
        view.show(Draft(waiting=Waiting(1, None)))
        await asyncio.sleep(4)
        assert network.texts(PLACE) == ["1st in line"]


async def test_with_thinking_off_there_is_only_a_typing_sign() -> None:
    network = FakeNetwork()
    async with Presenter(network).reply(turn(), "off") as view:
        for token in range(400):
            view.show(thinking(token))
            await asyncio.sleep(0.05)
        assert network.texts(PLACE) == []
        assert len(network.seen("typing")) == 5
        await view.finish(replace(DONE, reasoning="hm"))
    assert network.texts(PLACE) == ["Because."]


@pytest.mark.parametrize("collapsible", [True, False])
async def test_open_thoughts_stay_above_the_answer(collapsible: bool) -> None:
    network = FakeNetwork(limits=Limits(200, collapsible=collapsible))
    thoughts = " ".join(f"thought{n}" for n in range(100))
    async with Presenter(network).reply(turn(), "open", buttons=BUTTONS) as view:
        view.show(thinking(100, thoughts))
        await asyncio.sleep(10)
        post = network.messages(PLACE)[0]
        assert (post.collapsible if collapsible else post.text).endswith("thought99")
        await view.finish(replace(DONE, reasoning=thoughts, reasoning_tokens=100))
    line, answer = network.messages(PLACE)
    assert line.text.startswith("thought · 100 tokens")
    assert (line.buttons, answer.text, answer.buttons) == ((), "Because.", (AGAIN,))


async def test_a_long_answer_grows_at_its_end_only() -> None:
    network = FakeNetwork()
    async with Presenter(network).reply(turn(), "line", buttons=BUTTONS) as view:
        await stream(view, STORY)
        await view.finish(replace(DONE, text=STORY))
    posts = network.messages(PLACE)
    assert said(posts) == STORY
    assert [post.buttons for post in posts] == [()] * (len(posts) - 1) + [(AGAIN,)]
    order = [int(entry.id) for entry in network.seen() if entry.act != "typing"]
    assert order == sorted(order)  # once the next is begun, a message is never touched again
    assert network.errors() == []


async def test_only_the_first_message_is_a_reply_to_the_question() -> None:
    network = FakeNetwork()
    await answered(network, STORY)
    first, *rest = network.messages(PLACE)
    assert first.reply_to == "77"
    assert {post.reply_to for post in rest} == {""}


async def test_each_sent_message_is_told_at_once() -> None:
    network, told = FakeNetwork(), []

    async def note(posts: Sequence[PostRef]) -> None:
        assert len(posts) == len(network.messages(PLACE))
        told.append(len(posts))

    async with Presenter(network).reply(turn(), "line", on_posted=note) as view:
        await view.finish(replace(DONE, text=STORY))
    assert told == list(range(1, len(network.messages(PLACE)) + 1))


async def test_the_same_text_is_never_sent_again() -> None:
    network = FakeNetwork(limits=Limits(2000, buttons=False))
    async with Presenter(network).reply(turn(), "line", buttons=BUTTONS) as view:
        for _ in range(100):
            view.show(Draft(TurnState.ANSWERING, "Because."))
            await asyncio.sleep(1)
        await view.finish(DONE)
    assert [entry.act for entry in network.log] == ["send"]


async def test_a_network_without_edits_gets_finished_pieces_only() -> None:
    network = FakeNetwork(limits=Limits(200, edit=False))
    async with Presenter(network).reply(turn(), "line", buttons=BUTTONS) as view:
        view.show(thinking(5))
        await asyncio.sleep(5)
        assert network.messages(PLACE) == []
        await stream(view, STORY[:1000])
        assert 0 < len(network.messages(PLACE)) < 8
        await view.finish(replace(DONE, text=STORY[:1000]))
    assert said(network.messages(PLACE)) == STORY[:1000]
    assert network.seen("edit") == []


async def test_drafts_stream_without_the_rates_in_private() -> None:
    edits = {}
    for place in (PRIVATE, PLACE):
        network = FakeNetwork(limits=Limits(2000, draft="private"))
        await answered(network, STORY[:800], place)
        assert network.texts(place) == [STORY[:800]]
        assert network.errors() == []
        edits[place] = len(network.seen("edit"))
    assert edits[PRIVATE] > 2 * edits[PLACE]


async def test_how_a_reply_ended_is_said_outside_of_its_code() -> None:
    network = FakeNetwork()
    async with Presenter(network).reply(turn(), "line") as view:
        await view.finish(Draft(TurnState.INTERRUPTED, "```py\nx = 1", notice="cut off"))
    assert network.texts(PLACE) == ["```py\nx = 1\n```\n\n*cut off*"]


@pytest.mark.parametrize(
    ("draft", "text"),
    [
        (Draft(TurnState.FAILED, notice="Please try again."), "Please try again."),
        (Draft(TurnState.DONE, " \n "), "The model gave no answer."),
    ],
)
async def test_a_reply_that_says_nothing_says_so(draft: Draft, text: str) -> None:
    network = FakeNetwork()
    async with Presenter(network).reply(turn(), "line") as view:
        view.show(thinking(3))
        await asyncio.sleep(1)
        await view.finish(draft)
    assert network.texts(PLACE) == [text]


async def test_a_new_answer_takes_the_old_one_s_place() -> None:
    network = FakeNetwork()
    old = await answered(network, STORY)
    assert len(old.posts) > 2
    async with Presenter(network).reply(turn(), "line", posts=old.posts) as view:
        delivered = await view.finish(DONE)
    assert delivered.posts == old.posts[:1] == tuple(network.refs(PLACE))
    assert network.texts(PLACE) == ["Because."]


async def test_the_end_is_not_kept_waiting_by_the_calm_of_the_line() -> None:
    network = FakeNetwork()
    async with Presenter(network).reply(turn(), "line") as view:
        view.show(thinking(3))
        await asyncio.sleep(0.1)
        begun = asyncio.get_running_loop().time()
        await view.finish(DONE)
        assert asyncio.get_running_loop().time() - begun < 0.1
