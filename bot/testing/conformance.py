"""What every adapter must hold. An adapter package runs it against itself with pytest::

    class TestConsole(Conformance):
        @pytest.fixture
        async def network(self) -> AsyncIterator[Network]:
            ...
            yield Network(adapter, place, shown)

What an adapter's limits say that it can't do is not asked of it. With pytest-asyncio in its auto
mode; the network may be a fake, on loopback.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace

import pytest

from bot.adapter import Connects
from bot.delivery.draft import Draft
from bot.delivery.presenter import Presenter
from bot.errors import DeliveryError, Gone, TooLong
from bot.testing.subject import SECONDS, Collected, Network, need
from bot.types import (
    Button,
    CommandSpec,
    File,
    Message,
    Parameter,
    Post,
    Received,
    Role,
    Turn,
    TurnState,
    UserRef,
)

__all__ = ["Collected", "Conformance", "Network"]

TEXT = Parameter("text", "What to do")
COUNT = Parameter("count", "How often", "integer", False, minimum=1, maximum=9)
COMMANDS = (CommandSpec("help", "What I can do"), CommandSpec("do", "Do", (TEXT, COUNT)))
STORY = " ".join(f"word{number}" for number in range(600))


class Conformance:
    """Each test gets a fresh `network`, whose adapter runs meanwhile, as it does in a bot."""

    @pytest.fixture(autouse=True)
    async def inbox(self, network: Network) -> AsyncIterator[Collected]:
        inbox = Collected()
        await network.adapter.publish(COMMANDS)
        serving = asyncio.create_task(network.adapter.run(inbox))
        try:
            if isinstance(network.adapter, Connects):
                async with asyncio.timeout(SECONDS):
                    await network.adapter.connected.wait()
            yield inbox
        finally:
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving

    async def test_its_limits_make_sense(self, network: Network) -> None:
        limits = network.adapter.limits
        assert network.adapter.name == network.place.adapter
        assert limits.length >= 100
        assert limits.edit_interval >= 0
        for rate in (limits.per_place, limits.overall):
            assert rate.burst >= 1
            assert rate.seconds >= 0

    async def test_what_is_sent_is_seen(self, network: Network) -> None:
        ref = await network.adapter.send(network.place, Post("Hello, people."))
        assert ref.place == network.place
        assert ref.id
        assert await network.until_seen("Hello, people.")

    async def test_every_post_has_an_id_of_its_own(self, network: Network) -> None:
        refs = [await network.adapter.send(network.place, Post(f"No. {n}")) for n in range(3)]
        assert len({ref.id for ref in refs}) == 3

    @pytest.mark.parametrize(
        "text",
        [
            "<b>not bold</b> & so on",
            "snake_case_name and 2 * 3 * 4",
            "漢字, عربى, e\u0301, 👩‍👩‍👧, \u200b",
            "[a](b [c] (d) \\ ` ~ #",
            "a\n\n\n\nb",
            "```\nnever closed",
            "| a | b |\n|---|---|\n| 1 | 2 |",
            "> a quote\n\n1. one\n2. two",
            "@everyone @here",
        ],
    )
    async def test_no_text_is_too_odd(self, network: Network, text: str) -> None:
        await network.adapter.send(network.place, Post(text))
        assert await network.until(lambda: bool(network.shown()))

    async def test_as_much_as_its_limit_says_fits(self, network: Network) -> None:
        limits = network.adapter.limits
        text = "é" * (min(limits.length, 20_000) - 1) + "z"
        await network.adapter.send(network.place, Post(text))
        assert await network.until_seen("éz")

    async def test_more_than_its_limit_says_is_too_long(self, network: Network) -> None:
        length = network.adapter.limits.length
        need(length < 1_000_000, "limit that could be exceeded")
        with pytest.raises(TooLong) as refused:
            await network.adapter.send(network.place, Post("x" * (length + 1)))
        assert refused.value.limit <= length

    async def test_an_edit_replaces_the_text(self, network: Network) -> None:
        need(network.adapter.limits.edit, "edits")
        ref = await network.adapter.send(network.place, Post("One.", final=False))
        ref = await network.adapter.edit(ref, Post("One. Two.", final=False)) or ref
        await network.adapter.edit(ref, Post("One. Two. Three."))
        assert await network.until_seen("One. Two. Three.")
        assert [text for text in network.shown() if "One." in text][-1].count("One.") == 1

    async def test_an_edit_that_changes_nothing_is_no_failure(self, network: Network) -> None:
        need(network.adapter.limits.edit, "edits")
        ref = await network.adapter.send(network.place, Post("Same.", final=False))
        await network.adapter.edit(ref, Post("Same."))
        assert await network.until_seen("Same.")

    async def test_what_is_deleted_is_gone(self, network: Network) -> None:
        need(network.adapter.limits.delete, "deleting")
        ref = await network.adapter.send(network.place, Post("Away with it.", final=False))
        await network.adapter.delete(ref)
        assert await network.until(lambda: not network.sees("Away with it."))

    async def test_an_edit_of_what_people_removed_is_gone(self, network: Network) -> None:
        need(network.adapter.limits.edit and network.remove, "messages that people remove")
        ref = await network.adapter.send(network.place, Post("Soon removed."))
        assert network.remove is not None
        await network.remove()
        with pytest.raises(Gone):
            await network.adapter.edit(ref, Post("Still there?"))

    async def test_buttons_can_be_put_and_taken(self, network: Network) -> None:
        need(network.adapter.limits.buttons, "buttons")
        buttons = tuple(Button(f"No. {n}", "k" * 63 + str(n)) for n in range(5))
        ref = await network.adapter.send(
            network.place, Post("Choose.", buttons=buttons, final=False)
        )
        if network.adapter.limits.edit:
            await network.adapter.edit(ref, Post("Chosen."))
            assert await network.until_seen("Chosen.")

    async def test_a_file_goes_with_its_text(self, network: Network) -> None:
        need(network.adapter.limits.files, "files")
        file = File("code-1.py", b"print('hello')\n", "text/x-python")
        await network.adapter.send(network.place, Post("Look:", files=(file,)))
        assert await network.until_seen("Look:")

    async def test_thoughts_go_folded_beneath(self, network: Network) -> None:
        need(network.adapter.limits.collapsible, "folding")
        await network.adapter.send(network.place, Post("Line.", collapsible="Thoughts."))
        assert await network.until_seen("Line.")

    async def test_a_sign_of_typing_is_no_message(self, network: Network) -> None:
        before = network.shown()
        await network.adapter.typing(network.place)
        assert network.shown() == before

    async def test_it_knows_what_people_may_do(self, network: Network) -> None:
        stranger = UserRef(network.adapter.name, "987654321", "Stranger")
        assert await network.adapter.role(stranger, network.place) in set(Role)

    async def test_commands_are_published_as_often_as_asked(self, network: Network) -> None:
        await network.adapter.publish(COMMANDS)
        await network.adapter.publish(COMMANDS)

    async def test_what_people_say_arrives(self, network: Network, inbox: Collected) -> None:
        need(network.say, "way to say something")
        assert network.say is not None
        await network.say("Is anybody there?")
        async with asyncio.timeout(SECONDS):
            await inbox.came.wait()
        event = inbox.events[0]
        assert isinstance(event, Received)
        assert event.message.text == "Is anybody there?"
        assert event.place.key == network.place.key
        assert event.message.role == "user"
        assert event.message.author is not None
        assert event.message.author.adapter == network.adapter.name

    @pytest.mark.timeout(300)
    async def test_a_whole_reply_is_delivered(self, network: Network) -> None:
        """With the core's own Presenter: thinking line, growing text, pieces, end."""
        turn = Turn(1, network.place.key, network.place, Message("user", "Why?"))
        async with Presenter(network.adapter).reply(turn, "line") as view:
            view.show(Draft(TurnState.THINKING, reasoning="Hm.", reasoning_tokens=3))
            for end in range(100, len(STORY), 1000):
                view.show(Draft(TurnState.ANSWERING, STORY[:end]))
                await asyncio.sleep(0.05)
            delivered = await view.finish(Draft(TurnState.DONE, STORY))
        assert delivered.failure is None
        assert delivered.posts
        if network.adapter.limits.edit:
            assert await network.until(lambda: STORY in " ".join(" ".join(network.shown()).split()))

    async def test_failures_are_typed(self, network: Network) -> None:
        """An edit of a message that never was raises one of ours, or none at all."""
        need(network.adapter.limits.edit, "edits")
        ref = await network.adapter.send(network.place, Post("A message.", final=False))
        with suppress(DeliveryError):
            await network.adapter.edit(replace(ref, id="1"), Post("Another."))
