"""`chinwag plugin new NAME`: a package of its own, small, whole, and with tests that pass."""

from __future__ import annotations

import re
from pathlib import Path

from bot.errors import ChinwagError

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "chinwag-{name}"
version = "0.1.0"
description = "A plugin for chinwag"
requires-python = ">=3.11"
dependencies = ["chinwag"]

[project.optional-dependencies]
dev = ["pytest", "pytest-asyncio"]

[project.entry-points."chinwag.plugins"]
{name} = "{module}:setup"

[tool.hatch.build.targets.wheel]
only-include = ["{module}.py"]

[tool.pytest.ini_options]
asyncio_mode = "auto"
pythonpath = ["."]
"""

MODULE = '''\
"""The plugin `{name}`: says how long the last reply of a place was."""

from __future__ import annotations

from bot.commands import Call
from bot.registry import Registry
from bot.section import Section
from bot.store import Reply
from bot.types import CommandSpec, ConversationKey, Post, Turn


class Config(Section):
    """What stands in the config under `plugins: {name}:`."""

    unit: str = "characters"


class Plugin:
    def __init__(self, config: Config) -> None:
        self._unit = config.unit
        self._lengths: dict[ConversationKey, int] = {{}}

    async def measure(self, turn: Turn, reply: Reply) -> None:
        self._lengths[turn.key] = len(reply.text)

    async def length(self, call: Call) -> Post:
        length = self._lengths.get(call.event.place.key, 0)
        return Post(f"The last reply had {{length}} {{self._unit}}.")


def setup(registry: Registry) -> None:
    plugin = Plugin(registry.options(Config))
    registry.on_reply(plugin.measure)
    registry.command(CommandSpec("length", "how long the last reply was"), plugin.length)
'''

TESTS = '''\
"""The plugin, without a bot around it."""

from __future__ import annotations

import pytest
from {module} import setup

from bot.errors import ConfigError
from bot.hooks import Hooks
from bot.registry import Registry
from bot.store import Reply
from bot.types import Message, Place, Turn

PLACE = Place("fake", "general")
TURN = Turn(1, PLACE.key, PLACE, Message("user", "hello"))


def registered(**options: object) -> Hooks:
    hooks = Hooks()
    setup(Registry("{name}", options, hooks))
    return hooks


def test_it_brings_a_command() -> None:
    assert [command.spec.name for command in registered().commands] == ["length"]


async def test_it_takes_a_reply() -> None:
    hooks = registered()
    await hooks.reply(TURN, Reply("hello"))
    assert all(hook.failures == 0 for hook in hooks.on_reply)


def test_a_key_that_is_unknown_is_an_error() -> None:
    with pytest.raises(ConfigError, match="unit"):
        registered(units="words")
'''

README = """\
# chinwag-{name}

```sh
pip install -e '.[dev]'
pytest
```

Then name it in the config of the bot, which loads nothing that is not named:

```yaml
plugins:
  {name}: {{}}
```
"""


def new_plugin(name: str, parent: Path) -> Path:
    """The new folder. Raises ChinwagError rather than write into one that is there."""
    if not NAME.fullmatch(name):
        raise ChinwagError(f"{name!r} can't name a plugin: use a-z, 0-9 and dashes between them.")
    folder = parent / f"chinwag-{name}"
    module = f"chinwag_{name.replace('-', '_')}"
    files = {
        "pyproject.toml": PYPROJECT,
        f"{module}.py": MODULE,
        f"tests/test_{module}.py": TESTS,
        "README.md": README,
    }
    try:
        folder.mkdir(parents=True)
        (folder / "tests").mkdir()
        for path, template in files.items():
            (folder / path).write_text(template.format(name=name, module=module), "utf-8")
    except FileExistsError:
        raise ChinwagError(f"{folder} is there already: choose another name.") from None
    except OSError as error:
        raise ChinwagError(f"{folder} can't be written: {error.strerror}.") from None
    return folder
