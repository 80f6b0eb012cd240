"""What an owner can ask of the bot and do with it, from the chat, end to end."""

from __future__ import annotations

import asyncio
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bot import charts, texts_for_owners
from bot.commands.owner.stats import every_day, speed, total
from bot.config import Config
from bot.desk import Process
from bot.engine.models import Models
from bot.engine.scripted import ScriptedConfig, ScriptedEngine
from bot.errors import ConfigError, ModelTooLarge, ModelUnavailable
from bot.store import DailyUsage
from bot.types import Place, Role, Usage
from tests.core.house import ANNA, BEN, CHAT, People, configured, eventually, open_house

pytestmark = pytest.mark.slow

OTHER = Place("fake", "random")
OWNED: dict[str, Any] = {"access": {"owner": ["fake:1"], "allow": ["everyone"]}}
HELLO = {"match": "hello", "text": "Hello!"}
ENDLESS = {"match": "endless", "text": "on and " * 5000}


async def last(people: People, pattern: str, place: Place = CHAT) -> re.Match[str]:
    """Waits until something like this is said."""
    found: list[re.Match[str]] = []

    def said() -> bool:
        texts = people.network.texts(place)
        found[:] = [m for text in texts if (m := re.search(pattern, text, re.DOTALL))]
        return bool(found)

    await eventually(said)
    return found[-1]


# --- who may -------------------------------------------------------------------------------------


async def test_nobody_else_may(tmp_path: Path) -> None:
    async with open_house(tmp_path, **OWNED) as people:
        people.command("/status", user=BEN)
        await people.see_some("/status is for the role owner and above.")


# --- status --------------------------------------------------------------------------------------


async def test_status_tells_of_the_model_the_work_the_memory_and_the_networks(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path, **OWNED) as people:
        people.command("/status")
        said = (await last(people, "uptime|up for")).string
        for part in (
            "scripted serves, 8192 tokens of context",
            "0 being answered, 0 in line",
            "GiB of the process",
            "up for 0 s",
            "fake is connected",
        ):
            assert part in said, part


async def test_the_queue_names_who_is_answered_and_how_many_wait(tmp_path: Path) -> None:
    async with open_house(tmp_path, [ENDLESS], tokens_per_second=50, **OWNED) as people:
        people.command("/queue", place=OTHER)
        await people.see_some("No reply is being written, and nobody waits.", OTHER)
        people.say("endless")
        people.say("endless", user=BEN)
        await eventually(lambda: people.house.lanes.waiting(CHAT.key) == 1)
        people.command("/queue", place=OTHER)
        await people.see_some("Anna is being answered in `fake:general`; 1 wait behind", OTHER)


# --- statistics ----------------------------------------------------------------------------------


async def test_stats_come_as_a_picture_and_in_words(tmp_path: Path) -> None:
    async with open_house(tmp_path, [HELLO], **OWNED) as people:
        people.say("hello")
        await people.see("Hello!")
        people.command("/stats 7")
        await people.see_some("scripted, the last 7 days")
        post = people.network.messages(CHAT)[-1]
        assert "1 message answered with 1 token" in post.text
        (file,) = post.files
        assert (file.name, file.media_type) == ("stats.png", "image/png")
        assert file.data.startswith(b"\x89PNG")


async def test_without_matplotlib_there_are_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> bytes:
        raise ModuleNotFoundError("matplotlib")

    monkeypatch.setattr(charts, "draw", missing)
    async with open_house(tmp_path, **OWNED) as people:
        people.command("/stats")
        await people.see_some("pip install 'chinwag[stats]'")


def test_days_without_usage_are_there_too() -> None:
    used = [
        DailyUsage("2026-11-23", 2, Usage(text_tokens=30, total_seconds=4, first_token_seconds=1))
    ]
    days = every_day(used, date(2026, 11, 24), 3)
    assert [(day.day, day.messages) for day in days] == [
        ("2026-11-22", 0),
        ("2026-11-23", 2),
        ("2026-11-24", 0),
    ]
    assert total(days).usage == used[0].usage
    assert (speed(used[0].usage), speed(Usage())) == (10, 0)


@pytest.mark.parametrize("values", [[0.0, 0.0], [3.0, 12_000.0]])
def test_any_values_can_be_drawn(values: list[float]) -> None:
    panels = [charts.Panel("x", values, values, "y")] * 4
    assert charts.draw("t", ["2026-11-23", "2026-11-24"], panels, str).startswith(b"\x89PNG")


# --- the model -----------------------------------------------------------------------------------


class Shelf:
    """`ready` lets the quick model finish loading."""

    def __init__(self, lasting: bool = True) -> None:
        self.ready = asyncio.Event()
        self.kept, self._lasting = "", lasting

    async def keep(self, name: str) -> bool:
        self.kept = name
        return self._lasting

    def names(self) -> list[str]:
        return ["slow", "quick", "huge"]

    def make(self, name: str) -> ScriptedEngine:
        if name not in self.names():
            raise ModelUnavailable("There is no model {name}.", name=name)
        script = [{"match": "", "text": f"I am {name}."}]
        config = ScriptedConfig.model_validate({"script": script, "tokens_per_second": 0})
        return Loading(config, self.ready, name)


class Loading(ScriptedEngine):
    def __init__(self, config: ScriptedConfig, ready: asyncio.Event, name: str):
        super().__init__(config)
        self._ready, self._name = ready, name

    async def __aenter__(self) -> Any:
        if self._name == "quick":
            await self._ready.wait()
        if self._name == "huge":
            raise ModelTooLarge("huge takes 80 GiB.\nThere are 3 GiB.")
        return await super().__aenter__()


async def test_another_model_takes_over_once_it_is_loaded(tmp_path: Path) -> None:
    shelf = Shelf()
    async with open_house(tmp_path, engine=Models(shelf, "slow"), **OWNED) as people:
        people.command("/model use quick")
        await people.see_some("quick is being loaded; slow serves until it is there.")
        people.say("who are you?", place=OTHER)
        await people.see_some("I am slow.", OTHER)
        people.command("/model list")
        await last(people, "`slow` serves.*`quick` is being loaded.*`huge`")
        people.command("/model use huge")
        await people.see_some("quick is being loaded already.")
        shelf.ready.set()
        await people.see_some("quick serves from now on, with 8192 tokens of context.")
        assert shelf.kept == "quick"
        people.say("who are you now?", place=OTHER)
        await people.see_some("I am quick.", OTHER)
        people.command("/audit", place=OTHER)
        await last(people, "Anna, `bot`: model: slow → quick", OTHER)


async def test_a_model_that_does_not_fit_or_does_not_exist_changes_nothing(tmp_path: Path) -> None:
    async with open_house(tmp_path, engine=Models(Shelf(), "slow"), **OWNED) as people:
        people.command("/model use huge")
        await last(people, "huge could not be loaded, and slow goes on.*80 GiB.*3 GiB")
        people.command("/model use nothing")
        await last(people, "nothing could not be loaded.*There is no model nothing")
        people.command("/model use slow")
        await people.see_some("slow serves already.")


async def test_that_a_model_serves_until_the_restart_only_is_said(tmp_path: Path) -> None:
    shelf = Shelf(lasting=False)
    shelf.ready.set()
    async with open_house(tmp_path, engine=Models(shelf, "slow"), **OWNED) as people:
        people.command("/model use quick")
        await people.see_some("after a restart it is the config's model again")


async def test_where_the_engine_is_fixed_that_is_said(tmp_path: Path) -> None:
    async with open_house(tmp_path, **OWNED) as people:
        people.command("/model")
        await people.see_some("This bot's model can't be changed while it runs.")


# --- broadcast -----------------------------------------------------------------------------------


async def test_a_broadcast_is_sent_everywhere_once_it_is_confirmed(tmp_path: Path) -> None:
    async with open_house(tmp_path, [HELLO], **OWNED) as people:
        people.command("/broadcast Back at noon.")
        await people.see_some("There is nobody to tell")
        for place in (CHAT, OTHER):
            people.say("hello", place=place, user=BEN)
            await people.see_some("Hello!", place)
        people.command("/broadcast Back at noon.")
        code = (await last(people, "This goes to 2 places:.*/broadcast send (\\w+)"))[1]
        assert "Back at noon." not in people.network.texts(OTHER)
        people.command("/broadcast send 000000")
        await people.see_some("There is nothing to send under this code")
        people.command(f"/broadcast send {code}")
        await people.see_some("Sent to 2 places.")
        for place in (CHAT, OTHER):
            assert "Back at noon." in people.network.texts(place)
        people.command(f"/broadcast send {code}", place=OTHER)
        await people.see_some("There is nothing to send under this code", OTHER)
        people.command("/broadcast Back at one.")
        await people.see_some("This goes to 2 places:\n\nBack at one.")
        people.press(texts_for_owners.SEND())
        await people.see_some("Back at one.", OTHER)


# --- upkeep --------------------------------------------------------------------------------------


class Reread:
    """A process whose config is another one when it is read again, and that can't end."""

    def __init__(self, home: Path):
        self.home = home
        self.next: dict[str, Any] = dict(OWNED)
        self.ended = asyncio.Event()

    def read(self) -> Config:
        if "broken" in self.next:
            raise ConfigError("expected a number", file="config.yaml", line=3, key="turns")
        engine = {"kind": "scripted", "tokens_per_second": 0, "script": [HELLO]}
        return configured(self.home, engine=engine, **self.next)

    @property
    def process(self) -> Process:
        return Process(self.read, end=self.ended.set)


async def test_a_config_that_is_read_again_holds_at_once(tmp_path: Path) -> None:
    reread = Reread(tmp_path)
    async with open_house(tmp_path, [HELLO], process=reread.process, **OWNED) as people:
        people.command("/reload")
        await people.see_some("The config says nothing new.")
        reread.next |= {
            "respond": "always",
            "access": {"owner": ["fake:1"], "allow": ["fake:2"]},
            "store": {"url": "sqlite:///elsewhere.db"},
        }
        people.command("/reload")
        await people.see_some("In force now: access, respond. After a restart: store.")
        people.say("hello", user=BEN, addressed=False, place=OTHER)
        await people.see_some("Hello!", OTHER)


async def test_a_broken_config_is_told_and_changes_nothing(tmp_path: Path) -> None:
    reread = Reread(tmp_path)
    async with open_house(tmp_path, [HELLO], process=reread.process, **OWNED) as people:
        reread.next["broken"] = True
        people.command("/reload")
        await people.see_some("config.yaml:3: turns: expected a number")
        people.say("hello")
        await people.see_some("Hello!")


async def test_a_drain_says_for_how_many_replies_it_waits_and_ends(tmp_path: Path) -> None:
    reread = Reread(tmp_path)
    async with open_house(
        tmp_path, [ENDLESS], process=reread.process, tokens_per_second=50, **OWNED
    ) as people:
        people.say("endless")
        await eventually(lambda: people.house.lanes.busy(CHAT.key))
        people.command("/drain", place=OTHER)
        await people.see_some("I end after 1 reply.", OTHER)
        await reread.ended.wait()


async def test_the_audit_tells_who_changed_what_where(tmp_path: Path) -> None:
    async with open_house(tmp_path, **OWNED) as people:
        people.command("/audit")
        await people.see_some("Nothing has been changed yet.")
        people.command("/set temperature 0.4")
        await people.see_some("temperature")
        await people.house.services.store.grant("", str(BEN), Role.ADMIN, ANNA)
        people.command("/audit")
        await last(
            people,
            "Anna, `access:`: fake:2: not set → admin.*Anna, `chat:fake:general`: temperature",
        )
