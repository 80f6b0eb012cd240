"""What people do in Telegram, as the core hears of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.testing.telegram import Chat, TelegramServer
from bot.types import (
    Attachment,
    Button,
    Edited,
    Invoked,
    Moved,
    Place,
    Post,
    Pressed,
    Received,
    Role,
    UserRef,
    utcnow,
)
from tests.adapters.telegram_bot import COMMANDS, Bot, running

pytestmark = pytest.mark.slow


def place(chat: Chat, thread: str = "") -> Place:
    return Place("telegram", str(chat.id), thread, private=chat.private)


async def test_a_private_message_is_for_the_bot(server: TelegramServer, bot: Bot) -> None:
    ann = server.person(1001, "Ann")
    said = ann.says("hi there")
    (event,) = await bot.got(1)
    assert isinstance(event, Received)
    assert event.place == place(ann.private)
    assert event.message.text == "hi there"
    assert event.message.author == UserRef("telegram", "1001")
    assert event.message.author.name == "Ann"
    assert event.message.id == str(said.id)
    assert event.addressed
    assert abs(utcnow() - event.message.time) < timedelta(seconds=10)


async def test_in_a_group_mentions_and_replies_are_for_the_bot_and_the_rest_is_not(
    server: TelegramServer, bot: Bot
) -> None:
    ann = server.person(1001, "Ann")
    server.world.privacy = False
    group = server.group(-5, "G", ann).chat
    ref = await bot.adapter.send(place(group), Post("I am here"))
    mine = group.messages[int(ref.id)]
    ann.says("@chinwag_bot, why?", group)
    ann.says("why, @Chinwag_Bot?", group)
    ann.says("because", group, reply_to=mine)
    ann.says("just talking, @chinwag_bot2", group)
    events = [e for e in await bot.got(4) if isinstance(e, Received)]
    assert [(e.message.text, e.addressed) for e in events] == [
        ("why?", True),
        ("why, @Chinwag_Bot?", True),
        ("because", True),
        ("just talking, @chinwag_bot2", False),
    ]
    assert [e.reply_to for e in events] == ["", "", ref.id, ""]


async def test_a_topic_is_a_conversation_of_its_own(server: TelegramServer, bot: Bot) -> None:
    ann = server.person(1001, "Ann")
    group = server.group(-1005, "F", ann, forum=True)
    server.world.privacy = False
    news = group.topic("News", ann)
    ann.says("in a topic", group.chat, thread=news)
    ann.says("in general", group.chat)
    topic, general = await bot.got(2)
    assert isinstance(topic, Received)
    assert isinstance(general, Received)
    assert topic.place == place(group.chat, str(news))
    assert (topic.addressed, topic.reply_to) == (False, "")
    assert general.place == place(group.chat)
    await bot.adapter.send(topic.place, Post("answer"))
    assert group.chat.shown[-1].thread == news


async def test_commands_are_told_from_text_and_other_bots_commands_are_left_alone(
    server: TelegramServer, bot: Bot
) -> None:
    ann = server.person(1001, "Ann")
    group = server.group(-5, "G", ann).chat
    ann.says("/help@Chinwag_Bot me out", group)
    ann.says("/help", group)
    ann.says("/ban somebody", group)
    ann.says("/HELP", ann.private)
    ann.says("/nonsense", ann.private)
    ann.says("/start", ann.private)
    ann.says("/start 7VBX-WRQ9-GMXM", ann.private)
    events = [e for e in await bot.got(6) if isinstance(e, Invoked)]
    assert sorted((e.place.chat, e.command, e.arguments) for e in events) == [
        ("-5", "help", ""),
        ("-5", "help", "me out"),
        ("1001", "help", ""),
        ("1001", "help", ""),
        ("1001", "nonsense", ""),
        ("1001", "pair", "7VBX-WRQ9-GMXM"),
    ]
    assert len({(e.place.chat, e.id) for e in events}) == 6


async def test_a_document_comes_along_with_the_command_in_its_caption(
    server: TelegramServer, bot: Bot
) -> None:
    ann = server.person(1001, "Ann")
    ann.sends_file("pirate.txt", b"Arr.", "text/plain", caption="/help me")
    [event] = await bot.got(1)
    assert isinstance(event, Invoked)
    assert (event.command, event.arguments) == ("help", "me")
    assert [(file.name, file.text) for file in event.attachments] == [("pirate.txt", "Arr.")]


async def test_a_command_that_replies_to_somebody_is_about_them(
    server: TelegramServer, bot: Bot
) -> None:
    ann, ben = server.person(1001, "Ann"), server.person(1002, "Ben")
    group = server.group(-5, "G", ann, ben).chat
    said = ben.says("let me in", group)
    ann.says("/help@Chinwag_Bot", group, reply_to=said)
    ann.says("/help@Chinwag_Bot", group)
    events = [e for e in await bot.got(2) if isinstance(e, Invoked)]
    assert [event.about for event in events] == [UserRef("telegram", "1002"), None]


async def test_an_edit_comes_with_its_new_text(server: TelegramServer, bot: Bot) -> None:
    ann = server.person(1001, "Ann")
    said = ann.says("hi")
    ann.edits(said, "hi!")
    _, event = await bot.got(2)
    assert event == Edited(place(ann.private), str(said.id), "hi!")


async def test_a_pressed_button_stops_spinning_before_anything_is_done(
    server: TelegramServer, bot: Bot
) -> None:
    ann = server.person(1001, "Ann")
    ann.says("hi")
    post = Post("a", buttons=(Button("Stop", "key-1"),))
    ref = await bot.adapter.send(place(ann.private), post)
    press = ann.presses(ann.private.shown[-1], "Stop")
    _, event = await bot.got(2)
    assert event == Pressed(ref.place, UserRef("telegram", "1001"), "key-1", ref, press.id)
    assert press.answered_after is not None


async def test_a_group_that_becomes_a_supergroup_moves(server: TelegramServer, bot: Bot) -> None:
    ann = server.person(1001, "Ann")
    group = server.group(-5, "G", ann)
    old = place(group.chat)
    group.becomes_supergroup(-1005)
    events = await bot.got(2)
    assert set(events) == {Moved("telegram", "-5", "-1005")}
    await bot.adapter.send(old, Post("still here"))
    assert server.said(group.chat) == ["still here"]


async def test_text_documents_come_with_their_text_and_the_rest_by_name(
    server: TelegramServer, bot: Bot
) -> None:
    ann = server.person(1001, "Ann")
    ann.sends_file("notes.md", "# größe".encode(), "text/markdown", caption="see this")
    ann.sends_file("old.txt", "größe".encode("cp1252"), "text/plain")
    ann.sends_file("big.log", b"x", "text/plain", size=5_000_001)
    ann.sends_file("", b"\xff\xd8", "image/jpeg", kind="photo", caption="a cat")
    ann.sends_file("", b"OggS", "audio/ogg", kind="voice")
    ann.sends_file("tool.exe", b"MZ\0", "application/x-msdownload")
    events = [e for e in await bot.got(6) if isinstance(e, Received)]
    assert [(e.message.text, *e.message.attachments) for e in events] == [
        ("see this", Attachment("notes.md", "text/markdown", 9, "# größe")),
        ("", Attachment("old.txt", "text/plain", 5, "größe")),
        ("", Attachment("big.log", "text/plain", 5_000_001)),
        ("a cat", Attachment("photo.jpg", "image/jpeg", 2)),
        ("", Attachment("voice message.ogg", "audio/ogg", 4)),
        ("", Attachment("tool.exe", "application/x-msdownload", 3)),
    ]


async def test_what_was_sent_at_once_is_one_question(server: TelegramServer, bot: Bot) -> None:
    ann, ben = server.person(1001, "Ann"), server.person(1002, "Ben")
    first = ann.sends_file("a.txt", b"one", caption="compare", album="7")
    ben.says("meanwhile")
    ann.sends_file("b.txt", b"two", album="7")
    ann.says("and then?")
    events = [e for e in await bot.got(3) if isinstance(e, Received)]
    album, after = (e.message for e in events if e.place == place(ann.private))
    assert (album.id, album.text, after.text) == (str(first.id), "compare", "and then?")
    assert [(file.name, file.text) for file in album.attachments] == [
        ("a.txt", "one"),
        ("b.txt", "two"),
    ]


async def test_an_album_that_could_not_be_stored_comes_again_as_a_whole(
    server: TelegramServer, bot: Bot
) -> None:
    bot.inbox.failing = 1
    ann = server.person(1001, "Ann")
    for name in ("a.png", "b.png", "c.png"):
        ann.sends_file(name, b"x", "image/png", album="7")
    (event,) = await bot.got(1)
    assert isinstance(event, Received)
    assert [file.name for file in event.message.attachments] == ["a.png", "b.png", "c.png"]


async def test_a_pdf_comes_with_its_text_and_a_broken_one_by_name(
    server: TelegramServer, bot: Bot
) -> None:
    ann = server.person(1001, "Ann")
    ann.sends_file("a.pdf", pdf("Hello from a page"), "application/pdf")
    ann.sends_file("b.pdf", b"%PDF-1.7 broken", "application/pdf")
    good, broken = (e for e in await bot.got(2) if isinstance(e, Received))
    assert (good.message.attachments[0].text or "").strip() == "Hello from a page"
    assert broken.message.attachments[0].text is None


async def test_a_download_that_takes_too_long_is_given_up(server: TelegramServer) -> None:
    async with running(server, file_seconds=0.2) as bot:
        server.faults.add("hang", "download")
        server.person(1001, "Ann").sends_file("a.txt", b"text")
        (event,) = await bot.got(1)
    assert isinstance(event, Received)
    assert event.message.attachments == (Attachment("a.txt", "text/plain", 4),)


async def test_a_download_that_hangs_holds_up_nobody_else(server: TelegramServer, bot: Bot) -> None:
    server.faults.add("hang", "download")
    server.person(1001, "Ann").sends_file("a.txt", b"text")
    await server.until(lambda: server.api.calls["getFile"])
    ben = server.person(1002, "Ben").says("hello")
    await server.until(lambda: bot.inbox.events)
    (event,) = bot.inbox.events
    assert isinstance(event, Received)
    assert event.message.id == str(ben.id)


async def test_administrators_are_asked_for_once_and_again_when_they_change(
    server: TelegramServer, bot: Bot
) -> None:
    ann, ben = server.person(1001, "Ann"), server.person(1002, "Ben")
    group = server.group(-5, "G", ann, ben)
    group.promotes_bot()
    here, ref = place(group.chat), UserRef("telegram", "1002")
    assert await bot.adapter.role(UserRef("telegram", "1001"), here) is Role.ADMIN
    assert await bot.adapter.role(ref, here) is Role.USER
    assert server.api.calls["getChatAdministrators"] == 1
    group.promotes(ben)
    await bot.got(0)
    assert await bot.adapter.role(ref, here) is Role.ADMIN
    assert await bot.adapter.role(ref, place(ben.private)) is Role.ADMIN


async def test_an_anonymous_administrator_speaks_as_the_group(
    server: TelegramServer, bot: Bot
) -> None:
    ann, ben = server.person(1001, "Ann"), server.person(1002, "Ben")
    group = server.group(-5, "G", ann, ben)
    group.promotes(ben, anonymous=True)
    ben.says("/set temperature 1", group.chat)
    (event,) = await bot.got(1)
    assert isinstance(event, Invoked)
    assert (event.user.id, event.user.name) == ("-5", "G")
    assert await bot.adapter.role(event.user, event.place) is Role.ADMIN


async def test_out_of_a_group_nobody_administers_it(server: TelegramServer, bot: Bot) -> None:
    ann = server.person(1001, "Ann")
    group = server.group(-5, "G", ann)
    group.kicks_bot()
    assert await bot.adapter.role(UserRef("telegram", "1001"), place(group.chat)) is Role.USER


async def test_the_menu_is_set_by_scope_and_language(server: TelegramServer) -> None:
    async with running(server):
        menus = server.world.commands
    names = {
        key: [c["command"] for c in commands]
        for key, commands in menus.items()
        if key[0] != "menu_button"
    }
    assert names == {
        ("default", ""): ["help", "pair"],
        ("default", "de"): ["help", "pair"],
        ("all_private_chats", ""): ["help", "pair", "set"],
        ("all_private_chats", "de"): ["help", "pair", "set"],
        ("all_chat_administrators", ""): ["help", "pair", "set"],
        ("all_chat_administrators", "de"): ["help", "pair", "set"],
    }
    assert menus["default", "de"][0]["description"] == "Hilfe"
    assert menus["menu_button", ""] == [{"type": "commands"}]


async def test_an_owner_gets_his_menu_once_he_has_spoken(server: TelegramServer, bot: Bot) -> None:
    bot.adapter.know_owners([UserRef("telegram", "1001")])
    await bot.adapter.publish(COMMANDS)
    assert ("chat:1001", "") not in server.world.commands
    server.person(1001, "Ann").says("hi")
    await bot.got(1)
    names = [c["command"] for c in server.world.commands["chat:1001", ""]]
    assert names == ["help", "pair", "set", "backup"]


def pdf(text: str) -> bytes:
    """One page with one line."""
    stream = f"BT /F1 24 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
            b"/Resources << /Font << /F1 5 0 R >> >> >>"
        ),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (size, len(body))
    return body + b"xref\n0 %d\n0000000000 65535 f \n%s%s" % (size, table, trailer)
