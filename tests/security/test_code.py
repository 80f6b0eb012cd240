"""What must not be in the code at all, read from the code itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib.metadata import requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SHIPPED = [
    path
    for room in ("bot", "adapters", "migrations", "deploy")
    for path in sorted((ROOT / room).rglob("*.py"))
]
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
SHELLS = {"popen", "create_subprocess_shell", "getoutput", "getstatusoutput"}
BUILDING = {"setuptools"}
"""What torch names and pip brings along."""


def nodes() -> Iterator[tuple[Path, ast.AST]]:
    for path in SHIPPED:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            yield path.relative_to(ROOT), node


def test_nothing_is_evaluated() -> None:
    for path, node in nodes():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in FORBIDDEN_CALLS, f"{path}:{node.lineno}"


def test_nothing_is_unpickled() -> None:
    for path, node in nodes():
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert not FORBIDDEN_MODULES.intersection(n.split(".")[0] for n in names), path
        if isinstance(node, ast.Attribute) and node.attr == "load":
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            assert owner not in {"torch", "yaml", "numpy", "np"}, f"{path}:{node.lineno}"


def test_no_shell_is_asked() -> None:
    for path, node in nodes():
        if isinstance(node, ast.Attribute):
            of_os = isinstance(node.value, ast.Name) and node.value.id == "os"
            assert node.attr not in SHELLS, f"{path}:{node.lineno}"
            assert not (of_os and node.attr == "system"), f"{path}:{node.lineno}"
        if isinstance(node, ast.keyword) and node.arg == "shell":
            assert isinstance(node.value, ast.Constant), path
            assert node.value.value is False, path


def test_code_of_a_model_is_trusted_only_where_the_config_says_so() -> None:
    for path, node in nodes():
        if isinstance(node, ast.keyword) and node.arg == "trust_remote_code":
            assert not isinstance(node.value, ast.Constant), path


def test_the_security_rules_of_the_linter_are_on() -> None:
    selected = re.search(r"select = \[(.*?)\]", (ROOT / "pyproject.toml").read_text(), re.DOTALL)
    assert selected
    assert '"S"' in selected.group(1)


def test_an_audit_of_the_pins_is_an_audit_of_what_runs() -> None:
    """All that is required, by whatever is required, has one exact version in constraints.txt."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = {_plain(line.partition("==")[0]) for line in lines if "==" in line}
    assert len(pins) == sum(bool(line.strip() and line[0] != "#") for line in lines)
    assert not _required("chinwag", {"all"}) - pins - BUILDING


def _required(name: str, extras: set[str], seen: set[str] | None = None) -> set[str]:
    seen = set() if seen is None else seen
    for line in requires(name) or ():
        needed = Requirement(line)
        wanted = needed.marker is None or any(
            needed.marker.evaluate({"extra": extra}) for extra in extras | {""}
        )
        known = _plain(needed.name) in seen
        if not wanted or (known and not needed.extras) or _plain(needed.name) == "chinwag":
            if wanted and _plain(needed.name) == "chinwag" and needed.extras - extras:
                _required("chinwag", set(needed.extras) | extras, seen)
            continue
        seen.add(_plain(needed.name))
        if not known:
            _required(needed.name, set(needed.extras), seen)
    return seen


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def test_what_is_checked_here_is_there() -> None:
    assert len(SHIPPED) > 100
    assert version("chinwag")


@pytest.mark.parametrize("named", [None, "demo", "someone/else"])
def test_trust_in_one_model_is_no_trust_in_another(
    named: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import click

    from bot.cli.model import local_config
    from bot.cli.options import FILE

    config = tmp_path / "config.yaml"
    config.write_text("engine: {model: demo, trust_remote_code: true}")
    with click.Context(click.Command("plan")) as context:
        context.meta[FILE] = config
        options, _ = local_config(named)
    assert options.trust_remote_code == (named != "someone/else")
