"""The place's language is spoken, else that of whoever speaks, else the config's."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from bot.commands import Commands
from bot.commands.built_in import BUILT_IN
from bot.language import in_all_languages, languages
from bot.testing import FakeNetwork
from bot.types import Place, UserRef
from tests.core.house import ANNA, QUICK, eventually, open_house

OTHER = Place("fake", "random")
GERHARD = UserRef("fake", "3", "Gerhard", language="de-AT")
AMIRA = UserRef("fake", "4", "Amira", language="ar")
ENDLESS = {"match": "endless", "text": "on and " * 2000}
OWNED = {"owner": ["fake:1"], "allow": ["everyone"]}


async def test_everyone_is_answered_in_his_own_language(tmp_path: Path) -> None:
    async with open_house(tmp_path) as people:
        for user in (ANNA, GERHARD, AMIRA):
            people.command("/stop", user=user)
        await people.see_some("No reply is being written.")
        await people.see_some("Es wird gerade keine Antwort geschrieben.")
        await people.see_some("لا تُكتب أي إجابة الآن.")


async def test_what_a_place_has_set_holds_for_everyone_there(tmp_path: Path) -> None:
    async with open_house(tmp_path, access=OWNED) as people:
        people.command("/language de")
        await people.see_some("Ich spreche hier Deutsch.")
        people.command("/stop", user=AMIRA)
        await people.see_some("Es wird gerade keine Antwort geschrieben.")
        people.command("/stop", user=AMIRA, place=OTHER)
        await people.see_some("لا تُكتب أي إجابة الآن.", OTHER)
        people.command("/language auto")
        await people.see_some("I speak English here.")


async def test_the_configs_language_holds_where_nothing_is_set(tmp_path: Path) -> None:
    async with open_house(tmp_path, language="de") as people:
        people.command("/stop", user=AMIRA)
        await people.see("Es wird gerade keine Antwort geschrieben.")


async def test_an_error_and_the_help_are_in_the_listeners_language(tmp_path: Path) -> None:
    async with open_house(tmp_path) as people:
        people.command("/stopp", user=GERHARD)
        await people.see_some("Einen Befehl /stopp gibt es nicht: war /stop gemeint?")
        people.command("/help", user=GERHARD, place=OTHER)
        await people.see_some("die Antwort beenden, die gerade geschrieben wird", OTHER)


async def test_a_replys_line_buttons_and_end_are_in_the_askers_language_whoever_ends_it(
    tmp_path: Path,
) -> None:
    async with open_house(tmp_path, [ENDLESS], tokens_per_second=200) as people:
        people.say("endless", user=GERHARD)
        await eventually(lambda: "Stopp" in people.labels())
        people.command("/stop")
        await people.see_some("*angehalten*")
        await eventually(lambda: "Noch einmal" in people.labels())


async def test_a_language_that_was_told_once_lasts_over_a_restart(tmp_path: Path) -> None:
    network = FakeNetwork(limits=QUICK)
    house = partial(open_house, tmp_path, [ENDLESS], tokens_per_second=200, network=network)
    async with house() as people:
        people.say("endless", user=GERHARD)
        await people.see_some("on and on")
    async with house() as people:
        await people.see_some("durch einen Neustart abgebrochen")
        people.command("/stop", user=replace(GERHARD, language=""))
        await people.see_some("Es wird gerade keine Antwort geschrieben.")


async def test_the_networks_menu_gets_every_language(tmp_path: Path) -> None:
    async with open_house(tmp_path) as people:
        await eventually(lambda: bool(people.network.commands))
        others = set(languages()) - {"en"}
        for spec in people.network.commands:
            assert set(spec.translations) == others, spec.name
            for parameter in spec.parameters:
                assert set(parameter.translations) == others, (spec.name, parameter.name)


def test_every_translated_help_fits_discord() -> None:
    """100 characters."""
    for spec in Commands(BUILT_IN).specs():
        for each in (spec, *spec.subcommands):
            helps = [each.help, *(parameter.help for parameter in each.parameters)]
            for said in (said for text in helps for said in in_all_languages(text).values()):
                assert len(said) <= 100, (each.name, said)
