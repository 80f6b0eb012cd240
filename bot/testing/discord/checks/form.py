"""Invalid Form Body: all that is wrong with a request, by the path to it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from bot.testing.discord.failures import ApiError

INVALID_FORM = 50035


class Form:
    """One value of a request with its path; its parts share what was found wrong.

    form = Form(body)
    form["title"].text(1, 45)
    form.done()
    """

    def __init__(self, value: Any, path: tuple[str, ...] = (), errors: Any = None):
        self.value, self._path = value, path
        self._errors: dict[str, Any] = {} if errors is None else errors

    def __getitem__(self, key: str) -> Form:
        value = self.value.get(key) if isinstance(self.value, dict) else None
        return Form(value, (*self._path, key), self._errors)

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, dict) and self.value.get(key) is not None

    @property
    def given(self) -> bool:
        return self.value is not None

    @property
    def key(self) -> str:
        """What tells it from others, whatever it is."""
        return repr(self.value)

    def items(self, most: int, least: int = 0) -> list[Form]:
        """The parts of a list, [] where there is none or it is none; a whole body must be one."""
        if self.value is None and least == 0 and self._path:
            return []
        if not isinstance(self.value, list):
            self.wrong("LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
            return []
        if not least <= len(self.value) <= most:
            self._bounds(least, most)
        return [
            Form(item, (*self._path, str(index)), self._errors)
            for index, item in enumerate(self.value)
        ]

    def wrong(self, code: str, message: str) -> None:
        place = self._errors
        for key in self._path:
            place = place.setdefault(key, {})
        place.setdefault("_errors", []).append({"code": code, "message": message})

    def done(self) -> None:
        """Raises 50035 if anything was wrong."""
        if self._errors:
            raise ApiError(400, INVALID_FORM, "Invalid Form Body", more={"errors": self._errors})

    # --- what a value can be asked ---------------------------------------------------------------

    def object(self) -> bool:
        if not isinstance(self.value, dict):
            self.wrong("MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
        return isinstance(self.value, dict)

    def text(self, least: int, most: int, *, optional: bool = False) -> str:
        """Its length is counted in code points. Returns "" for what is no text."""
        if self.value is None:
            if not optional:
                self._required()
            return ""
        if not isinstance(self.value, str):
            self.wrong("STRING_TYPE_CONVERT", f"Could not interpret {self.value!r} as string.")
            return ""
        if least and len(self.value.strip()) == 0:
            self._required()
        elif not least <= len(self.value) <= most:
            self._length(least, most)
        return self.value

    def snowflake(self) -> int:
        """A text of digits, or a number. Returns 0 for what is none."""
        text = str(self.value)
        if isinstance(self.value, str | int) and text.isdecimal() and len(text) <= 20:
            return int(text)
        self.wrong("NUMBER_TYPE_COERCE", f'Value "{self.value}" is not snowflake.')
        return 0

    def number(
        self, least: float, most: float, *, optional: bool = True, whole: bool = True
    ) -> None:
        if self.value is None:
            if not optional:
                self._required()
        elif isinstance(self.value, bool) or not isinstance(
            self.value, int if whole else int | float
        ):
            self.wrong("NUMBER_TYPE_COERCE", f'Value "{self.value}" is not int.')
        elif self.value < least:
            self.wrong(
                "NUMBER_TYPE_MIN", f"int value should be greater than or equal to {least:g}."
            )
        elif self.value > most:
            self.wrong("NUMBER_TYPE_MAX", f"int value should be less than or equal to {most:g}.")

    def one_of(self, choices: Collection[Any]) -> bool:
        """`choices` names all that it may be."""
        plain = isinstance(self.value, str | int) and not isinstance(self.value, bool)
        fine = plain and self.value in choices
        if self.value is None:
            self._required()
        elif not fine:
            shown = ", ".join(str(choice) for choice in sorted(choices))
            self.wrong("BASE_TYPE_CHOICES", f"Value must be one of {{{shown}}}.")
        return fine

    def _required(self) -> None:
        self.wrong("BASE_TYPE_REQUIRED", "This field is required")

    def _length(self, least: int, most: int) -> None:
        if least == 0:
            self.wrong("BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")
        else:
            self.wrong("BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")

    def _bounds(self, least: int, most: int) -> None:
        if len(self.value) > most and least == 0:
            self.wrong("BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")
        else:
            self._length(max(1, least), most)
