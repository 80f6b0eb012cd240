from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot import texts, texts_for_places
from bot.types import Attachment, Role
from tests.core.house import BEN, CHAT, eventually, open_house

pytestmark = pytest.mark.slow

OWNED: Mapping[str, Any] = {"owner": ["fake:1"], "allow": ["everyone"]}
NOTES = Attachment("notes.txt", "text/plain", 9, "What is it?")


async def test_a_question_asked_by_a_command_is_one_like_any_other(tmp_path: Path) -> None:
    async with open_house(tmp_path, respond="command") as people:
        people.say("nobody asked you")
        people.command("/ask What is it?")
        await people.see("You said: What is it?")
        history = await people.house.chat.store.history(CHAT.key, 10)
        assert [m.text for m in history] == ["What is it?", "You said: What is it?"]


async def test_a_file_is_the_question_or_goes_with_it(tmp_path: Path) -> None:
    async with open_house(tmp_path) as people:
        people.command("/ask", attachments=(NOTES,))
        await people.see("You said: What is it?")
        people.command("/ask Answer this.", attachments=(NOTES,))
        await people.see_some("You said: Answer this.\n\nThe file notes.txt:\n\nWhat is it?")


async def test_a_file_that_can_not_be_read_is_told(tmp_path: Path) -> None:
    picture = Attachment("cat.jpg", "image/jpeg", 9)
    async with open_house(tmp_path) as people:
        people.command("/ask What is this?", attachments=(picture,))
        await people.see(texts.cant_read(["cat.jpg"]))


async def test_a_question_by_a_command_waits_in_line_like_any_other(tmp_path: Path) -> None:
    slow = {"match": "slow", "delay": 60, "text": "late"}
    async with open_house(tmp_path, [slow], turns={"max_waiting": 1}) as people:
        people.say("slow")
        await eventually(lambda: people.house.lanes.busy(CHAT.key))
        people.command("/ask slow too")
        people.command("/ask one too many")
        await people.see_some(texts.TOO_MANY())


async def test_a_summary_is_a_turn_of_the_model(tmp_path: Path) -> None:
    summary = {"match": "summarise", "text": "You greeted me."}
    async with open_house(tmp_path, [summary]) as people:
        people.say("hello")
        await people.see("You said: hello")
        people.command("/summarise")
        await people.see("You said: hello", "You greeted me.")
        await eventually(lambda: not people.house.lanes.busy(CHAT.key))
        people.command("/regenerate")
        await people.see("You said: hello", "You greeted me.")


async def test_a_reply_that_was_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    text = " ".join(f"w{n}" for n in range(300))
    counted = {"match": "count", "text": text}
    async with open_house(tmp_path, [counted], tokens_per_second=300) as people:
        people.say("count")
        await people.see_some("w9 ")
        people.command("/stop")
        await people.see_some(f"*{texts.STOPPED()}*")
        people.command("/continue")
        await people.see(text)
        assert (await people.answer("/continue")).text == texts.NOTHING_TO_CONTINUE()


async def test_a_command_in_the_middle_of_a_reply_is_answered_at_once(tmp_path: Path) -> None:
    endless = {"match": "count", "text": "one two three four " * 500}
    async with open_house(tmp_path, [endless], tokens_per_second=100, access=OWNED) as people:
        people.say("count")
        await people.see_some("one two")
        people.command("/settings")
        people.command("/set seed 1")
        people.command("/context")
        people.command("/speed")
        for part in ("- `temperature` 0.7", "seed: not set → 1", "room for the answer"):
            await people.see_some(part)
        assert people.house.lanes.busy(CHAT.key)
        people.command("/stop")
        await people.see_some(f"*{texts.STOPPED()}*")


async def test_help_shows_what_each_may_use_by_role(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=OWNED) as people:
        people.command("/help")
        await people.see_some("/preset save")  # its end
        owners = "\n".join(people.network.texts(CHAT))
        assert "**For everyone**" in owners
        assert "- `/set <name> <value>` – change a setting of this place" in owners
    async with open_house(tmp_path, access=OWNED) as people:
        others = await people.answer("/help", user=BEN)
        assert others.only_for == BEN
        assert "- `/settings [show] [name]` – " in others.text
        assert "/set " not in others.text
        assert texts_for_places.for_role(Role.ADMIN) not in others.text
        assert "/persona list" in others.text
        assert "/persona [use]" not in others.text


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/sopt", "There is no command /sopt: did you mean /stop?"),
        ("/qqqqq", "There is no command /qqqqq: see /help."),
        ("/server", "After /server comes one of set, unset, undo, redo."),
        ("/settings histroy", "After /settings comes one of show, history."),
        ("/persona", "name is missing: /persona use <name>"),
        ("/new york", "'york' is more than it takes: /new"),
        ("/export pdf", "format is one of markdown, json."),
        ("/history 51", "count is a whole number from 1 to 50, not '51'."),
        ("/history ²", "count is a whole number from 1 to 50, not '²'."),
        ("/think opne", "mode can't be 'opne': did you mean open?"),
    ],
)
async def test_what_is_wrong_with_a_command_is_told_in_one_sentence(
    tmp_path: Path, line: str, sentence: str
) -> None:
    async with open_house(tmp_path, access=OWNED) as people:
        post = await people.answer(line)
        assert post.text == sentence


async def test_an_unknown_command_of_4000_characters_is_answered_shortly(tmp_path: Path) -> None:
    async with open_house(tmp_path) as people:
        assert len((await people.answer("/" + "x" * 4000)).text) < 100
