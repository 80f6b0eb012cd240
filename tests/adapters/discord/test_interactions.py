"""Slash commands, buttons, forms and menus of messages, on both sides of the core."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import partial

import pytest

from adapters.discord import texts
from bot.testing.discord import UNLIMITED, Callback, Channel, DiscordServer, Guild, Person
from bot.types import Button, Invoked, Place, Post, Pressed, UserRef
from tests.adapters.discord_bot import Bot, place, running
from tests.adapters.kept import Notes

pytestmark = pytest.mark.slow


@pytest.fixture
async def bot(server: DiscordServer, general: Channel) -> AsyncIterator[Bot]:
    async with running(server) as bot:
        await server.until(lambda: server.world.commands.names())
        yield bot


ANN = UserRef("discord", "2001")


async def test_a_command_comes_with_its_options_told_apart(
    general: Channel, ann: Person, bot: Bot
) -> None:
    used = ann.uses("/set", general, name="temperature", value="0.4")
    event = await bot.got_one(Invoked)
    assert (event.place, event.user, event.command) == (place(general), ANN, "set")
    assert event.values == {"name": "temperature", "value": "0.4"}
    assert event.user.language == "de"
    assert used.answer is Callback.DEFERRED_MESSAGE
    assert used.answered_after is not None
    assert used.answered_after < 3


async def test_an_answer_takes_the_place_of_the_sign_that_one_is_coming(
    general: Channel, ann: Person, bot: Bot
) -> None:
    used = ann.uses("/ask", general, question="why?")
    event = await bot.got_one(Invoked)
    stop = (Button("Stop", "key"),)
    ref = await bot.adapter.send(event.place, Post("Be", stop, reply_to=event.id, final=False))
    await bot.adapter.edit(ref, Post("Because."))
    further = await bot.adapter.send(event.place, Post("And so on."))
    assert used.texts == ["Because."]
    assert general.transcript() == "Chinwag: Because.\nChinwag: And so on."
    assert used.original is not None
    assert used.original.buttons == {}
    await bot.adapter.delete(ref)
    await bot.adapter.delete(further)
    assert general.shown == []


async def test_what_is_for_the_caller_alone_is_seen_by_nobody_else(
    general: Channel, ann: Person, bot: Bot
) -> None:
    used = ann.uses("/ask", general, question="?")  # a public command, …
    event = await bot.got_one(Invoked)
    await bot.adapter.send(event.place, Post("No.", reply_to=event.id, only_for=event.user))
    assert general.shown == []
    assert [m.text for m in general.shown_to(ann)] == ["No."]
    assert used.followups[0].ephemeral


async def test_administrators_answers_are_ephemeral_and_so_are_all_their_pieces(
    general: Channel, ann: Person, bot: Bot
) -> None:
    ann.uses("/set", general, name="temperature", value="1")
    event = await bot.got_one(Invoked)
    for text in ("one", "two"):
        reply_to = event.id if text == "one" else ""
        await bot.adapter.send(event.place, Post(text, reply_to=reply_to, only_for=event.user))
    assert general.shown == []
    assert [m.text for m in general.shown_to(ann)] == ["one", "two"]


async def test_after_the_token_an_answer_is_an_ordinary_message_and_a_private_one_is_direct(
    general: Channel, ann: Person, bot: Bot
) -> None:
    bot.adapter._pending._token_life = 0.0
    ann.uses("/ask", general, question="?")
    event = await bot.got_one(Invoked)
    ref = await bot.adapter.send(event.place, Post("late", reply_to=event.id))
    await bot.adapter.edit(ref, Post("very late"))
    assert [m.text for m in general.shown if not m.loading] == ["very late"]
    await bot.adapter.send(event.place, Post("secret", reply_to=event.id, only_for=event.user))
    assert [m.text for m in ann.private.shown] == ["secret"]


async def test_a_token_that_is_over_before_its_time_costs_nothing(
    server: DiscordServer, general: Channel, ann: Person, bot: Bot
) -> None:
    ann.uses("/ask", general, question="?")
    event = await bot.got_one(Invoked)
    server.world.interactions.clear()
    await bot.adapter.send(event.place, Post("late", reply_to=event.id))
    assert "late" in [m.text for m in general.shown]


async def test_a_missing_long_text_is_asked_for_in_a_form(
    general: Channel, ann: Person, bot: Bot
) -> None:
    used = ann.uses("/set", general, name="system_prompt")
    await bot.server.until(lambda: used.modal)
    assert used.modal is not None
    assert used.modal["title"] == "/set system_prompt"
    sent = ann.submits(used, "You are a pirate.\n" * 100)
    event = await bot.got_one(Invoked)
    assert event.values == {"name": "system_prompt", "value": "You are a pirate.\n" * 100}
    assert sent.answer is Callback.DEFERRED_MESSAGE
    await bot.adapter.send(event.place, Post("Done.", reply_to=event.id, only_for=event.user))
    assert [m.text for m in general.shown_to(ann)] == ["Done."]


async def test_a_form_is_understood_after_a_restart(
    server: DiscordServer, general: Channel, ann: Person
) -> None:
    async with DiscordServer(rates=UNLIMITED, speed=5) as fast:
        ann = fast.user("Ann")
        async with running(fast):
            await fast.until(lambda: fast.world.commands.names())
            used = ann.uses("/set", name="system_prompt")
            await fast.until(lambda: used.modal)
        async with running(fast) as bot:
            ann.submits(used, "text")
            assert (await bot.got_one(Invoked)).values["value"] == "text"


async def test_values_are_completed_from_what_the_place_suggests(
    general: Channel, ann: Person, bot: Bot
) -> None:
    async def suggest(where: Place, source: str, typed: str) -> Sequence[str]:
        assert (where, source) == (place(general), "models")
        return ["QwQ", "demo", "demo-2"]

    bot.adapter.suggest_from(suggest)
    typing = ann.completes("/model", "name", "de", general)
    await bot.server.until(lambda: typing.choices)
    assert [choice["value"] for choice in typing.choices] == ["demo", "demo-2"]


async def test_a_press_is_acknowledged_and_named_once(
    general: Channel, ann: Person, bot: Bot
) -> None:
    ref = await bot.adapter.send(place(general), Post("a", buttons=(Button("Stop", "key-1"),)))
    press = ann.presses(general.shown[-1], "Stop")
    event = await bot.got_one(Pressed)
    assert event == Pressed(place(general), ANN, "key-1", ref, str(press.id))
    assert press.answer is Callback.DEFERRED_UPDATE
    await bot.adapter.send(event.place, Post("thoughts", reply_to=ref.id, only_for=event.user))
    assert [m.text for m in general.shown] == ["a"]
    assert [m.text for m in general.shown_to(ann)] == ["a", "thoughts"]


async def test_something_is_asked_about_a_message(
    server: DiscordServer, home: Guild, general: Channel, ann: Person, bot: Bot
) -> None:
    ben = server.user("Ben")
    home.adds(ben)
    said = ben.says("The moon\nis cheese.", general)
    await bot.got(1)
    used = ann.uses_on(texts.ASK, said, general)
    await bot.server.until(lambda: used.modal)
    ann.submits(used, "Is that so?")
    event = (await bot.got(2))[1]
    assert isinstance(event, Invoked)
    assert (event.command, event.place) == ("ask", place(general))
    assert event.arguments == "Is that so?\n\nBen wrote:\n> The moon\n> is cheese."


async def test_what_followed_a_message_is_to_be_summarised(
    general: Channel, ann: Person, bot: Bot
) -> None:
    said = [ann.says(f"line {number}", general) for number in range(3)]
    await bot.got(3)
    ann.uses_on(texts.SUMMARISE, said[1], general)
    event = (await bot.got(4))[3]
    assert isinstance(event, Invoked)
    assert event.arguments == texts.summary(["Ann: line 1", "Ann: line 2"])


async def test_what_can_not_be_summarised_is_said_to_who_asked(
    home: Guild, general: Channel, ann: Person, bot: Bot
) -> None:
    said = ann.says("line", general)
    await bot.got(1)
    home.denies("READ_MESSAGE_HISTORY", home.bot_role, general)
    used = ann.uses_on(texts.SUMMARISE, said, general)
    await bot.server.until(lambda: used.texts)
    await bot.server.until(lambda: texts.NOTHING_TO_READ in used.texts[0])
    assert len(bot.inbox.events) == 1


async def test_an_acknowledgement_survives_a_reset_and_a_busy_server(
    server: DiscordServer, general: Channel, ann: Person, bot: Bot
) -> None:
    for kind in ("reset", "status", "lost"):
        server.faults.add(kind, "callback", code=503)
        used = ann.uses("/help", general)
        await server.until(partial(getattr, used, "answer"))
    await bot.got(3)


async def test_who_came_too_late_is_answered_all_the_same(
    server: DiscordServer, general: Channel, ann: Person, bot: Bot
) -> None:
    server.faults.add("status", "callback", code=404)
    ann.uses("/ask", general, question="?")
    event = await bot.got_one(Invoked)
    await bot.adapter.send(event.place, Post("answer", reply_to=event.id))
    assert [m.text for m in general.shown] == ["answer"]


# --- the commands themselves ---------------------------------------------------------------------


async def test_commands_are_set_once_and_again_when_they_change(
    server: DiscordServer, ann: Person
) -> None:
    notes = Notes()
    async with DiscordServer(rates=UNLIMITED, speed=5) as fast:
        commands = fast.world.commands
        async with running(fast, notes) as bot:
            await fast.until(commands.names)
            assert texts.ASK in commands.names()
            await bot.adapter.publish(bot.adapter._menu.commands)
            assert commands.writes[None] == 1
            await bot.adapter.publish(bot.adapter._menu.commands[:1])
            assert commands.names() == ["help"]
        async with running(fast, notes) as bot:
            await fast.until(lambda: commands.writes[None] == 3)


async def test_commands_of_a_server_go_when_they_are_everywhere(ann: Person) -> None:
    notes = Notes()
    async with DiscordServer(rates=UNLIMITED, speed=5) as fast:
        guild = fast.guild("Home", fast.user("Ann"))
        commands = fast.world.commands
        async with running(fast, notes, guilds=[str(guild.id)]):
            await fast.until(lambda: commands.names(guild.id))
            assert commands.names() == []
        async with running(fast, notes):
            await fast.until(commands.names)
            await fast.until(lambda: not commands.names(guild.id))
