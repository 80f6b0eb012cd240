"""The strict Discord's interactions: commands, buttons, modals, and how they may be answered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.testing.discord import (
    Callback,
    Channel,
    DiscordServer,
    Intents,
    Interaction,
    Person,
)
from tests.testing.discord.client import EVERYTHING, Rest, shard
from tests.testing.discord.commands import registered


@pytest.fixture
async def bot(server: DiscordServer) -> AsyncIterator[Rest]:
    async with registered(server) as bot:
        yield bot


async def answer(bot: Rest, used: Interaction, kind: int, data: Any = None) -> Any:
    path = f"/interactions/{used.id}/{used.token}/callback?with_response=true"
    return await bot.raw("POST", path, {"type": kind, "data": data or {}})


def hook(used: Interaction) -> str:
    return f"/webhooks/{used.bot.id}/{used.token}"


async def test_an_interaction_comes_with_all_that_is_needed_to_answer(
    server: DiscordServer, bot: Rest, ann: Person, general: Channel
) -> None:
    async with shard(server) as client:
        await client.identify(EVERYTHING)
        used = ann.uses("/ask", general, question="why")
        got = await client.event("INTERACTION_CREATE")
        assert (got["type"], got["token"], got["context"]) == (2, used.token, 0)
        assert got["data"]["options"] == [{"name": "question", "type": 3, "value": "why"}]
        assert got["member"]["user"]["id"] == "1"
        ann.uses("/ask", question="why")
        assert (await client.event("INTERACTION_CREATE"))["user"]["id"] == "1"


async def test_a_message_answers_at_once(bot: Rest, ann: Person, general: Channel) -> None:
    used = ann.uses("/ask", general, question="why")
    answered = await answer(bot, used, 4, {"content": "because"})
    assert answered.body["resource"]["message"]["content"] == "because"
    assert (used.answer, used.texts) == (Callback.MESSAGE, ["because"])
    assert (await answer(bot, used, 4, {"content": "again"})).code == 40060


async def test_after_three_seconds_it_is_unknown(
    server: DiscordServer, bot: Rest, ann: Person, general: Channel
) -> None:
    used = ann.uses("/ask", general, question="why")
    server.clock.advance(3.1)
    assert (await answer(bot, used, 5)).code == 10062
    assert used.failed
    assert await bot.refused("POST", hook(used), {"content": "x"}) == 10015


async def test_a_deferred_answer_is_fulfilled_within_fifteen_minutes(
    server: DiscordServer, bot: Rest, ann: Person, general: Channel
) -> None:
    used = ann.uses("/ask", general, question="why")
    assert (await answer(bot, used, 5)).body["interaction"]["response_message_loading"]
    assert used.original is not None
    assert used.original.loading
    server.clock.advance(800)
    await bot.call("POST", hook(used), {"content": "first"})
    assert used.texts == ["first"]
    await bot.call("POST", hook(used), {"content": "second"})
    await bot.call("PATCH", hook(used) + "/messages/@original", {"content": "edited"})
    assert used.texts == ["edited", "second"]
    second = f"{hook(used)}/messages/{used.followups[0].id}"
    await bot.call("DELETE", second)
    assert await bot.refused("GET", second) == 10008
    server.clock.advance(101)
    late = await bot.raw("POST", hook(used), {"content": "late"})
    assert (late.status, late.code) == (401, 50027)
    assert general.transcript() == "Chinwag: edited"


async def test_the_first_answer_decides_who_sees_it(
    bot: Rest, ann: Person, ben: Person, general: Channel
) -> None:
    used = ann.uses("/ask", general, question="why")
    await answer(bot, used, 5, {"flags": 64})
    await bot.call("POST", hook(used), {"content": "for you"})
    assert general.shown == []
    assert [m.text for m in general.shown_to(ann)] == ["for you"]
    assert general.shown_to(ben) == []
    assert used.original is not None
    one = f"/channels/{general.id}/messages/{used.original.id}"
    assert await bot.refused("GET", one) == 10008
    assert await bot.refused("PATCH", one, {"content": "x"}) == 10008
    await bot.call("POST", hook(used), {"content": "for all"})
    assert [m.text for m in general.shown] == ["for all"]


async def test_an_ephemeral_message_is_told_like_a_direct_one(
    server: DiscordServer, bot: Rest, ann: Person, general: Channel
) -> None:
    async with shard(server) as client:
        await client.identify(int(Intents.DIRECT_MESSAGES))
        used = ann.uses("/ask", general, question="why")
        await answer(bot, used, 4, {"content": "for you", "flags": 64})
        told = await client.event("MESSAGE_CREATE")
    assert (told["channel_id"], "guild_id" in told) == (str(general.id), False)


async def test_an_answer_has_the_limits_of_a_message(
    bot: Rest, ann: Person, general: Channel
) -> None:
    used = ann.uses("/ask", general, question="why")
    assert (await answer(bot, used, 4, {"content": "x" * 2001})).code == 50035
    assert (await answer(bot, used, 4, {"content": ""})).code == 50006
    assert (await answer(bot, used, 6)).code == 50035, "there is no message to update"
    assert (await answer(bot, used, 4, {"content": "fine"})).status == 200


async def test_an_option_is_completed(bot: Rest, ann: Person, general: Channel) -> None:
    typed = ann.completes("/ask", "model", "qw", general, question="x")
    assert typed.focused == {"name": "model", "type": 3, "value": "qw", "focused": True}
    assert (await answer(bot, typed, 4, {"content": "x"})).code == 50035
    many = [{"name": str(n), "value": str(n)} for n in range(26)]
    assert (await answer(bot, typed, 8, {"choices": many})).code == 50035
    assert (await answer(bot, typed, 8, {"choices": [{"name": "", "value": "q"}]})).code == 50035
    await answer(bot, typed, 8, {"choices": many[:1]})
    assert typed.choices == many[:1]
    with pytest.raises(ValueError, match="not completed"):
        ann.completes("/ask", "question", "x", general)


async def test_a_button_is_pressed_and_its_message_updated(
    server: DiscordServer, bot: Rest, ann: Person, ben: Person, general: Channel
) -> None:
    stop = {"type": 2, "style": 4, "custom_id": "stop:1", "label": "Stop"}
    off = {"type": 2, "style": 1, "custom_id": "off", "label": "Off", "disabled": True}
    await bot.send(general.id, "x", components=[{"type": 1, "components": [stop, off]}])
    message = general.shown[0]
    with pytest.raises(LookupError):
        ann.presses(message, "Go")
    with pytest.raises(LookupError):
        ann.presses(message, "Off")
    async with shard(server) as client:
        await client.identify()
        pressed = ann.presses(message, "Stop")
        got = await client.event("INTERACTION_CREATE")
        assert got["data"] == {"custom_id": "stop:1", "component_type": 2}
        assert got["message"]["id"] == str(message.id)
    await answer(bot, pressed, 7, {"content": "stopped", "components": []})
    assert (message.text, message.buttons) == ("stopped", {})
    message.deleted = True


async def test_a_press_may_be_acknowledged_first_and_acted_upon_later(
    bot: Rest, ann: Person, general: Channel
) -> None:
    more = {"type": 2, "style": 1, "custom_id": "more", "label": "More"}
    await bot.send(general.id, "x", components=[{"type": 1, "components": [more]}])
    pressed = ann.presses(general.shown[0], "More")
    await answer(bot, pressed, 6)
    await bot.call("PATCH", hook(pressed) + "/messages/@original", {"content": "y"})
    await bot.call("POST", hook(pressed), {"content": "for you", "flags": 64})
    assert general.shown[0].text == "y"
    assert [m.text for m in general.shown_to(ann)] == ["y", "for you"]


async def test_a_modal_is_shown_and_sent(bot: Rest, ann: Person, general: Channel) -> None:
    field = {"type": 4, "custom_id": "text", "style": 2, "max_length": 4000}
    modal = {
        "title": "System prompt",
        "custom_id": "prompt",
        "components": [{"type": 18, "label": "Text", "component": field}],
    }
    used = ann.uses("/ask", general, question="x")
    assert (await answer(bot, used, 9, modal | {"title": "x" * 46})).code == 50035
    assert (await answer(bot, used, 9, modal | {"components": []})).code == 50035
    await answer(bot, used, 9, modal)
    sent = ann.submits(used, "Be brief.")
    assert sent.data["components"][0]["component"]["value"] == "Be brief."
    assert (await answer(bot, sent, 9, modal)).code == 50035, "no modal after a modal"
    await answer(bot, sent, 4, {"content": "kept", "flags": 64})
    with pytest.raises(ValueError, match="takes"):
        ann.submits(used, "x" * 4001)


async def test_a_message_has_a_context_menu(
    bot: Rest, ann: Person, ben: Person, general: Channel
) -> None:
    said = ben.says("hard words", general)
    used = ann.uses_on("Explain this", said, general)
    assert used.data["target_id"] == str(said.id)
    assert used.data["resolved"]["messages"][str(said.id)]["content"] == "hard words"


async def test_nobody_presses_what_only_another_sees(
    bot: Rest, ann: Person, ben: Person, general: Channel
) -> None:
    used = ann.uses("/ask", general, question="why")
    stop = {"type": 2, "style": 4, "custom_id": "stop", "label": "Stop"}
    rows = [{"type": 1, "components": [stop]}]
    await answer(bot, used, 4, {"content": "x", "flags": 64, "components": rows})
    assert used.original is not None
    with pytest.raises(PermissionError):
        ben.presses(used.original, "Stop")
    ann.presses(used.original, "Stop")


async def test_answers_are_exempt_from_the_limit_over_all(
    server: DiscordServer, bot: Rest, ann: Person, general: Channel
) -> None:
    used = ann.uses("/ask", general, question="why")
    assert (await answer(bot, used, 5)).status == 200
    wrong = f"/interactions/{used.id}/wrong/callback"
    assert await bot.refused("POST", wrong, {"type": 5}) == 10062
    assert await bot.refused("POST", f"/webhooks/{used.bot.id}/wrong", {"content": "x"}) == 10015
