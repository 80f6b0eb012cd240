"""What people do in Discord, as the core hears of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.testing.discord import UNLIMITED, Channel, DiscordServer, Guild, Intents, Person
from bot.types import (
    Attachment,
    Deleted,
    Edited,
    Place,
    Post,
    Received,
    Role,
    UserRef,
    utcnow,
)
from tests.adapters.discord_bot import Bot, place, running

pytestmark = pytest.mark.slow


@pytest.fixture
def home(server: DiscordServer, ann: Person) -> Guild:
    return server.guild("Home", server.user("Olga"), ann)


async def test_a_direct_message_is_for_the_bot(ann: Person, bot: Bot) -> None:
    said = ann.says("hi there")
    event = await bot.got_one(Received)
    assert event.place == place(ann.private)
    assert event.message.text == "hi there"
    assert event.message.author == UserRef("discord", "2001")
    assert event.message.author.name == "Ann"
    assert event.message.id == str(said.id)
    assert event.addressed
    assert abs(utcnow() - event.message.time) < timedelta(seconds=10)


async def test_in_a_server_mentions_and_replies_are_for_the_bot_and_the_rest_is_not(
    server: DiscordServer, home: Guild, general: Channel, ann: Person, bot: Bot
) -> None:
    ref = await bot.adapter.send(place(general), Post("I am here"))
    mine = general.messages[int(ref.id)]
    ben = server.user("Ben")
    home.adds(ben)
    home.bot_role.mentionable = True
    ann.says(f"{server.bot.mention}, why?", general)
    ann.says(f"why, {server.bot.mention}?", general)
    ann.says(f"{home.bot_role.mention} why?", general)
    ann.says("because", general, reply_to=mine, pings=False)
    ann.says(f"just talking, {ben.mention}", general)
    events = [e for e in await bot.got(5) if isinstance(e, Received)]
    assert [(e.message.text, e.addressed) for e in events] == [
        ("why?", True),
        ("why, @Chinwag?", True),
        ("why?", True),
        ("because", True),
        ("just talking, @Ben", False),
    ]
    assert [e.reply_to for e in events] == ["", "", "", ref.id, ""]
    assert {e.place for e in events} == {place(general)}


async def test_bots_are_nobody_and_so_is_the_bot_itself(
    server: DiscordServer, home: Guild, general: Channel, ann: Person, bot: Bot
) -> None:
    other = server.user("Robot", bot=True)
    home.adds(other)
    other.says(f"{server.bot.mention} talk to me", general)
    await bot.adapter.send(place(general), Post(f"{server.bot.mention} hello me"))
    ann.says(f"{server.bot.mention} hi", general)
    assert (await bot.got_one(Received)).message.text == "hi"


async def test_threads_and_posts_of_a_forum_are_conversations_of_their_own(
    home: Guild, general: Channel, ann: Person, bot: Bot
) -> None:
    thread = ann.starts_thread("News", general)
    ann.says("in a thread", thread)
    post = ann.posts("Help", "in a forum", home.forum("questions"))
    first, second = (e for e in await bot.got(2) if isinstance(e, Received))
    assert first.place == place(thread)
    assert second.place == place(post.channel)
    assert second.message.text == "in a forum"
    await bot.adapter.send(first.place, Post("answer"))
    assert thread.shown[-1].text == "answer"


async def test_roles_come_with_who_has_them(
    home: Guild, general: Channel, ann: Person, bot: Bot
) -> None:
    staff = home.role("Staff", to=ann)
    ann.says("hi", general)
    author = (await bot.got_one(Received)).message.author
    assert author is not None
    assert author.roles == (str(staff.id),)


async def test_who_manages_the_server_administers_and_so_does_a_role_of_the_config(
    server: DiscordServer, home: Guild, general: Channel, ann: Person, bot: Bot
) -> None:
    manager, helper = home.role("Manager", "MANAGE_GUILD"), home.role("Helper")
    here = place(general)

    async def role(*roles: str, user: str = "2001", at: Place = here) -> Role:
        return await bot.adapter.role(UserRef("discord", user, roles=roles), at)

    ann.says("the roles are known by now", general)
    await bot.got(1)
    assert await role() is Role.USER
    assert await role(str(manager.id)) is Role.ADMIN
    assert await role(user=str(home.owner.id)) is Role.ADMIN
    assert await role(at=place(ann.private)) is Role.ADMIN
    assert await role(str(helper.id)) is Role.USER
    async with running(server, admin_roles=[str(helper.id)]) as other:
        helped = UserRef("discord", "2001", roles=(str(helper.id),))
        assert await other.adapter.role(helped, here) is Role.ADMIN


async def test_an_edit_comes_with_its_new_text_and_deletions_with_their_ids(
    general: Channel, ann: Person, bot: Bot
) -> None:
    first, *others = [ann.says(f"number {n}", general) for n in range(3)]
    ann.edits(first, "number zero")
    ann.deletes(first)
    ann.deletes(*others)
    edited, deleted, bulk = (await bot.got(6))[3:]
    assert edited == Edited(place(general), str(first.id), "number zero")
    assert deleted == Deleted(place(general), (str(first.id),))
    assert bulk == Deleted(place(general), tuple(str(message.id) for message in others))


async def test_text_documents_come_with_their_text_and_the_rest_by_name(
    ann: Person, bot: Bot
) -> None:
    ann.says("see this", files={"notes.md": "# größe".encode(), "cat.png": b"\x89PNG"})
    event = await bot.got_one(Received)
    assert event.message.text == "see this"
    assert event.message.attachments == (
        Attachment("notes.md", "text/markdown", 9, "# größe"),
        Attachment("cat.png", "image/png", 4),
    )


async def test_what_could_not_be_stored_is_tried_again_and_keeps_its_order(
    ann: Person, bot: Bot
) -> None:
    bot.inbox.failing = 2
    for number in range(3):
        ann.says(f"number {number}")
    events = [e for e in await bot.got(3) if isinstance(e, Received)]
    assert [e.message.text for e in events] == ["number 0", "number 1", "number 2"]


async def test_without_the_intent_only_what_is_meant_for_the_bot_is_heard(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with DiscordServer(rates=UNLIMITED, granted=Intents.NONE) as server:
        ann = server.user("Ann")
        general = server.guild("Home", ann).text("general")
        async with running(server) as bot:
            ann.says("not for you", general)
            ann.says(f"{server.bot.mention} but this", general)
            ann.says("and this")
            events = [e for e in await bot.got(2) if isinstance(e, Received)]
        assert {e.message.text for e in events} == {"but this", "and this"}
    said = capsys.readouterr().out
    assert "message content intent is not granted" in said
    assert f"discord.com/developers/applications/{server.bot.id}/bot" in said


# --- other contexts ------------------------------------------------------------------------------


async def test_each_question_has_its_thread_where_the_config_says_so(
    server: DiscordServer, general: Channel, ann: Person
) -> None:
    async with running(server, context="thread") as bot:
        asked = ann.says(f"{server.bot.mention} why is the sky blue?", general)
        event = await bot.got_one(Received)
        assert event.place.thread == str(asked.id)
        await bot.adapter.typing(place(general))
        await bot.adapter.send(event.place, Post("Because.", reply_to=str(asked.id)))
        assert asked.thread is not None
        assert asked.thread.name == "why is the sky blue?"
        assert [m.text for m in asked.thread.by(server.bot.id)] == ["Because."]
        ann.says("and at night?", asked.thread)
        further = (await bot.got(2))[1]
        assert isinstance(further, Received)
        assert (further.place, further.addressed) == (event.place, True)


async def test_where_it_may_open_no_thread_it_says_so_once_and_stays(
    server: DiscordServer, home: Guild, general: Channel, ann: Person
) -> None:
    home.denies("CREATE_PUBLIC_THREADS", home.bot_role, general)
    async with running(server, context="thread") as bot:
        for number in range(2):
            ann.says(f"{server.bot.mention} {number}", general)
        events = [e for e in await bot.got(2) if isinstance(e, Received)]
        assert {e.place for e in events} == {place(general)}
        await server.until(lambda: server.said(general))
        (sentence,) = server.said(general)
        assert "I lack the permission Create Public Threads" in sentence


async def test_a_chain_of_replies_is_a_conversation_and_a_new_mention_another(
    server: DiscordServer, general: Channel, ann: Person
) -> None:
    async with running(server, context="reply-chain") as bot:
        first = ann.says(f"{server.bot.mention} one", general)
        event = await bot.got_one(Received)
        ref = await bot.adapter.send(event.place, Post("answer", reply_to=str(first.id)))
        answer = general.messages[int(ref.id)]
        ann.says("and?", general, reply_to=answer)
        ann.says(f"{server.bot.mention} two", general)
        _, further, other = (e for e in await bot.got(3) if isinstance(e, Received))
        assert further.place == event.place
        assert other.place != event.place
    async with running(server, context="reply-chain") as bot:  # which remembers nothing
        server.faults.add("status", "get_message", code=503)
        ann.says("still there?", general, reply_to=answer)
        assert (await bot.got_one(Received)).place == event.place
