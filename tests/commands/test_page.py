from __future__ import annotations

from pathlib import Path

import pytest

from bot.commands import Commands
from bot.commands.built_in import BUILT_IN
from bot.commands.page import MEANING, page
from bot.effective import KINDS
from bot.types import CommandSpec

DOCS = Path(__file__).parents[2] / "docs"
SPECS = Commands(BUILT_IN).specs()
ALL = [
    pytest.param(each, id=f"{spec.name} {each.name}")
    for spec in SPECS
    for each in (spec, *spec.subcommands)
]


def test_the_page_is_up_to_date() -> None:
    """After a change: python -m bot.commands > docs/commands.md"""
    assert (DOCS / "commands.md").read_text() == page(SPECS)


def test_the_page_says_what_each_setting_is() -> None:
    assert set(MEANING) == set(KINDS)


@pytest.mark.parametrize("spec", ALL)
def test_every_network_can_show_each_command(spec: CommandSpec) -> None:
    """Discord takes 32 characters for a name, 100 for a help, 25 options and choices."""
    described = [(spec.name, spec.help), *((p.name, p.help) for p in spec.parameters)]
    for name, meaning in described:
        assert 0 < len(name) <= 32
        assert 0 < len(meaning) <= 100
        assert name == name.lower()
    assert max(len(spec.subcommands), len(spec.parameters)) <= 25
    assert all(len(p.choices) <= 25 for p in spec.parameters)


@pytest.mark.parametrize("spec", ALL)
def test_what_can_be_left_out_comes_last(spec: CommandSpec) -> None:
    required = [parameter.required for parameter in spec.parameters]
    assert required == sorted(required, reverse=True)


@pytest.mark.parametrize("spec", ALL)
def test_a_default_subcommand_is_one_of_them(spec: CommandSpec) -> None:
    assert not spec.default or spec.default in {sub.name for sub in spec.subcommands}
    assert not (spec.subcommands and spec.parameters)


def test_no_two_commands_have_one_name() -> None:
    with pytest.raises(ValueError, match="two commands named help"):
        Commands((*BUILT_IN, BUILT_IN[0]))
