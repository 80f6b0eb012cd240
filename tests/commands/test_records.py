from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot import texts, texts_for_places
from tests.core.house import ANNA, BEN, CHAT, People, eventually, open_house

OWNED: Mapping[str, Any] = {"owner": ["fake:1"], "allow": ["everyone"]}


async def said_and_answered(people: People, *said: str) -> None:
    for text in said:
        people.say(text)
        await people.see_some(f"You said: {text}")
        await eventually(lambda: not people.house.lanes.busy(CHAT.key))


async def test_the_history_shows_the_newest_messages_each_on_a_line(tmp_path: Path) -> None:
    async with open_house(tmp_path) as people:
        await said_and_answered(people, "one", "two\nlines")
        lines = (await people.answer("/history 3")).text.splitlines()
        told = [line.split(" UTC ", 1)[1] for line in lines]
        assert told == [
            "**scripted**: You said: one",
            "**Anna**: two lines",
            "**scripted**: You said: two lines",
        ]


async def test_of_an_empty_conversation_there_is_nothing_to_show(tmp_path: Path) -> None:
    async with open_house(tmp_path) as people:
        for line in ("/history", "/export", "/summarise"):
            assert (await people.answer(line)).text == texts_for_places.NOTHING_SAID()


async def test_an_archived_conversation_is_not_shown_any_more(tmp_path: Path) -> None:
    async with open_house(tmp_path) as people:
        await said_and_answered(people, "one")
        assert (await people.answer("/new")).text == texts.ARCHIVED()
        assert (await people.answer("/history")).text == texts_for_places.NOTHING_SAID()


# --- the context window --------------------------------------------------------------------------


async def context(people: People) -> list[str]:
    return (await people.answer("/context")).text.splitlines()


async def test_the_meter_counts_with_the_models_own_tokenizer(tmp_path: Path) -> None:
    """In the scripted engine a word is a token, and a message costs one more, an empty one too."""
    options = {"context_window": 1000}
    sampling = {"max_new_tokens": 200}
    async with open_house(
        tmp_path, engine_options=options, sampling=sampling, system_prompt="Be very kind."
    ) as people:
        assert await context(people) == [
            "scripted takes 1000 tokens:",
            "- system prompt and template: 5 tokens",
            "- history: 0 tokens in 0 messages",
            "- room for the answer: 200 tokens",
            "- free: 795 tokens",
        ]
        await said_and_answered(people, "one two")
        assert (await context(people))[2] == "- history: 7 tokens in 2 messages"
        record = await people.house.chat.store.last_turn(CHAT.key)
        assert record is not None
        assert record.reply.usage.prompt_tokens == 4 + 3


async def test_the_meter_tells_what_has_no_room_any_more(tmp_path: Path) -> None:
    options = {"context_window": 60}
    sampling = {"max_new_tokens": 30}
    async with open_house(
        tmp_path, engine_options=options, sampling=sampling, system_prompt="Be kind."
    ) as people:
        await said_and_answered(people, "a b c d e f", "b c d e f g", "c d e f g h")
        system, history, answer, free, left_out = (await context(people))[1:]
        assert (system, answer) == (
            "- system prompt and template: 4 tokens",
            "- room for the answer: 30 tokens",
        )
        messages = await people.house.chat.store.history(CHAT.key, 100)
        tokens = sum(1 + len(m.text.split()) for m in messages)
        kept, out = int(history.split()[2]), int(left_out.split()[-4])
        assert kept + out == tokens - 1  # the template's
        assert int(free.split()[2]) == 60 - 30 - 4 - kept >= 0


async def test_looking_at_the_meter_changes_nothing(tmp_path: Path) -> None:
    async with open_house(tmp_path, engine_options={"context_window": 60}) as people:
        await said_and_answered(people, "a b c d e f", "b c d e f g")
        assert await context(people) == await context(people)


# --- files -----------------------------------------------------------------------------------


async def test_a_conversation_leaves_as_markdown_and_as_json_for_the_caller_alone(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path) as people:
        await said_and_answered(people, "# größe")
        people.command("/export", user=BEN)
        await people.see_last("conversation.json")
        posts = people.network.messages(CHAT)[-2:]
        assert {post.only_for for post in posts} == {BEN}
        assert posts[0].text == "This conversation: 2 messages."
        markdown, data = (file for post in posts for file in post.files)
        assert (markdown.name, data.name) == ("conversation.md", "conversation.json")
        text = markdown.data.decode()
        assert text.startswith("## Anna, ")
        assert "\n\n# größe\n" in text
        content = json.loads(data.data)
        assert content["model"] == "scripted"
        first, second = content["messages"]
        assert (first["role"], first["text"]) == ("user", "# größe")
        assert first["author"] == {"id": "fake:1", "name": "Anna"}
        assert (second["role"], second["author"]) == ("assistant", None)


async def test_one_format_can_be_asked_for(tmp_path: Path) -> None:
    async with open_house(tmp_path) as people:
        await said_and_answered(people, "one")
        [file] = (await people.answer("/export JSON", user=ANNA)).files
        assert file.media_type == "application/json"
