"""What the core says, as Discord's users see it."""

from __future__ import annotations

import logging

import pytest

from bot.errors import Forbidden, Gone, RateLimited, Refused, TooLong, Unavailable
from bot.testing.common.faults import Kind
from bot.testing.discord import Channel, DiscordServer, Guild, Person
from bot.types import Button, File, Place, Post, UserRef
from tests.adapters.discord_bot import Bot, place, running

pytestmark = pytest.mark.slow

STOP = Button("Stop", "key-1")


async def test_a_post_is_a_reply_with_buttons(general: Channel, ann: Person, bot: Bot) -> None:
    asked = ann.says("why?", general)
    post = Post("**so** __it__ is", (STOP,), reply_to=str(asked.id))
    ref = await bot.adapter.send(place(general), post)
    message = general.messages[int(ref.id)]
    assert (message.text, message.buttons) == ("**so** **it** is", {"Stop": "key-1"})
    assert message.reference is asked


async def test_nobody_is_pinged(home: Guild, general: Channel, ann: Person, bot: Bot) -> None:
    home.bot_role.permissions |= home.permissions(ann)
    asked = ann.says("ping them all", general)
    text = f"@everyone @here {ann.mention} {home.everyone.mention}"
    ref = await bot.adapter.send(place(general), Post(text, reply_to=str(asked.id)))
    await bot.adapter.edit(ref, Post(f"{text}!"))
    assert not general.messages[int(ref.id)].pings


async def test_a_reply_to_what_is_gone_is_still_said(
    general: Channel, ann: Person, bot: Bot
) -> None:
    asked = ann.says("why?", general)
    ann.deletes(asked)
    await bot.adapter.send(place(general), Post("so", reply_to=str(asked.id)))
    assert general.shown[-1].text == "so"


async def test_where_it_may_not_read_back_it_answers_without_a_reference(
    home: Guild, general: Channel, ann: Person, bot: Bot
) -> None:
    home.denies("READ_MESSAGE_HISTORY", home.bot_role, general)
    asked = ann.says("why?", general)
    await bot.adapter.send(place(general), Post("so", reply_to=str(asked.id)))
    assert (general.shown[-1].text, general.shown[-1].reference) == ("so", None)


async def test_an_edit_changes_text_and_buttons_and_may_change_nothing(
    general: Channel, bot: Bot
) -> None:
    ref = await bot.adapter.send(place(general), Post("a", (STOP,), final=False))
    await bot.adapter.edit(ref, Post("b"))
    await bot.adapter.edit(ref, Post("b"))
    message = general.messages[int(ref.id)]
    assert (message.text, message.buttons) == ("b", {})


async def test_files_go_with_their_names_and_stay_with_an_edit(general: Channel, bot: Bot) -> None:
    post = Post("see this", (STOP,), (File("main.py", b"print()"), File("b.txt", b"b")))
    ref = await bot.adapter.send(place(general), post)
    await bot.adapter.edit(ref, Post("seen"))
    message = general.messages[int(ref.id)]
    assert [(a.name, a.data) for a in message.attachments] == [
        ("main.py", b"print()"),
        ("b.txt", b"b"),
    ]
    assert message.text == "seen"


async def test_thoughts_are_a_spoiler(general: Channel, bot: Bot) -> None:
    await bot.adapter.send(place(general), Post("thought", collapsible="a || b"))
    assert general.shown[-1].text == "thought\n||a ¦¦ b||"


@pytest.mark.parametrize("thoughts", ["so it goes", "so it goes " * 300])
async def test_thoughts_have_a_thread_of_their_own_where_the_config_says_so(
    server: DiscordServer, general: Channel, thoughts: str
) -> None:
    async with running(server, thoughts="thread") as bot:
        growing = Post("thinking", collapsible="so", final=False)
        ref = await bot.adapter.send(place(general), growing)
        message = general.messages[int(ref.id)]
        assert message.text == "thinking\n||so||"
        for _ in range(2):
            await bot.adapter.edit(ref, Post("thought", collapsible=thoughts))
        assert message.text == "thought"
        assert message.thread is not None
        (shown,) = [m for m in message.thread.by(server.bot.id) if m.kind == 0]
        told = [shown.text, *(a.data.decode() for a in shown.attachments)]
        assert thoughts.strip() in told


async def test_deleted_is_gone_and_gone_is_said(general: Channel, bot: Bot) -> None:
    ref = await bot.adapter.send(place(general), Post("a"))
    await bot.adapter.delete(ref)
    assert general.shown == []
    with pytest.raises(Gone):
        await bot.adapter.edit(ref, Post("b"))
    with pytest.raises(Gone):
        await bot.adapter.delete(ref)


async def test_each_refusal_has_its_name(
    server: DiscordServer, home: Guild, general: Channel, bot: Bot
) -> None:
    here = place(general)
    with pytest.raises(TooLong) as too_long:
        await bot.adapter.send(here, Post("x" * 2001))
    assert too_long.value.limit == 2000
    with pytest.raises(Refused):
        await bot.adapter.send(here, Post("a", (Button("b", "x" * 101),)))
    server.faults.add("flood", "send_message", seconds=70)
    with pytest.raises(RateLimited) as flooded:
        await bot.adapter.send(here, Post("a"))
    assert flooded.value.retry_after == 70
    server.faults.add("ban", "send_message")
    with pytest.raises(RateLimited):
        await bot.adapter.send(here, Post("a"))
    for kind in ("status", "reset"):
        server.faults.add(kind, "send_message", code=503)
        with pytest.raises(Unavailable):
            await bot.adapter.send(here, Post("a"))
    home.deletes(general)
    with pytest.raises(Gone):
        await bot.adapter.send(here, Post("a"))
    with pytest.raises(Gone):
        await bot.adapter.send(Place("discord", "77"), Post("a"))


@pytest.mark.parametrize(
    ("permission", "name"),
    [("SEND_MESSAGES", "Send Messages"), ("VIEW_CHANNEL", "View Channel")],
)
async def test_a_permission_that_is_missing_is_named(
    home: Guild, general: Channel, ann: Person, bot: Bot, permission: str, name: str
) -> None:
    home.denies(permission, home.bot_role, general)
    ann.says("so that the bot has heard of it")
    await bot.got(1)
    with pytest.raises(Forbidden, match=name):
        await bot.adapter.send(place(general), Post("a"))


async def test_a_file_that_it_may_not_attach_is_named_instead(
    home: Guild, general: Channel, ann: Person, bot: Bot
) -> None:
    home.denies("ATTACH_FILES", home.bot_role, general)
    ann.says("so that the bot has heard of it")
    await bot.got(1)
    await bot.adapter.send(place(general), Post("x.py", files=(File("x.py", b"x"),)))
    assert general.shown[-1].text == (
        "In #general I lack the permission Attach Files. So `x.py` can't be sent."
    )


async def test_timed_out_or_kicked_is_forbidden_or_gone(
    server: DiscordServer, home: Guild, general: Channel, bot: Bot
) -> None:
    home.times_out(server.bot)
    with pytest.raises(Forbidden):
        await bot.adapter.send(place(general), Post("a"))
    home.removes_bot()
    with pytest.raises((Forbidden, Gone)):
        await bot.adapter.send(place(general), Post("a"))


async def test_who_takes_no_direct_messages_is_forbidden(ann: Person, bot: Bot) -> None:
    here = place(ann.private)
    ann.blocked = True
    with pytest.raises(Forbidden):
        await bot.adapter.send(here, Post("a"))


async def test_what_is_for_one_person_goes_to_them_directly(
    general: Channel, ann: Person, bot: Bot
) -> None:
    only_ann = UserRef("discord", str(ann.id))
    ref = await bot.adapter.send(place(general), Post("psst", only_for=only_ann))
    assert ref.place == place(ann.private)
    assert general.shown == []
    assert [m.text for m in ann.private.shown] == ["psst"]


async def test_typing_is_shown(general: Channel, bot: Bot) -> None:
    await bot.adapter.typing(place(general))
    assert len(general.typing) == 1


@pytest.mark.parametrize("first", ["gro", "grown"])
@pytest.mark.parametrize("kind", ["lost", "status"])
async def test_what_is_sent_again_is_not_said_twice(
    server: DiscordServer, general: Channel, bot: Bot, kind: Kind, first: str
) -> None:
    """The answer was lost, or there was none: nobody can tell. By then the reply has grown."""
    server.faults.add(kind, "send_message", code=503)
    with pytest.raises(Unavailable):
        await bot.adapter.send(place(general), Post(first, (STOP,), final=False, key="1/0"))
    ref = await bot.adapter.send(place(general), Post("grown", key="1/0"))
    assert server.said(general) == ["grown"]
    assert general.messages[int(ref.id)].buttons == {}
    await bot.adapter.send(place(general), Post("grown", key="1/0"))
    assert server.said(general) == ["grown", "grown"]


async def test_what_was_taken_before_a_restart_and_deleted_since_is_said_once(
    server: DiscordServer, general: Channel, ann: Person, bot: Bot
) -> None:
    for key in ("1/0", "1/1"):
        await bot.adapter.send(place(general), Post("gro", key=key))
    ann.deletes(general.by(server.bot.id)[0])
    async with running(server) as other:
        for key in ("1/0", "1/1"):
            await other.adapter.send(place(general), Post(f"grown {key}", key=key))
    assert sorted(server.said(general)) == ["grown 1/0", "grown 1/1"]


async def test_the_token_is_in_no_log_line_at_any_level(
    server: DiscordServer, general: Channel, ann: Person, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with running(server) as bot:
        await bot.adapter.send(place(general), Post("a"))
        logging.getLogger().info("%r %r", bot.adapter, bot.adapter._link.known)
        server.faults.add("reset", "send_message")
        with pytest.raises(Unavailable) as failed:
            await bot.adapter.send(place(general), Post("b"))
        logging.getLogger().error("failed", exc_info=failed.value)
    assert "/messages" in caplog.text
    assert server.token not in caplog.text
