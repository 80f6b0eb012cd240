"""The translators' side of `bot.language`: ``python -m tests.catalogue`` (`make texts`) takes what
is new in the code into every catalogue, what is gone out of it, and compiles them all.

A new language begins with an empty folder ``bot/locale/CODE/LC_MESSAGES``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

import bot
from bot.language import DOMAIN, LOCALE

CODE = Path(bot.__file__).parent
KEYWORDS: Mapping[str, tuple[int, ...]] = {
    # texts: a message, a plural, one in a context
    "Text": (0,),
    "_": (0,),
    "counted": (0, 1),
    "in_context": (1,),
    # the help of commands and of their parameters
    "CommandSpec": (1,),
    "Parameter": (1,),
    "group": (1,),
    # errors that people hear of
    "CommandError": (0,),
    "EngineDied": (0,),
    "RequestFailed": (0,),
    "ModelUnavailable": (0,),
    "pattern": (0,),
}
"""By the name of what is called: which arguments are messages."""
SILENT = ("testing", "scripted", "documents", "doctor")
"""Rooms where they say nothing to people in a chat."""
LINE = 100
WHEN = datetime(2026, 1, 1, tzinfo=UTC)  # git knows better


def template() -> Catalog:
    """Every message of the code, in its order."""
    catalog = Catalog(project="chinwag", charset="utf-8", creation_date=WHEN)
    for path in sorted(CODE.rglob("*.py")):
        if not set(path.relative_to(CODE).parts).intersection(SILENT):
            for ids, context in messages(ast.parse(path.read_text("utf-8"))):
                catalog.add(ids if len(ids) > 1 else ids[0], context=context)
    return catalog


def messages(module: ast.Module) -> Iterator[tuple[tuple[str, ...], str | None]]:
    calls = [node for node in ast.walk(module) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        name = called(call)
        given = [_literal(call, index) for index in KEYWORDS.get(name, ())]
        ids = tuple(each for each in given if each is not None and not ONLY_VALUE.fullmatch(each))
        if ids and len(ids) == len(given):
            yield ids, _literal(call, 0) if name == "in_context" else None


ONLY_VALUE = re.compile(r"(\{\w+\})?")


def called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _literal(call: ast.Call, index: int) -> str | None:
    match call.args[index : index + 1]:
        case [ast.Constant(value=str(text))]:
            return text
    return None


def languages() -> Iterator[str]:
    yield from sorted(folder.parent.name for folder in LOCALE.glob("*/LC_MESSAGES"))


def source_of(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(language: str) -> Catalog:
    file = source_of(language)
    text = file.read_bytes() if file.exists() else b""
    return read_po(BytesIO(text), locale=language, domain=DOMAIN)


def compiled(catalog: Catalog) -> bytes:
    out = BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def update(language: str) -> None:
    catalog = read(language)
    catalog.update(template(), no_fuzzy_matching=True)
    catalog.creation_date = catalog.revision_date = WHEN
    catalog.header_comment = f"# What chinwag says, in {catalog.locale_identifier}."
    catalog.project, catalog.version, catalog.fuzzy = "chinwag", "", False
    catalog.last_translator = catalog.language_team = catalog.msgid_bugs_address = "–"
    with source_of(language).open("wb") as file:
        write_po(file, catalog, width=LINE, no_location=True, ignore_obsolete=True)
    source_of(language).with_suffix(".mo").write_bytes(compiled(catalog))


if __name__ == "__main__":
    for language in languages():
        update(language)
