"""The whole bot on Telegram, as a process of its own."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import pytest

from bot.testing.telegram import UNLIMITED, Message, TelegramServer
from tests.adapters.telegram_process import Chinwag, answers, chinwag

pytestmark = pytest.mark.slow

SLOW = {
    "tokens_per_second": 20,
    "script": [
        {"match": "think", "thinking": "let me see " * 30, "text": "Thought through."},
        {"match": "tell", "text": "Once upon a time " * 20},
        {"match": r"(?s)(.*)", "text": r"You said: \1"},
    ],
}


def has_answer(server: TelegramServer, asked: Message, text: str) -> bool:
    return answers(server, asked) == [text]


async def test_a_conversation_in_private_and_in_a_group(tmp_path: Path) -> None:
    async with TelegramServer() as server, chinwag(server, tmp_path) as bot:
        ann = server.person(1001, "Ann")
        group = server.group(-5, "G", ann)
        private = ann.says("hello")
        public = ann.says("@chinwag_bot hello", group.chat)
        ann.says("not for you", group.chat)
        for asked in (private, public):
            await server.until(partial(has_answer, server, asked, "You said: hello"))
        ann.says("/help")
        await server.until(lambda: "/new" in server.said(ann.private)[-1])
        assert len(group.chat.by(server.world.bot_id)) == 1
        assert await bot.end() == 0


async def test_an_answer_streams_as_a_draft_and_thoughts_can_be_cut_short(tmp_path: Path) -> None:
    async with TelegramServer() as server, chinwag(server, tmp_path, engine=SLOW):
        ann = server.person(1001, "Ann")
        told = ann.says("tell me something")
        await server.until(lambda: answers(server, told), 30)
        assert len(ann.private.drafts) > 2
        assert all(told.startswith("Once") for told in ann.private.drafts)
        thought = ann.says("think")
        await server.until(lambda: "Answer now" in ann.private.shown[-1].buttons)
        press = ann.presses(ann.private.shown[-1], "Answer now")
        await server.until(lambda: answers(server, thought) == ["Thought through."])
        assert press.answered_after is not None
        assert server.world.floods.refused == 0


async def test_a_refused_token_ends_the_process_with_its_own_code(tmp_path: Path) -> None:
    async with TelegramServer() as server:
        bot = Chinwag(server, tmp_path)
        process = await bot.spawn(token=f"{server.token}x")
        async with asyncio.timeout(30):
            assert await process.wait() == 4
        said = bot.log.read_text()
        assert "Telegram refused the bot's token" in said
        assert "@BotFather" in said
        assert server.token not in said


async def test_a_token_that_is_revoked_ends_the_process_too(tmp_path: Path) -> None:
    async with TelegramServer() as server, chinwag(server, tmp_path) as bot:
        server.person(1001, "Ann").says("hello")
        await server.until(lambda: server.people[1001].private.by(server.world.bot_id))
        server.revoke_token()
        server.people[1001].says("still there?")
        assert bot.process is not None
        async with asyncio.timeout(40):
            assert await bot.process.wait() == 4


async def test_a_second_instance_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    async with (
        TelegramServer() as server,
        chinwag(server, tmp_path / "a") as first,
        chinwag(server, tmp_path / "b"),
    ):
        await first.logged("another instance of this bot is running")


async def test_what_comes_while_the_network_is_away_is_answered_in_order(tmp_path: Path) -> None:
    async with TelegramServer() as server, chinwag(server, tmp_path):
        ann = server.person(1001, "Ann")
        polls = server.api.calls["getUpdates"]
        server.faults.offline = True
        stale = ann.says("too old", age=7200)
        asked = [ann.says(f"number {n}") for n in range(3)]
        await server.until(lambda: server.api.calls["getUpdates"] > polls + 1, 60)
        server.faults.clear()
        await server.until(lambda: all(answers(server, message) for message in asked), 30)
        assert server.said(ann.private) == [f"You said: number {n}" for n in range(3)]
        assert answers(server, stale) == []


async def test_who_blocks_the_bot_ends_his_turn_and_nobody_elses(tmp_path: Path) -> None:
    async with TelegramServer() as server, chinwag(server, tmp_path, engine=SLOW) as bot:
        ann, ben = server.person(1001, "Ann"), server.person(1002, "Ben")
        ann.says("tell me something")
        await server.until(lambda: ann.private.drafts)
        ann.blocks()
        asked = ben.says("hello")
        await server.until(lambda: answers(server, asked))
        await bot.logged('"why": "Forbidden"')
        assert await bot.end() == 0


async def test_a_killed_bot_answers_what_it_had_not_and_only_that(tmp_path: Path) -> None:
    async with TelegramServer(rates=UNLIMITED) as server, chinwag(server, tmp_path) as bot:
        ann = server.person(1001, "Ann")
        before = ann.says("before")
        await server.until(lambda: answers(server, before))
        await bot.logged("turn ended")
        await bot.kill()
        meanwhile = ann.says("meanwhile")
        await bot.start()
        await server.until(lambda: answers(server, meanwhile))
        assert server.said(ann.private) == ["You said: before", "You said: meanwhile"]


async def test_a_document_is_read_and_a_voice_note_is_named(tmp_path: Path) -> None:
    async with TelegramServer() as server, chinwag(server, tmp_path):
        ann = server.person(1001, "Ann")
        asked = ann.sends_file("a.txt", b"forty-two", caption="read this")
        answer = "You said: read this\n\nThe file a.txt:\n\nforty-two"
        await server.until(lambda: has_answer(server, asked, answer))
        spoken = ann.sends_file("", b"OggS", "audio/ogg", kind="voice")
        sentence = "I can't read voice message.ogg: only texts, and PDFs that hold text."
        await server.until(lambda: has_answer(server, spoken, sentence))


async def test_no_log_line_holds_the_token(tmp_path: Path) -> None:
    async with TelegramServer() as server, chinwag(server, tmp_path) as bot:
        ann = server.person(1001, "Ann")
        ann.sends_file("a.txt", b"text", caption="read this")
        for kind in ("status", "reset", "flood"):
            server.faults.add(kind, "sendMessage")
            server.faults.add(kind, "getUpdates")
        asked = ann.says("hello")
        await server.until(lambda: answers(server, asked), 30)
        assert await bot.end() == 0
        logged = bot.log.read_text()
        assert "telegram connected" in logged
        assert server.token.partition(":")[2] not in logged
