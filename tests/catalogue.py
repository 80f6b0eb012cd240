"""The translators' side of `bot.language`: ``python -m tests.catalogue`` (`make texts`) takes what
is new in the code into every catalogue, what is gone out of it, and compiles them all.

A new language begins with an empty folder ``bot/locale/CODE/LC_MESSAGES``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

import bot
from bot.language import DOMAIN, LOCALE

CODE = Path(bot.__file__).parent
KEYWORDS = {
    # texts: a message, a plural, one in a context
    "Text": None,
    "_": None,
    "counted": (1, 2),
    "in_context": ((1, "c"), 2),
    # the help of commands and of their parameters
    "CommandSpec": (2,),
    "Parameter": (2,),
    # errors that people hear of
    "CommandError": None,
    "EngineDied": None,
    "RequestFailed": None,
    "pattern": None,
}
SILENT = ("testing/**", "engine/scripted/**")
"""Where the keywords say nothing to people."""
LINE = 100
WHEN = datetime(2026, 1, 1, tzinfo=UTC)  # git knows better


def template() -> Catalog:
    """Every message of the code, in its order."""
    catalog = Catalog(project="chinwag", charset="utf-8", creation_date=WHEN)
    found = extract_from_dir(
        CODE, [(part, "ignore") for part in SILENT] + [("**.py", "python")], keywords=KEYWORDS
    )
    for _file, _line, message, _comments, context in found:
        catalog.add(message, context=context)
    return catalog


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
