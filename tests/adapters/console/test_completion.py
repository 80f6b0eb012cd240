from __future__ import annotations

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from adapters.console.prompt import CommandCompleter
from bot.types import CommandSpec, Parameter

USE = CommandSpec("use", "take one", (Parameter("name", "which", choices=("red", "blue")),))
LIST = CommandSpec("list", "show all")
MODE = Parameter("mode", "how", choices=("off", "line"))
SPECS = (
    CommandSpec("think", "whether to think", (MODE,)),
    CommandSpec("colour", "colours", subcommands=(USE, LIST), default="use"),
)


def offered(line: str) -> list[str]:
    completer = CommandCompleter()
    completer.specs = SPECS
    return [each.text for each in completer.get_completions(Document(line), CompleteEvent())]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("/", ["think", "colour"]),
        ("/th", ["think"]),
        ("/think ", ["off", "line"]),
        ("/think l", ["line"]),
        ("/think line ", []),
        ("/colour ", ["use", "list", "red", "blue"]),
        ("/colour l", ["list"]),
        ("/colour b", ["blue"]),
        ("/colour use r", ["red"]),
        ("/colour list ", []),
        ("/unknown ", []),
        ("think", []),
    ],
)
def test_what_may_follow_is_offered(line: str, names: list[str]) -> None:
    assert offered(line) == names
