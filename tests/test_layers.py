"""The rule of who may import what, read from the code itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

SDKS = {"discord", "telegram", "prompt_toolkit"}
TORCH = {"torch", "transformers", "accelerate", "bitsandbytes", "safetensors"}
SQL = {"sqlalchemy", "aiosqlite", "alembic", "sqlite3"}
BORDERS = {"bot.types", "bot.errors"}

# room → what of the project it may import, and what of the world it must not.
RULES: dict[str, tuple[set[str], set[str]]] = {
    "bot/types": ({"bot.types"}, SDKS | TORCH | SQL | {"pydantic", "structlog"}),
    "bot/errors.py": (set(), SDKS | TORCH | SQL | {"pydantic", "structlog"}),
    "bot/adapter.py": (BORDERS | {"bot.section"}, SDKS | TORCH | SQL),
    "bot/engine": (BORDERS | {"bot.engine", "bot.section"}, SDKS | SQL),
    "bot/store": (BORDERS | {"bot.store", "migrations"}, SDKS | TORCH),
    "bot/delivery": (
        BORDERS | {"bot.delivery", "bot.adapter", "bot.backoff", "bot.texts"},
        SDKS | TORCH | SQL,
    ),
    "bot/commands": (
        BORDERS
        | {"bot.commands", "bot.engine", "bot.store", "bot.settings", "bot.kinds", "bot.lanes"}
        | {"bot.effective"}
        | {"bot.access", "bot.pairing", "bot.limits", "bot.rights", "bot.retention"}
        | {"bot.texts_for_people", "bot.texts_for_places"}
        | {"bot.intake", "bot.prompt", "bot.attachments", "bot.texts", "bot.language"}
        | {"bot.confirmations", "bot.desk", "bot.charts", "bot.texts_for_owners"},
        SDKS | TORCH | SQL,
    ),
    "bot/documents": ({"bot.documents"}, SDKS | TORCH | SQL),
    "bot/backoff.py": (set(), SDKS | TORCH | SQL),
    "bot/testing/common": ({"bot.testing.common"}, SDKS | TORCH | SQL),
    "bot/testing/discord": ({"bot.testing.discord", "bot.testing.common"}, SDKS | TORCH | SQL),
    "bot/testing/telegram": ({"bot.testing.telegram", "bot.testing.common"}, SDKS | TORCH | SQL),
    "bot/hooks.py": (BORDERS | {"bot.commands", "bot.rights", "bot.store"}, SDKS | TORCH | SQL),
    "bot/contrib": (
        BORDERS | {"bot.commands", "bot.hooks", "bot.registry", "bot.section", "bot.store"},
        SDKS | TORCH | SQL,
    ),
    "bot/doctor": (
        BORDERS
        | {
            "bot.config",
            "bot.doctor",
            "bot.instance",
            "bot.plugins",
            "bot.progress",
            "bot.secrets",
            "bot.store",
        },
        SDKS | TORCH | SQL,
    ),
    "adapters": (
        BORDERS | {"bot.adapter", "bot.backoff", "bot.documents", "adapters"},
        TORCH | SQL,
    ),
}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def files(room: str) -> list[Path]:
    path = ROOT / room
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def within(name: str, allowed: set[str]) -> bool:
    return any(name == room or name.startswith(room + ".") for room in allowed)


@pytest.mark.parametrize("room", RULES)
def test_a_room_imports_only_its_neighbours(room: str) -> None:
    allowed, forbidden = RULES[room]
    assert files(room)
    for path in files(room):
        for name in imports(path):
            top = name.partition(".")[0]
            if top in {"bot", "adapters", "migrations"}:
                assert within(name, allowed), f"{path.relative_to(ROOT)} imports {name}"
            assert top not in forbidden, f"{path.relative_to(ROOT)} imports {name}"


def module(path: Path) -> str:
    named = path.relative_to(ROOT).with_suffix("")
    return ".".join(named.parent.parts if named.name == "__init__" else named.parts)


def test_no_two_files_need_each_other() -> None:
    """Not for their types, either. The strict servers are worlds of things that know each other."""
    paths = {module(p): p for p in files("bot") if "testing" not in p.parts}
    needs = {
        name: {i if i in paths else i.rpartition(".")[0] for i in imports(path)} & paths.keys()
        for name, path in paths.items()
    }
    TopologicalSorter(needs).prepare()


def test_only_the_composition_root_sees_everything() -> None:
    for path in files("bot"):
        if path.name == "app.py" or ROOT / "bot/cli" in path.parents:
            continue
        assert not any(name.startswith("bot.app") for name in imports(path)), path


def test_the_core_never_imports_an_adapter() -> None:
    for path in files("bot"):
        assert not any(name.split(".")[0] == "adapters" for name in imports(path)), path


def test_torch_stays_inside_the_local_engine() -> None:
    inside = ROOT / "bot/engine/local"
    for path in files("bot") + files("adapters"):
        if inside not in path.parents:
            assert not TORCH.intersection(n.split(".")[0] for n in imports(path)), path


def test_one_file_of_the_local_engine_knows_asyncio() -> None:
    users = {p.name for p in files("bot/engine/local") if "asyncio" in set(imports(p))}
    assert users == {"engine.py"}


def test_an_adapter_knows_no_other_adapter() -> None:
    for path in files("adapters"):
        room = path.relative_to(ROOT / "adapters").parts[0]
        for name in imports(path):
            if name.startswith("adapters."):
                assert name.split(".")[1] == room, path
