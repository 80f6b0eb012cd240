"""`config show`: what holds, whence it comes, and no secret."""

from __future__ import annotations

import yaml

from bot.config import check, read
from bot.config.show import show
from tests.config.conftest import Write

TEXT = """
engine: {kind: scripted, script: [{match: a, text: b}]}
system_prompt: "One.\\nTwo: # three\\n"
store: {url: "postgresql://me:hunter22@host/db"}
thinking: off
"""


def shown(write: Write, **environ: str) -> str:
    path = write(TEXT)
    path.chmod(0o600)
    source = read(path, environ)
    return show(check(source), source)


def test_what_is_shown_is_the_config_that_holds(write: Write) -> None:
    data = yaml.safe_load(shown(write))
    assert data["system_prompt"] == "One.\nTwo: # three\n"
    assert data["thinking"] == "off"
    assert data["engine"]["script"][0]["match"] == "a"
    assert data["sampling"]["top_p"] == 0.9


def test_each_written_value_says_where_it_comes_from(write: Write) -> None:
    lines = shown(write, CHINWAG__LOG__LEVEL="debug").splitlines()
    assert "  level: debug  # CHINWAG__LOG__LEVEL" in lines
    assert "thinking: 'off'  # config.yaml:5" in lines
    assert "respond: mention" in lines


def test_secrets_are_masked(write: Write) -> None:
    assert "hunter22" not in shown(write)
