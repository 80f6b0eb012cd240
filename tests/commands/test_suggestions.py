from __future__ import annotations

from pathlib import Path

from bot.commands.suggestions import MOST, Suggestions
from bot.types import Place
from tests.core.house import ANNA, CHAT, open_house


async def test_a_place_suggests_what_it_has_saved_by_how_it_begins(tmp_path: Path) -> None:
    async with open_house(tmp_path) as people:
        store = people.house.services.store
        saved = {"persona/pirate": '"Arr."', "persona/poet": '"Ah."', "preset/mine": "{}"}
        await store.change_all("chat:fake:general", saved, ANNA)
        suggest = Suggestions(store)
        assert await suggest(CHAT, "persona", "") == ["pirate", "poet"]
        assert await suggest(CHAT, "persona", "PI") == ["pirate"]
        assert await suggest(CHAT, "preset", "") == ["precise", "balanced", "creative", "mine"]
        assert await suggest(Place("fake", "other"), "persona", "") == []
        assert await suggest(CHAT, "nothing known", "") == []


async def test_no_more_is_suggested_than_a_network_shows(tmp_path: Path) -> None:
    async with open_house(tmp_path) as people:
        store = people.house.services.store
        await store.change_all("chat:fake:general", {f"persona/{n}": '""' for n in range(40)}, ANNA)
        assert len(await Suggestions(store)(CHAT, "persona", "")) == MOST
