"""Floods, outages, lost rights and deleted messages: the reply ends well or in a named failure."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.delivery.draft import Delivered, Draft
from bot.delivery.presenter import Presenter
from bot.errors import (
    DeliveryError,
    Forbidden,
    Gone,
    RateLimited,
    Refused,
    TooLong,
    Unavailable,
)
from bot.testing import FakeNetwork, VirtualLoop
from bot.types import Limits, Place, Rate, TurnState
from tests.delivery.replies import DONE, PLACE, STORY, answered, said, stream, turn

LONG_STORY = " ".join([STORY] * 2)


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_a_network_stricter_than_it_says_teaches_the_bucket() -> None:
    network = FakeNetwork(rate=Rate(1, 4.0))
    await answered(network, LONG_STORY)
    assert said(network.messages(PLACE)) == LONG_STORY
    assert 3 * len(network.errors(RateLimited)) < len(network.seen())


async def test_a_flood_wait_of_minutes_delays_the_end_and_loses_nothing() -> None:
    network = FakeNetwork()
    async with Presenter(network).reply(turn(), "line") as view:
        await stream(view, STORY[:300])
        network.fail(RateLimited(238.0))
        begun = now()
        await view.finish(replace(DONE, text=STORY[:300]))
        assert 238.0 <= now() - begun < 240.0
    assert network.texts(PLACE) == [STORY[:300]]
    assert len(network.errors()) == 1


async def test_a_bucket_recovers_from_a_flood() -> None:
    network = FakeNetwork()
    presenter = Presenter(network)
    async with presenter.reply(turn(), "line") as view:
        network.fail(RateLimited(5.0), times=3)
        await stream(view, LONG_STORY)
    first, last = network.seen("edit")[-11], network.seen("edit")[-1]
    assert last.time - first.time == pytest.approx(10 * network.limits.edit_interval, abs=1)


async def test_many_replies_in_one_place_share_its_rate() -> None:
    network = FakeNetwork()
    presenter = Presenter(network)

    async def one() -> Delivered:
        async with presenter.reply(turn(), "line") as view:
            await stream(view, STORY[:500])
            return await view.finish(replace(DONE, text=STORY[:500]))

    delivered = await asyncio.gather(*(one() for _ in range(20)))
    assert network.errors() == []
    assert network.texts(PLACE) == [STORY[:500]] * 20
    assert all(d.failure is None for d in delivered)


async def test_an_outage_is_waited_out() -> None:
    network = FakeNetwork()
    async with Presenter(network).reply(turn(), "line") as view:
        await stream(view, STORY[:300])
        network.away = True
        asyncio.get_running_loop().call_later(300, setattr, network, "away", False)
        await view.finish(replace(DONE, text=STORY[:300]))
    assert network.texts(PLACE) == [STORY[:300]]
    assert len(network.errors(Unavailable)) < 20


async def test_only_a_finished_reply_loses_its_patience() -> None:
    network = FakeNetwork()
    loop = asyncio.get_running_loop()
    async with Presenter(network).reply(turn(), "line") as view:
        network.away = True
        await stream(view, STORY, tokens_per_second=1.5)
        assert now() > 700
        loop.call_later(300, setattr, network, "away", False)
        delivered = await view.finish(replace(DONE, text=STORY))
    assert delivered.failure is None
    assert said(network.messages(PLACE)) == STORY


async def test_an_outage_without_end_is_named_and_left_for_later() -> None:
    network = FakeNetwork()
    network.away = True
    async with Presenter(network).reply(turn(), "line") as view:
        delivered = await view.finish(DONE)
    assert isinstance(delivered.failure, Unavailable)
    assert now() > 600


async def test_what_was_taken_though_its_answer_was_lost_is_said_once() -> None:
    network = FakeNetwork()
    network.loses = 2
    await answered(network, STORY)
    assert said(network.messages(PLACE)) == STORY


async def test_a_post_that_was_taken_and_not_noted_before_a_restart_is_said_once() -> None:
    network, asked = FakeNetwork(), turn()
    for _ in range(2):
        async with Presenter(network).reply(asked, "line") as view:
            delivered = await view.finish(replace(DONE, text=STORY))
    assert said(network.messages(PLACE)) == STORY
    assert delivered.posts == tuple(network.refs(PLACE))


async def test_who_deletes_a_growing_reply_wants_no_more_of_it() -> None:
    network = FakeNetwork()
    async with Presenter(network).reply(turn(), "line") as view:
        await stream(view, STORY[:300])
        network.remove(network.refs(PLACE)[0])
        with capture_logs() as logs:
            await stream(view, STORY[:600])
            requests = len(network.log)
            await stream(view, STORY[:900])
            delivered = await view.finish(DONE)
    assert isinstance(view.failure, Gone)
    assert delivered.failure is view.failure
    assert len(network.log) == requests
    assert [entry["why"] for entry in logs] == ["Gone"]


async def test_a_message_that_went_during_a_restart_is_sent_anew() -> None:
    network = FakeNetwork()
    old = await answered(network, STORY)
    network.remove(old.posts[0])
    async with Presenter(network).reply(turn(), "line", posts=old.posts) as view:
        delivered = await view.finish(replace(DONE, text=STORY))
    assert delivered.failure is None
    assert said(network.messages(PLACE)) == STORY


async def test_a_reply_that_was_delivered_before_a_restart_is_not_told_twice() -> None:
    network = FakeNetwork()
    old = await answered(network, STORY)
    async with Presenter(network).reply(turn(), "line", posts=old.posts) as view:
        delivered = await view.finish(replace(DONE, text=STORY))
    assert delivered.posts == old.posts
    assert said(network.messages(PLACE)) == STORY


async def test_a_sign_of_typing_that_is_never_taken_holds_up_no_reply() -> None:
    class Deaf(FakeNetwork):
        async def typing(self, place: Place) -> None:
            await asyncio.Event().wait()

    network = Deaf()
    async with Presenter(network).reply(turn(), "line") as view:
        await asyncio.sleep(0.1)
        await view.finish(DONE)
    assert network.texts(PLACE) == ["Because."]
    assert now() < 10


@pytest.mark.parametrize("kind", [Gone, Forbidden])
async def test_a_place_that_is_lost_ends_the_reply(kind: type[DeliveryError]) -> None:
    network = FakeNetwork()
    {Gone: network.closed, Forbidden: network.forbidden}[kind].add(PLACE)
    async with Presenter(network).reply(turn(), "line") as view:
        await stream(view, STORY[:300])
        delivered = await view.finish(DONE)
    assert isinstance(delivered.failure, kind)
    assert len(network.errors(kind)) <= 2  # a typing sign may have been the first


async def test_half_a_text_may_be_refused_where_the_whole_is_not() -> None:
    network = FakeNetwork()
    network.refuses = lambda text: "word20" in text and "word40" not in text
    delivered = await answered(network, STORY[:500])
    assert delivered.failure is None
    assert network.texts(PLACE) == [STORY[:500]]
    assert len(network.errors(Refused)) == 1


async def test_a_text_that_is_refused_to_the_end_is_a_named_failure() -> None:
    network = FakeNetwork()
    network.refuses = lambda text: "word20" in text
    delivered = await answered(network, STORY[:500])
    assert isinstance(delivered.failure, Refused)
    assert len(network.errors(Refused)) == 2


async def test_a_post_found_too_long_is_split_smaller_once() -> None:
    network = FakeNetwork(limits=Limits(2000))
    network.longest = 1800
    delivered = await answered(network, STORY)
    assert delivered.failure is None
    assert said(network.messages(PLACE)) == STORY
    network.fail(TooLong(2000), times=2)
    delivered = await answered(network, STORY)
    assert isinstance(delivered.failure, TooLong)


FAULTS = st.sampled_from(
    [
        RateLimited(0.0),
        RateLimited(40.0),
        Unavailable("away"),
        Refused("no"),
        TooLong(2000),
        Gone("gone"),
        Forbidden("no"),
    ]
)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 400), FAULTS), max_size=8), st.integers(100, 1500))
def test_whatever_the_network_does_a_reply_is_delivered_or_named(
    faults: list[tuple[int, DeliveryError]], words: int
) -> None:
    text = " ".join(STORY.split(" ")[:words])
    network = FakeNetwork(limits=Limits(800))

    async def scenario() -> Delivered:
        loop = asyncio.get_running_loop()
        for tenths, fault in faults:
            loop.call_later(tenths / 10, network.fail, fault)
        return await asyncio.wait_for(answered(network, text), 3600)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        delivered = runner.run(scenario())
    if delivered.failure is None:
        assert said(network.messages(PLACE)) == text
        assert delivered.posts == tuple(network.refs(PLACE))
    else:
        assert type(delivered.failure) in {type(fault) for _, fault in faults}


async def test_leaving_a_reply_unfinished_leaves_the_network_as_it_is() -> None:
    network = FakeNetwork()
    async with Presenter(network).reply(turn(), "line") as view:
        await stream(view, STORY[:200])
    shown = network.texts(PLACE)
    await asyncio.sleep(60)
    assert network.texts(PLACE) == shown
    assert STORY.startswith(shown[0])


async def test_a_reply_can_not_end_while_it_is_being_made() -> None:
    async with Presenter(FakeNetwork()).reply(turn(), "line") as view:
        with pytest.raises(ValueError, match="answering"):
            await view.finish(Draft(TurnState.ANSWERING))
