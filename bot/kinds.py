"""What a value can be: how it is read from what people type, and what is said of it."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass

from bot import texts_for_places
from bot.errors import CommandError
from bot.store.text import storable

Value = str | int | float | tuple[str, ...] | None

_WHOLE = re.compile(r"[+-]?\d{1,20}")
_DECIMAL = re.compile(r"[+-]?(\d{1,20}(\.\d{0,20})?|\.\d{1,20})(e[+-]?\d{1,3})?", re.IGNORECASE)
_SIGNS = str.maketrans({"−": "-", ",": ".", "\N{ARABIC DECIMAL SEPARATOR}": "."})
NOTHING = frozenset({"off", "none"})


def quoted(text: str) -> str:
    """What somebody wrote, short and on one line."""
    return repr(text if len(text) <= 40 else text[:40] + "…")


@dataclass(frozen=True, slots=True)
class Number:
    """A number within a range, both ends included; where it is `optional`, it can also be off.

    Decimal digits of any script count, and a comma, too, is a decimal sign. What only looks like
    a number (``1_000``, ``²``, ``nan``, ``3️⃣``) is none.
    """

    minimum: float = -math.inf
    maximum: float = math.inf
    whole: bool = False
    optional: bool = False

    def parse(self, text: str) -> float | int | None:
        """Raises CommandError."""
        if self.optional and text.lower() in NOTHING:
            return None
        if (value := self.read(text)) is None:
            raise CommandError("{given} is not {what}.", given=quoted(text), what=str(self))
        return value

    def read(self, text: str) -> float | int | None:
        """The number, None where the text is none, or one outside of the range."""
        value = self._value(text.translate(_SIGNS))
        return value if math.isfinite(value) and self.minimum <= value <= self.maximum else None

    def _value(self, text: str) -> float | int:
        if self.whole:
            return int(text) if _WHOLE.fullmatch(text) else math.nan
        return float(text) + 0.0 if _DECIMAL.fullmatch(text) else math.nan  # no negative zero

    def __str__(self) -> str:
        low, high = plain(self.minimum), plain(self.maximum)
        return texts_for_places.number(low, high, whole=self.whole, optional=self.optional)


@dataclass(frozen=True, slots=True)
class Choice:
    options: tuple[str, ...]

    def parse(self, text: str) -> str:
        """Raises CommandError."""
        if text.lower() not in self.options:
            raise CommandError("{given} is not {what}.", given=quoted(text), what=str(self))
        return text.lower()

    def __str__(self) -> str:
        return texts_for_places.one_of(self.options)


@dataclass(frozen=True, slots=True)
class Text:
    longest: int

    def parse(self, text: str) -> str:
        """Raises CommandError."""
        if len(text) > self.longest:
            raise CommandError(
                "That is {n} characters long; {most} is the most.", n=len(text), most=self.longest
            )
        return storable(text)

    def __str__(self) -> str:
        return texts_for_places.some_text(self.longest)


@dataclass(frozen=True, slots=True)
class Texts:
    """One text, or several as a JSON list; none is off."""

    most: int
    longest: int

    def parse(self, text: str) -> tuple[str, ...]:
        """Raises CommandError."""
        found = () if text.lower() in NOTHING else self._read(text)
        if len(found) > self.most or any(not 0 < len(each) <= self.longest for each in found):
            raise CommandError("{given} is not {what}.", given=quoted(text), what=str(self))
        return found

    def _read(self, text: str) -> tuple[str, ...]:
        try:
            listed = json.loads(text) if text.startswith("[") else [text]
        except (ValueError, RecursionError):
            listed = [text]
        return tuple(storable(each) if isinstance(each, str) else "" for each in listed)

    def __str__(self) -> str:
        return texts_for_places.several_texts(self.most, self.longest)


Kind = Number | Choice | Text | Texts


def plain(number: float) -> str:
    """Without an exponent; of what is not finite nothing."""
    if not math.isfinite(number):
        return ""
    return str(int(number)) if number == int(number) else f"{number:g}"
