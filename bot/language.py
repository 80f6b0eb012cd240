"""Which language the bot speaks just now, and what is said in it.

The catalogues are gettext's: `locale/LANGUAGE/LC_MESSAGES/chinwag.po`, with the .mo made of it
beside (`make texts`). The language is a context variable: whoever begins to answer somebody says
`with speaking(…)`, and the tasks made from there inherit it. Knows the standard library only.
"""

from __future__ import annotations

import gettext
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

SOURCE = "en"
"""The language that the code is written in; it needs no catalogue."""
AUTO = "auto"
"""In place of a language: that of whoever speaks."""
LOCALE = Path(__file__).parent / "locale"
DOMAIN = "chinwag"

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
ISOLATE, POP = "\u2068", "\u2069"
"""FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE: https://www.unicode.org/reports/tr9/"""

_current: ContextVar[str] = ContextVar("language", default=SOURCE)


@cache
def _catalogues() -> Mapping[str, gettext.NullTranslations]:
    files = sorted(LOCALE.glob(f"*/LC_MESSAGES/{DOMAIN}.mo"))
    names = [file.parent.parent.name for file in files]
    found = {name: gettext.translation(DOMAIN, LOCALE, [name]) for name in names}
    return {SOURCE: gettext.NullTranslations(), **found}


def languages() -> tuple[str, ...]:
    """ISO 639-1 codes, the source's first."""
    return tuple(_catalogues())


def chosen(*wishes: str) -> str:
    """The first wish that can be met: a code, or a locale such as ``de-AT`` or ``de_AT.UTF-8``."""
    codes = (wish.replace("_", "-").partition("-")[0].lower() for wish in wishes)
    return next((code for code in codes if code in _catalogues()), SOURCE)


@contextmanager
def speaking(*wishes: str) -> Iterator[None]:
    token = _current.set(chosen(*wishes))
    try:
        yield
    finally:
        _current.reset(token)


def spoken() -> str:
    return _current.get()


# --- looking up and filling in -------------------------------------------------------------------


def translated(message: str, /, **values: object) -> str:
    """`values` fill the placeholders, as in str.format."""
    found = _catalogue().gettext(message) if message else ""  # of "", it is the file's header
    return _filled(found, values)


def in_context(context: str, message: str, /, **values: object) -> str:
    """Of a message that is too short to say by itself what it means."""
    return _filled(_catalogue().pgettext(context, message), values)


def counted(one: str, many: str, n: int, /, **values: object) -> str:
    """The plural form that belongs to `n`, which is a placeholder too."""
    return _filled(_catalogue().ngettext(one, many, n), {"n": n, **values})


def in_all_languages(message: str) -> dict[str, str]:
    """By code, for networks that choose by themselves; without the source."""
    return {
        code: said
        for code, catalogue in _catalogues().items()
        if code != SOURCE and (said := catalogue.gettext(message)) != message
    }


def _catalogue() -> gettext.NullTranslations:
    return _catalogues()[spoken()]


def _filled(pattern: str, values: Mapping[str, object]) -> str:
    """Without values braces are only braces. In a sentence from right to left, what is put in
    keeps its own direction."""
    if not values:
        return pattern
    if spoken() in RIGHT_TO_LEFT:
        values = {name: _isolated(value) for name, value in values.items()}
    return pattern.format(**values)


def _isolated(value: object) -> object:
    return f"{ISOLATE}{value}{POP}" if isinstance(value, str) else value
