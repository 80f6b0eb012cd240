from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bot.engine.scripted import ScriptedConfig, ScriptedEngine
from bot.settings import here
from bot.store import SettingChange, Store
from bot.types import ModelInfo, Place, UserRef
from tests.core.house import ANNA, BEN, CHAT, People, eventually, open_house

OWNED: Mapping[str, Any] = {"owner": ["fake:1"], "allow": ["everyone"]}
THREAD = Place("fake", "general", "topic", "guild")


async def answer(people: People, line: str, user: UserRef = ANNA, place: Place = CHAT) -> str:
    return (await people.answer(line, user=user, place=place)).text


async def has_ended(store: Store) -> bool:
    record = await store.last_turn(CHAT.key)
    return record is not None and record.turn.state.ended


async def changes(people: People, place: Place = CHAT) -> list[SettingChange]:
    return await people.house.services.settings.history(place, 100)


async def test_a_setting_from_chat_holds_with_the_next_message_and_after_a_restart(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path, access=OWNED) as people:
        people.command("/set max_new_tokens 2")
        await people.see("max_new_tokens: not set → 2")
    async with open_house(tmp_path, access=OWNED) as people:
        people.say("one two three")
        await people.see_some("You said:")
        effective = await people.house.services.settings.effective(CHAT)
        assert effective.sampling.max_new_tokens == 2
        assert effective.sources["max_new_tokens"] == "chat"


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("temperature 0", 0.0),
        ("temperature 0,4", 0.4),
        ("top_p 0.5", 0.5),
        ("top_k 40", 40),
        ("min_p .05", 0.05),
        ("repetition_penalty 1.1", 1.1),
        ("max_new_tokens 500", 500),
        ("thinking_budget 100", 100),
        ("thinking_budget off", None),
        ("seed 42", 42),
        ("seed off", None),
        ("stop ###", ("###",)),
        ('stop ["\\n", "User:"]', ("\n", "User:")),
    ],
)
async def test_every_way_to_sample_can_be_set_from_the_chat(
    tmp_path: Path, line: str, value: object
) -> None:
    async with open_house(tmp_path, access=OWNED) as people:
        await answer(people, f"/set {line}")
        effective = await people.house.services.settings.effective(CHAT)
        assert effective.value(line.partition(" ")[0]) == value


@pytest.mark.parametrize(
    "line",
    [
        "/set temperature nan",
        "/set temperature inf",
        "/set temperature hot",
        "/set temperature 3️⃣",
        "/set temperature 0.4 please",
        "/set temperature \0",
        "/set temperature " + "9" * 4000,
        "/set seed ²",
        "/set top_p 1.1",
        "/set temprature 1",
        "/set",
        "/set " + "x" * 4000,
        "/set max_new_tokens 8193",
        "/unset temprature",
        "/undo",
        "/redo",
        "/settings hisotry",
        "/settings history",
        "/server set seed 1",
        "/preset use nothing",
        "/preset delete nothing",
        "/think hard",
        "/budget many",
    ],
)
async def test_what_can_not_be_set_is_told_in_a_sentence_and_changes_nothing(
    tmp_path: Path, line: str
) -> None:
    async with open_house(tmp_path, access=OWNED) as people:
        before = await people.house.services.settings.effective(CHAT)
        sentence = await answer(people, line)
        assert len(sentence) < 400
        assert "\n" not in sentence
        assert await people.house.services.settings.effective(CHAT) == before
        assert await changes(people) == []


async def test_more_tokens_than_the_model_takes_are_refused_with_its_window(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path, access=OWNED) as people:
        assert await answer(people, "/set max_new_tokens 9000") == (
            "max_new_tokens is at most 8192 here: that is the model's context window."
        )


async def test_only_who_administers_the_place_may_set(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=OWNED) as people:
        people.command("/set temperature 1", user=BEN)
        await people.see("/set is for the role admin and above.")


async def test_a_setting_changed_while_a_reply_is_written_holds_for_the_next_one(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path, access=OWNED, tokens_per_second=200) as people:
        people.say("one two three four five six seven eight")
        await people.see_some("You said: one")
        people.command("/set max_new_tokens 3")
        people.say("a b c d e")
        await people.see(
            "You said: one two three four five six seven eight",
            "max_new_tokens: not set → 3",
            "You said: a\n\n*cut off at the longest answer that is set*",
        )


# --- where a value comes from ------------------------------------------------------------------


class Advised(ScriptedEngine):
    """A model that ships a generation config, as QwQ does."""

    def __init__(self) -> None:
        super().__init__(ScriptedConfig(tokens_per_second=0))
        advice = {"temperature": 0.6, "top_p": 0.95, "top_k": 40.0}
        self.info = ModelInfo("QwQ-32B", 32_768, reasons=True, sampling=advice)


async def test_settings_say_where_each_value_comes_from(tmp_path: Path) -> None:
    house = open_house(
        tmp_path,
        engine=Advised(),
        access=OWNED,
        sampling={"top_p": 0.8},
        engine_options={"tokens_per_second": 0},
    )
    async with house as people:
        store = people.house.services.store
        await store.change("server:fake:guild", "min_p", "0.1", ANNA)
        await store.change("chat:fake:general", "seed", "7", ANNA)
        await answer(people, "/set max_new_tokens 99", place=THREAD)
        said = (await answer(people, "/settings", place=THREAD)).splitlines()
        assert "- `temperature` 0.6 (QwQ-32B's generation config)" in said
        assert "- `top_k` 40 (QwQ-32B's generation config)" in said
        assert "- `top_p` 0.8 (the config)" in said
        assert "- `min_p` 0.1 (this server)" in said
        assert "- `seed` 7 (this chat)" in said
        assert "- `max_new_tokens` 99 (this thread)" in said
        assert "- `presence_penalty` 0 (chinwag's default)" in said
        assert "- `stop` off (chinwag's default)" in said


async def test_one_setting_shows_every_step_of_its_origin(tmp_path: Path) -> None:
    house = open_house(tmp_path, engine=Advised(), access=OWNED, sampling={"temperature": 0.5})
    async with house as people:
        await answer(people, "/set temperature 0")
        assert await answer(people, "/settings temperature") == (
            "`temperature`: 0.7 (chinwag's default) → 0.6 (QwQ-32B's generation config) "
            "→ 0.5 (the config) → 0 (this chat)"
        )


async def test_defaults_are_what_the_documentation_says(tmp_path: Path) -> None:
    async with open_house(tmp_path) as people:
        sampling = (await people.house.services.settings.effective(CHAT)).sampling
        assert (sampling.temperature, sampling.top_p, sampling.max_new_tokens) == (0.7, 0.9, 1024)


async def test_a_thread_inherits_from_its_chat_and_the_chat_from_its_server(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path) as people:
        settings = people.house.services.settings
        store = people.house.services.store
        await store.change("server:fake:guild", "temperature", "0.1", ANNA)
        await store.change("server:fake:guild", "top_p", "0.2", ANNA)
        await store.change("chat:fake:general", "top_p", "0.3", ANNA)
        await settings.set(here(THREAD), "top_k", "4", ANNA)
        sampling = (await settings.effective(THREAD)).sampling
        assert (sampling.temperature, sampling.top_p, sampling.top_k) == (0.1, 0.3, 4)
        assert (await settings.effective(CHAT)).sampling.top_k == 0


async def test_what_is_set_for_the_server_holds_in_all_its_places(tmp_path: Path) -> None:
    other = Place("fake", "random", server="guild")
    async with open_house(tmp_path, access=OWNED) as people:
        await answer(people, "/server set seed 5", place=THREAD)
        effective = await people.house.services.settings.effective(other)
        assert (effective.sampling.seed, effective.sources["seed"]) == (5, "server")
        await answer(people, "/server undo", place=other)
        assert (await people.house.services.settings.effective(THREAD)).sampling.seed is None
        await answer(people, "/server redo", place=other)
        said = await answer(people, "/server unset seed", place=other)
        assert said == "seed: 5 → not set (now off, from chinwag's default)"


# --- taking back, and who did what ---------------------------------------------------------------


async def test_undo_goes_back_step_by_step_and_redo_forward_again(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=OWNED) as people:
        await answer(people, "/set temperature 0.4")
        await answer(people, "/set temperature 0.5")
        assert await answer(people, "/undo") == "temperature: 0.5 → 0.4"
        assert await answer(people, "/undo") == "temperature: 0.4 → not set"
        assert await answer(people, "/undo") == "There is nothing to take back here."
        assert await answer(people, "/redo") == "temperature: not set → 0.4"
        assert await answer(people, "/redo") == "temperature: 0.4 → 0.5"
        assert await answer(people, "/redo") == "There is no /undo to take back here."


async def test_two_who_set_the_same_are_both_in_the_history_and_the_last_one_holds(
    tmp_path: Path,
) -> None:
    access = {"owner": ["fake:1", "fake:2"]}
    async with open_house(tmp_path, access=access) as people:
        people.command("/set temperature 0.4", user=ANNA)
        people.command("/set temperature 0.5", user=BEN)
        await eventually(lambda: len(people.network.messages(CHAT)) == 2)
        last, first = await changes(people)
        assert {last.by, first.by} == {ANNA, BEN}
        assert last.old == first.new
        effective = await people.house.services.settings.effective(CHAT)
        assert str(effective.sampling.temperature) == last.new
        told_last, told_first = (await answer(people, "/settings history")).splitlines()
        for told, change in ((told_last, last), (told_first, first)):
            assert change.by is not None
            assert f"UTC, {change.by.name}, this chat: temperature: " in told


# --- presets ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "temperature"), [("precise", 0.2), ("creative", 1.1)])
async def test_a_preset_is_set_and_taken_back_as_one(
    tmp_path: Path, name: str, temperature: float
) -> None:
    async with open_house(tmp_path, access=OWNED) as people:
        await answer(people, f"/preset {name}")
        settings = people.house.services.settings
        assert (await settings.effective(CHAT)).sampling.temperature == temperature
        await answer(people, "/undo")
        assert "temperature" not in (await settings.effective(CHAT)).sources


async def test_how_a_place_samples_can_be_kept_and_used_again(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=OWNED) as people:
        await answer(people, "/set temperature 0.33")
        await answer(people, "/set max_new_tokens 77")
        await answer(people, "/preset save Mine")
        await answer(people, "/preset balanced")
        await answer(people, "/unset max_new_tokens")
        assert "- `mine`: temperature 0.33, " in await answer(people, "/preset list")
    async with open_house(tmp_path, access=OWNED) as people:
        await answer(people, "/preset mine")
        sampling = (await people.house.services.settings.effective(CHAT)).sampling
        assert (sampling.temperature, sampling.max_new_tokens) == (0.33, 77)
        await answer(people, "/preset delete mine")
        assert "There is no preset 'mine'" in await answer(people, "/preset mine")
        await answer(people, "/undo")
        assert "temperature" in await answer(people, "/preset mine")


async def test_chinwags_own_presets_keep_their_names(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=OWNED) as people:
        assert "chinwag's own" in await answer(people, "/preset save precise")
        assert "can't be a name" in await answer(people, "/preset save a/b")


# --- thinking ----------------------------------------------------------------------------------


async def test_how_thoughts_are_shown_is_a_setting_of_the_place(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=OWNED) as people:
        people.command("/think open")
        await people.see("thinking: not set → open")
        assert (await people.house.services.settings.effective(CHAT)).thinking == "open"


async def test_how_long_may_be_thought_is_a_setting_of_the_place(tmp_path: Path) -> None:
    thinker = {"match": "why", "thinking": "one two three four", "text": "Because."}
    async with open_house(tmp_path, [thinker], access=OWNED) as people:
        assert await answer(people, "/budget 2") == "thinking_budget: not set → 2"
        assert "2 (this chat)" in await answer(people, "/budget")
        people.say("why")
        store = people.house.chat.store
        await eventually(lambda: has_ended(store))
        record = await store.last_turn(CHAT.key)
        assert record is not None
        assert record.reply.reasoning.split() == ["one", "two"]
        assert await answer(people, "/budget off") == "thinking_budget: 2 → off"
