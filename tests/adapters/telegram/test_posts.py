"""What the core says, as Telegram's users see it."""

from __future__ import annotations

import logging

import pytest
from telegram import MessageEntity

from adapters.telegram import speech
from adapters.telegram.rendering import Rendered
from bot.errors import Forbidden, Gone, RateLimited, Refused, TooLong, Unavailable
from bot.testing.telegram import Chat, TelegramServer
from bot.types import Button, File, Place, Post, PostRef
from tests.adapters.telegram_bot import Bot, running

pytestmark = pytest.mark.slow

STOP = Button("Stop", "key-1")


@pytest.fixture
def private(server: TelegramServer) -> Chat:
    return server.person(1001, "Ann").says("hi").chat


@pytest.fixture
def group(server: TelegramServer) -> Chat:
    return server.group(-5, "G", server.person(1001, "Ann")).chat


def place(chat: Chat) -> Place:
    return Place("telegram", str(chat.id), private=chat.private)


async def test_a_post_is_a_reply_with_entities_and_buttons(private: Chat, bot: Bot) -> None:
    post = Post("**bold** 😀 `code`", (STOP,), reply_to=str(private.shown[0].id))
    ref = await bot.adapter.send(place(private), post)
    message = private.messages[int(ref.id)]
    kinds = [(e["type"], e["offset"], e["length"]) for e in message.body.entities]
    assert (message.text, kinds) == ("bold 😀 code", [("bold", 0, 4), ("code", 8, 4)])
    assert message.buttons == {"Stop": "key-1"}
    assert message.reply_to is private.shown[0]


async def test_a_reply_to_what_is_gone_is_still_said(private: Chat, bot: Bot) -> None:
    await bot.adapter.send(place(private), Post("a", reply_to="999"))
    assert private.shown[-1].reply_to is None


async def test_an_edit_changes_text_and_buttons_and_may_change_nothing(
    group: Chat, bot: Bot
) -> None:
    ref = await bot.adapter.send(place(group), Post("a", (STOP,), final=False))
    await bot.adapter.edit(ref, Post("b"))
    await bot.adapter.edit(ref, Post("b"))
    message = group.messages[int(ref.id)]
    assert (message.text, message.buttons, len(message.versions)) == ("b", {}, 1)


async def test_thoughts_are_folded(private: Chat, bot: Bot) -> None:
    await bot.adapter.send(place(private), Post("thought", collapsible="first\nsecond"))
    (entity,) = private.shown[-1].body.entities
    assert (entity["type"], private.shown[-1].text) == (
        "expandable_blockquote",
        "thought\nfirst\nsecond",
    )


async def test_a_growing_answer_is_a_draft_until_it_is_final(
    server: TelegramServer, private: Chat, bot: Bot
) -> None:
    growing = await bot.adapter.send(place(private), Post("gro", final=False))
    assert server.said(private) == []
    assert await bot.adapter.edit(growing, Post("**grow**ing", final=False)) == growing
    assert private.drafts == ["gro", "growing"]
    assert server.draft(private) == "growing"
    ref = await bot.adapter.edit(growing, Post("grown"))
    assert ref == PostRef(place(private), str(private.shown[-1].id))
    assert (server.said(private), server.draft(private)) == (["grown"], None)


async def test_a_line_with_buttons_gives_way_to_the_draft_of_the_answer(
    server: TelegramServer, private: Chat, bot: Bot
) -> None:
    line = await bot.adapter.send(place(private), Post("thinking", (STOP,), final=False))
    assert server.said(private) == ["thinking"]
    growing = await bot.adapter.edit(line, Post("answ", final=False))
    assert growing is not None
    assert (server.said(private), server.draft(private)) == ([], "answ")
    assert await bot.adapter.edit(line, Post("answe", final=False)) == growing
    await bot.adapter.edit(growing, Post("answer"))
    assert server.said(private) == ["answer"]


async def test_a_group_gets_messages_and_edits(
    server: TelegramServer, group: Chat, bot: Bot
) -> None:
    ref = await bot.adapter.send(place(group), Post("gro", final=False))
    assert await bot.adapter.edit(ref, Post("growing", final=False)) is None
    assert (server.said(group), group.drafts) == (["growing"], [])


async def test_where_the_server_knows_no_drafts_answers_grow_by_edits(
    server: TelegramServer, private: Chat
) -> None:
    server.api.unknown.add("sendMessageDraft")
    async with running(server) as bot:
        assert bot.adapter.limits.draft is False
        ref = await bot.adapter.send(place(private), Post("gro", final=False))
        await bot.adapter.edit(ref, Post("grown"))
        assert server.said(private) == ["grown"]


async def test_a_file_goes_with_its_name_and_caption(
    server: TelegramServer, private: Chat, bot: Bot
) -> None:
    file = File("main.py", b"print()", "text/x-python")
    ref = await bot.adapter.send(place(private), Post("see **this**", (STOP,), (file,)))
    message = private.messages[int(ref.id)]
    document = message.media["document"]
    assert (document["file_name"], message.text) == ("main.py", "see this")
    assert server.world.files[document["file_id"]].data == b"print()"
    assert message.buttons == {"Stop": "key-1"}
    await bot.adapter.edit(ref, Post("see this", files=(file,)))
    assert message.buttons == {}


async def test_several_files_are_a_message_each(
    server: TelegramServer, private: Chat, bot: Bot
) -> None:
    files = (File("a.md", b"a"), File("b.md", b"b"))
    await bot.adapter.send(place(private), Post("both", (STOP,), files))
    first, second = private.by(server.world.bot_id)
    assert [m.media["document"]["file_name"] for m in (first, second)] == ["a.md", "b.md"]
    assert [(m.text, m.buttons) for m in (first, second)] == [
        ("both", {}),
        ("", {"Stop": "key-1"}),
    ]


async def test_a_caption_has_a_limit_of_its_own(private: Chat, bot: Bot) -> None:
    with pytest.raises(TooLong) as too_long:
        await bot.adapter.send(place(private), Post("x" * 1025, files=(File("a", b"a"),)))
    assert too_long.value.limit == 1024


async def test_formatting_that_is_refused_is_sent_plain_and_counted(
    private: Chat, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(source: str, collapsible: str = "") -> Rendered:
        return Rendered(source, (MessageEntity("bold", 0, 99),))

    monkeypatch.setattr(speech, "render", wrong)
    await bot.adapter.send(place(private), Post("a **b**"))
    assert private.shown[-1].text == "a **b**"
    assert bot.adapter.plain_fallbacks == 1


async def test_deleted_is_gone_and_gone_is_said(
    server: TelegramServer, private: Chat, bot: Bot
) -> None:
    ref = await bot.adapter.send(place(private), Post("a"))
    await bot.adapter.delete(ref)
    assert server.said(private) == []
    with pytest.raises(Gone):
        await bot.adapter.edit(ref, Post("b"))
    with pytest.raises(Gone):
        await bot.adapter.delete(ref)


async def test_each_refusal_has_its_name(server: TelegramServer, private: Chat, bot: Bot) -> None:
    here = place(private)
    with pytest.raises(TooLong) as too_long:
        await bot.adapter.send(here, Post("x" * 4097))
    assert too_long.value.limit == 4096
    with pytest.raises(Refused):
        await bot.adapter.send(here, Post("a", (Button("b", "x" * 65),)))
    server.faults.add("flood", "sendMessage", seconds=7)
    with pytest.raises(RateLimited) as flooded:
        await bot.adapter.send(here, Post("a"))
    assert flooded.value.retry_after == 7
    for kind in ("status", "reset"):
        server.faults.add(kind, "sendMessage")
        with pytest.raises(Unavailable):
            await bot.adapter.send(here, Post("a"))
    server.people[1001].blocks()
    with pytest.raises(Forbidden, match="blocked by the user"):
        await bot.adapter.send(here, Post("a"))
    with pytest.raises(Gone):
        await bot.adapter.send(Place("telegram", "77"), Post("a"))


async def test_muted_or_kicked_is_forbidden(server: TelegramServer, bot: Bot) -> None:
    group = server.group(-7, "G", server.person(1001, "Ann"))
    group.chat.muted = True
    with pytest.raises(Forbidden):
        await bot.adapter.send(place(group.chat), Post("a"))
    group.kicks_bot()
    with pytest.raises(Forbidden):
        await bot.adapter.typing(place(group.chat))


async def test_typing_is_shown(private: Chat, bot: Bot) -> None:
    await bot.adapter.typing(place(private))
    assert private.actions == ["typing"]


async def test_the_token_is_in_no_log_line_at_any_level(
    server: TelegramServer, private: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with running(server) as bot:
        await bot.adapter.send(place(private), Post("a"))
        logging.getLogger().info("%r %r", bot.adapter._app, bot.adapter._app.bot)
        server.faults.add("reset", "sendMessage")
        with pytest.raises(Unavailable) as failed:
            await bot.adapter.send(place(private), Post("b"))
        logging.getLogger().error("failed", exc_info=failed.value)
    assert "sendMessage" in caplog.text
    assert server.token.partition(":")[2] not in caplog.text
