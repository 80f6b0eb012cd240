"""Commands as Discord is told of them, and what comes back of its forms."""

from __future__ import annotations

import json
from typing import Any

import pytest

from adapters.discord import forms, menu, payloads, texts
from adapters.discord.chosen import Chosen
from bot.types import CommandSpec, Parameter, Role

MODES = tuple(f"mode{number}" for number in range(30))
SET = CommandSpec(
    "set",
    "change a setting",
    (
        Parameter("name", "which", choices=("temperature", "system_prompt")),
        Parameter("value", "its value", long=True),
    ),
    role=Role.ADMIN,
    translations={"de": "Einstellung ändern", "pt": "mudar", "xx": "?"},
    names={"de": "setze"},
)
ASK = CommandSpec("ask", "ask the model", (Parameter("question", "what"),), asks=True)


def told(*specs: CommandSpec) -> list[dict[str, Any]]:
    return payloads.payloads(specs)


def test_a_command_has_typed_options_with_their_ranges() -> None:
    parameters = (
        Parameter("text", "a text", required=False),
        Parameter("count", "how many", "integer", minimum=1, maximum=9),
        Parameter("share", "how much", "number", required=False, minimum=0),
        Parameter("loud", "or not", "flag", required=False),
    )
    (command,) = told(CommandSpec("do", "do it", parameters))
    options = {option["name"]: option for option in command["options"]}
    assert [option["name"] for option in command["options"]] == ["count", "text", "share", "loud"]
    assert [options[n]["type"] for n in ("text", "count", "share", "loud")] == [3, 4, 10, 5]
    assert (options["count"]["min_value"], options["count"]["max_value"]) == (1, 9)
    assert options["count"]["required"]
    assert not options["text"]["required"]


def test_few_choices_are_listed_and_many_are_completed() -> None:
    few, many = Parameter("few", "f", choices=("a", "b")), Parameter("many", "m", choices=MODES)
    (command,) = told(CommandSpec("do", "do it", (few, many)))
    assert command["options"][0]["choices"] == [
        {"name": "a", "value": "a"},
        {"name": "b", "value": "b"},
    ]
    assert command["options"][1]["autocomplete"] is True
    assert [choice.value for choice in menu.matching(MODES, "2")][:2] == ["mode2", "mode12"]
    assert len(menu.matching(MODES, "")) == 25


def test_help_and_names_are_translated_into_discords_locales() -> None:
    (command,) = told(SET)
    assert command["name_localizations"] == {"de": "setze"}
    assert command["description_localizations"] == {"de": "Einstellung ändern", "pt-BR": "mudar"}


@pytest.mark.parametrize(
    ("role", "shown_to"), [(Role.USER, None), (Role.ADMIN, "32"), (Role.OWNER, "0")]
)
def test_admins_commands_are_shown_to_who_manages_the_server(
    role: Role, shown_to: str | None
) -> None:
    (command,) = told(CommandSpec("do", "do it", role=role))
    assert command["default_member_permissions"] == shown_to


def test_subcommands_are_options_of_their_command() -> None:
    show, change = CommandSpec("show", "s"), CommandSpec("set", "c", (Parameter("text", "t"),))
    (command,) = told(CommandSpec("system", "persona", subcommands=(show, change)))
    assert [(o["type"], o["name"]) for o in command["options"]] == [(1, "show"), (1, "set")]
    assert command["options"][1]["options"][0]["name"] == "text"


def test_a_message_has_a_menu_of_its_own_where_the_model_can_be_asked() -> None:
    assert [c["name"] for c in told(ASK)] == ["ask", texts.ASK, texts.SUMMARISE]
    assert [c["name"] for c in told(SET)] == ["set"]
    assert all(len(name) <= 32 for name in (texts.ASK, texts.SUMMARISE))


def test_what_did_not_change_has_the_same_digest() -> None:
    assert payloads.digest(told(SET, ASK)) == payloads.digest(told(SET, ASK))
    assert payloads.digest(told(SET)) != payloads.digest(told(SET, ASK))


def test_all_of_it_is_json() -> None:
    json.dumps(told(SET, ASK))


def test_what_was_chosen_is_told_apart() -> None:
    chosen = Chosen.of(
        {
            "name": "system",
            "options": [
                {
                    "type": 1,
                    "name": "set",
                    "options": [
                        {"type": 3, "name": "text", "value": "two words", "focused": True},
                        {"type": 5, "name": "loud", "value": True},
                        {"type": 4, "name": "count", "value": 3},
                    ],
                }
            ],
        }
    )
    assert chosen.words == ["system", "set"]
    assert chosen.values == {"text": "two words", "loud": "on", "count": "3"}
    assert chosen.focused == "text"


async def test_a_long_text_that_is_missing_is_asked_for_in_a_form() -> None:
    form = forms.form_for(SET, ["set"], {"name": "system_prompt"})
    assert form is not None
    assert form.title == "/set system_prompt"
    assert json.loads(form.custom_id) == ["set", {"name": "system_prompt"}, "value"]
    assert forms.form_for(SET, ["set"], {"name": "seed", "value": "1"}) is None
    assert forms.form_for(ASK, ["ask"], {}) is None
    save = CommandSpec("save", "keep it", (Parameter("text", "a", required=False, long=True),))
    assert forms.form_for(save, ["persona", "save"], {}) is None
