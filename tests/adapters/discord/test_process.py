"""The whole bot on Discord, as a process of its own."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.testing.discord import UNLIMITED, DiscordServer, Message
from tests.adapters.discord_process import Chinwag, answers, chinwag

pytestmark = pytest.mark.slow

SLOW = {
    "tokens_per_second": 20,
    "script": [
        {"match": "think", "thinking": "let me see " * 30, "text": "Thought through."},
        {"match": "tell", "text": "Once upon a time " * 20},
        {
            "match": "code",
            "text": "Look:\n```python\n" + "print('hello')\n" * 400 + "```\nThat's it.",
        },
        {"match": "everyone", "text": "@everyone look, <@2001>!"},
        {"match": r"(?s)(.*)", "text": r"You said: \1"},
    ],
}
QUICK = SLOW | {"tokens_per_second": 0}


async def answered(server: DiscordServer, asked: Message, text: str) -> None:
    await server.until(lambda: answers(server, asked) == [text], 30)


async def test_a_conversation_in_private_and_in_a_server(tmp_path: Path) -> None:
    async with DiscordServer() as server, chinwag(server, tmp_path) as bot:
        ann = server.user("Ann", id=2001)
        general = server.guild("Home", ann).text("general")
        private = ann.says("hello")
        public = ann.says(f"{server.bot.mention} hello", general)
        ann.says("not for you", general)
        for asked in (private, public):
            await answered(server, asked, "You said: hello")
        assert len(general.by(server.bot.id)) == 1
        used = ann.uses("/help", general)
        await server.until(lambda: any("/new" in text for text in used.texts))
        assert len(general.by(server.bot.id)) == 1
        assert await bot.end() == 0


async def test_a_question_by_command_is_answered_in_its_place(tmp_path: Path) -> None:
    async with DiscordServer() as server, chinwag(server, tmp_path, engine=QUICK):
        ann = server.user("Ann", id=2001)
        general = server.guild("Home", ann).text("general")
        await server.until(server.world.commands.names)
        used = ann.uses("/ask", general, question="hello")
        await server.until(lambda: used.texts == ["You said: hello"])
        await server.until(lambda: "Regenerate" in general.shown[-1].buttons)
        again = ann.uses("/regenerate", general)
        await server.until(lambda: again.texts == ["Done."])
        await server.until(lambda: server.said(general) == ["You said: hello"])


async def test_thinking_can_be_cut_short_and_its_thoughts_shown_to_who_asks(tmp_path: Path) -> None:
    async with DiscordServer() as server, chinwag(server, tmp_path, engine=SLOW):
        ann, ben = server.user("Ann", id=2001), server.user("Ben")
        general = server.guild("Home", ann, ben).text("general")
        asked = ann.says(f"{server.bot.mention} think", general)
        await server.until(lambda: "Answer now" in general.shown[-1].buttons)
        not_his = ben.presses(general.shown[-1], "Answer now")
        await server.until(lambda: not_his.followups)
        assert "who asked" in not_his.followups[0].text
        press = ann.presses(general.shown[-1], "Answer now")
        await answered(server, asked, "Thought through.")
        assert press.answered_after is not None
        await server.until(lambda: "Show thinking" in general.shown[-1].buttons)
        shown = ann.presses(general.shown[-1], "Show thinking")
        await server.until(lambda: shown.followups)
        assert "||let" in shown.followups[0].text  # as far as it had come
        assert general.shown_to(ann)[-1].ephemeral
        assert len(general.shown) == 2


async def test_a_role_lets_in_and_who_has_it_not_is_told_so_privately(tmp_path: Path) -> None:
    async with DiscordServer() as server:
        ann, ben, carl = server.user("Ann", id=2001), server.user("Ben"), server.user("Carl")
        home = server.guild("Home", ann, ben, carl)
        general, staff = home.text("general"), home.role("Staff", to=ben)
        access = {"owner": ["discord:2001"], "allow": [f"discord:role:{staff.id}"]}
        async with chinwag(server, tmp_path, access=access):
            await answered(server, ben.says(f"{server.bot.mention} hi", general), "You said: hi")
            await server.until(server.world.commands.names)
            used = carl.uses("/ask", general, question="hi")
            await server.until(lambda: f"discord:{carl.id}" in "".join(used.texts))
            assert server.said(general) == ["You said: hi"]


async def test_a_button_works_after_a_restart(tmp_path: Path) -> None:
    async with (
        DiscordServer(rates=UNLIMITED) as server,
        chinwag(server, tmp_path, engine=QUICK) as bot,
    ):
        ann = server.user("Ann", id=2001)
        asked = ann.says("think")
        await answered(server, asked, "Thought through.")
        await server.until(lambda: "Regenerate" in ann.private.shown[-1].buttons)
        await bot.end()
        await bot.start()
        ann.presses(ann.private.shown[-1], "Regenerate")
        await server.until(lambda: "‹" in ann.private.shown[-1].buttons, 20)
        assert len(ann.private.shown) == 2


async def test_the_model_pings_nobody_and_long_code_goes_as_a_file(tmp_path: Path) -> None:
    async with DiscordServer() as server, chinwag(server, tmp_path, engine=QUICK):
        ann = server.user("Ann", id=2001)
        general = server.guild("Home", ann).text("general")
        ann.says(f"{server.bot.mention} everyone", general)
        await server.until(lambda: "@everyone" in general.transcript().split("\n")[-1])
        assert not any(message.pings for message in general.by(server.bot.id))
        ann.says("code")
        await server.until(lambda: any(m.attachments for m in ann.private.shown), 20)
        (file,) = (m.attachments[0] for m in ann.private.shown if m.attachments)
        assert file.data.count(b"print('hello')") == 400


async def test_a_refused_token_ends_the_process_with_its_own_code(tmp_path: Path) -> None:
    async with DiscordServer() as server:
        bot = Chinwag(server, tmp_path)
        wrong = f"{server.token}x"
        process = await bot.spawn(token=wrong)
        async with asyncio.timeout(30):
            assert await process.wait() == 4
        said = bot.log.read_text()
        assert "Discord refused the bot's token" in said
        assert "discord.com/developers/applications" in said
        assert wrong not in said


async def test_a_token_that_is_reset_ends_the_process_too(tmp_path: Path) -> None:
    async with DiscordServer() as server, chinwag(server, tmp_path) as bot:
        server.revoke_token()
        assert bot.process is not None
        async with asyncio.timeout(40):
            assert await bot.process.wait() == 4


async def test_what_comes_while_discord_is_away_is_answered_in_order(tmp_path: Path) -> None:
    async with DiscordServer(rates=UNLIMITED) as server, chinwag(server, tmp_path) as bot:
        ann = server.user("Ann", id=2001)
        general = server.guild("Home", ann).text("general")
        before = ann.says(f"{server.bot.mention} before", general)
        await answered(server, before, "You said: before")
        server.goes_offline()
        server.gateway.forgets()
        stale = ann.says(f"{server.bot.mention} too old", general, age=7200)
        asked = [ann.says(f"{server.bot.mention} number {n}", general) for n in range(3)]
        await bot.logged("econnect")
        server.comes_back()
        await server.until(lambda: all(answers(server, message) for message in asked), 60)
        said = ["before", *(f"number {n}" for n in range(3))]
        assert server.said(general) == [f"You said: {text}" for text in said]
        assert answers(server, stale) == []


async def test_a_killed_bot_answers_what_it_had_not_and_only_that(tmp_path: Path) -> None:
    async with DiscordServer(rates=UNLIMITED) as server, chinwag(server, tmp_path) as bot:
        ann = server.user("Ann", id=2001)
        general = server.guild("Home", ann).text("general")
        for where in (ann.private, general):
            call = "" if where.private else f"{server.bot.mention} "
            await answered(server, ann.says(f"{call}before", where), "You said: before")
        await bot.kill()
        private = ann.says("meanwhile")
        public = ann.says(f"{server.bot.mention} meanwhile", general)
        await bot.start()
        for asked in (private, public):
            await answered(server, asked, "You said: meanwhile")
        for where in (ann.private, general):
            assert server.said(where) == ["You said: before", "You said: meanwhile"]


async def test_what_was_taken_just_before_a_kill_is_not_said_again(tmp_path: Path) -> None:
    async with DiscordServer(rates=UNLIMITED) as server, chinwag(server, tmp_path) as bot:
        ann = server.user("Ann", id=2001)
        general = server.guild("Home", ann).text("general")
        server.faults.add("slow", "send_message", seconds=60.0)
        asked = ann.says(f"{server.bot.mention} hello", general)
        await server.until(lambda: answers(server, asked))
        await bot.kill()
        await bot.start()
        await answered(server, asked, "You said: hello")
        await server.until(lambda: "Regenerate" in general.shown[-1].buttons)
        assert len(general.by(server.bot.id)) == 1


async def test_a_kill_between_a_post_and_its_note_leaves_one_reply(tmp_path: Path) -> None:
    """The note waits for the database, which somebody else has locked."""
    late = {"match": "why", "delay": 1, "thinking": "let me see", "text": "Because."}
    async with (
        DiscordServer(rates=UNLIMITED) as server,
        chinwag(server, tmp_path, engine=SLOW | {"script": [late]}) as bot,
    ):
        ann = server.user("Ann", id=2001)
        general = server.guild("Home", ann).text("general")
        with closing(sqlite3.connect(tmp_path / "chinwag.db", isolation_level=None)) as database:
            asked = ann.says(f"{server.bot.mention} why?", general)
            await server.until(lambda: database.execute("SELECT id FROM buttons").fetchone())
            database.execute("BEGIN IMMEDIATE")
            await server.until(lambda: answers(server, asked))
            await bot.kill()
            database.execute("ROLLBACK")
            assert database.execute("SELECT * FROM posts").fetchall() == []
        await bot.start()
        await answered(server, asked, "Because.")
        assert server.said(general) == ["Because."]


async def test_who_removes_the_bot_ends_the_turns_there_and_no_others(tmp_path: Path) -> None:
    async with DiscordServer() as server, chinwag(server, tmp_path, engine=SLOW) as bot:
        ann = server.user("Ann", id=2001)
        home, other = server.guild("Home", ann), server.guild("Other", ann)
        general, talk = home.text("general"), other.text("talk")
        ann.says(f"{server.bot.mention} tell me something", general)
        await server.until(lambda: general.by(server.bot.id))
        home.removes_bot()
        asked = ann.says(f"{server.bot.mention} hello", talk)
        await answered(server, asked, "You said: hello")
        await bot.logged("reply not delivered")
        assert await bot.end() == 0


async def test_an_edited_question_is_answered_anew_and_a_deleted_one_not_at_all(
    tmp_path: Path,
) -> None:
    async with DiscordServer() as server, chinwag(server, tmp_path, engine=SLOW):
        ann = server.user("Ann", id=2001)
        asked = ann.says("hello")
        await answered(server, asked, "You said: hello")
        ann.edits(asked, "good-bye")
        await answered(server, asked, "You said: good-bye")
        running, waiting = ann.says("tell me something"), ann.says("and that?")
        ann.deletes(waiting)
        await server.until(lambda: ann.private.shown[-1].text.endswith("a time"), 60)
        assert answers(server, waiting) == []
        assert len(answers(server, running)) == 1


async def test_no_log_line_holds_the_token_or_that_of_an_interaction(tmp_path: Path) -> None:
    async with DiscordServer() as server, chinwag(server, tmp_path) as bot:
        ann = server.user("Ann", id=2001)
        await server.until(server.world.commands.names)
        for kind in ("status", "reset", "flood"):
            server.faults.add(kind, "send_message", code=503)
            server.faults.add(kind, "edit_followup", code=503)
        asked = ann.says("hello")
        used = ann.uses("/ask", question="hello")
        await answered(server, asked, "You said: hello")
        await server.until(lambda: "You said: hello" in used.texts, 30)
        assert await bot.end() == 0
        logged = bot.log.read_text()
        assert "discord connected" in logged
        assert server.token not in logged
        assert used.token not in logged
