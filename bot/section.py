"""What every section of the config is made of: strict keys, secrets by reference, errors in words.

Adapters, engines and plugins describe their own sections with the same class. Knows pydantic and
bot.secrets, nothing else.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, Self, TypeVar, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from bot.secrets import Given, Origin, Secret, redact

__all__ = ["Secret", "Section", "keys", "nearest", "problems", "secrets", "unfolded", "validated"]

Location = tuple[int | str, ...]
M = TypeVar("M", bound=BaseModel)

SUFFIXES: Mapping[str, Origin] = {
    "": "value",
    "_env": "env",
    "_file": "file",
    "_credential": "credential",
}
"""A field `token: Secret` may be written as token, token_env, token_file or token_credential."""

_WORDS = {
    "a valid string": "a text",
    "a valid integer": "a whole number",
    "a valid number": "a number",
    "a valid boolean": "true or false",
    "a valid tuple": "a list",
    "a valid list": "a list",
    "a valid dictionary": "a section of keys",
    "a valid mapping": "a section of keys",
}
_SAID = "config"  # the type of an error whose message is already one of ours
_LONGEST = 60  # characters of a wrong value worth repeating


class Section(BaseModel):
    """A null counts as if the key were not there."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @model_validator(mode="wrap")
    @classmethod
    def _read(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        return _explaining(cls, data, handler)

    @model_serializer(mode="wrap")
    def _write(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return unfolded(self, handler(self))


def validated(cls: type[M], data: Any) -> M:
    """Any model as if it were a Section: a plain one that says nothing of it forbids extra keys,
    too. Raises ValidationError, in our words."""
    extra: Literal["forbid"] | None = None if "extra" in cls.model_config else "forbid"
    return _explaining(cls, data, lambda d: cls.model_validate(d, extra=extra))


def keys(cls: type[BaseModel]) -> Iterator[str]:
    """All that may be written in this section."""
    for name in cls.model_fields:
        yield from (name + suffix for suffix in SUFFIXES) if name in secrets(cls) else (name,)


def secrets(cls: type[BaseModel]) -> set[str]:
    """The fields that hold one secret."""
    fields = cls.model_fields.items()
    return {n for n, f in fields if Secret in (f.annotation, *get_args(f.annotation))}


def unfolded(section: BaseModel, dump: dict[str, Any]) -> dict[str, Any]:
    """The dump with each secret under the key that it was written with."""
    suffix_of = {origin: suffix for suffix, origin in SUFFIXES.items()}
    for name in secrets(type(section)) & dump.keys():
        if isinstance(secret := getattr(section, name), Secret):
            dump[name + suffix_of[secret.origin]] = dump.pop(name)
    return dump


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint for someone who wrote a name that isn't one."""
    known = sorted(known)
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known here: {', '.join(known) or 'none'}"


def problems(problems: Iterable[tuple[Location, str]]) -> ValidationError:
    """An error for a validator to raise; pydantic puts its own place before each location."""
    return ValidationError.from_exception_data(
        "config",
        [
            InitErrorDetails(
                type=PydanticCustomError(_SAID, "{problem}", {"problem": redact(problem)}),
                loc=location,
                input=None,
            )
            for location, problem in problems
        ],
    )


def _explaining(cls: type[M], data: Any, validate: Callable[[Any], M]) -> M:
    twice = list(_given_twice(cls, data))
    try:
        model = validate(_folded(cls, data))
    except ValidationError as error:
        known = set(keys(cls))
        found = ((_as_written(e["loc"], data), _sentence(e, known)) for e in error.errors())
        raise problems([*twice, *found]) from None
    if twice:
        raise problems(twice)
    return model


def _folded(cls: type[BaseModel], data: Any) -> Any:
    if not isinstance(data, Mapping):
        return data
    result = {k: v for k, v in data.items() if v is not None or k not in set(keys(cls))}
    for name in secrets(cls):
        for suffix, origin in SUFFIXES.items():
            if name + suffix in result:
                content = result.pop(name + suffix)
                done = isinstance(content, Given | Secret)
                result[name] = content if done else Given(origin, content)
    return result


def _given_twice(cls: type[BaseModel], data: Any) -> Iterator[tuple[Location, str]]:
    for name in secrets(cls) if isinstance(data, Mapping) else ():
        written = [name + s for s in SUFFIXES if data.get(name + s) is not None]
        if len(written) > 1:
            yield (written[1],), f"the same as {written[0]}: keep one of them"


def _as_written(location: Location, data: Any) -> Location:
    """Pydantic speaks of `token` where the file has `token_env`."""
    if not location or not isinstance(data, Mapping) or location[0] in data:
        return location
    variants = (f"{location[0]}{suffix}" for suffix in SUFFIXES)
    return next(((v, *location[1:]) for v in variants if v in data), location)


def _sentence(error: ErrorDetails, known: Iterable[str]) -> str:
    message, location = error["msg"], error["loc"]
    match error["type"]:
        case "extra_forbidden":
            hint = nearest(str(location[0]), known) if len(location) == 1 else ""
            return f"unknown key; {hint}".rstrip("; ")
        case "missing":
            name = location[-1]
            variants = [f"{name}{suffix}" for suffix in SUFFIXES]
            return f"is missing: give {_either(variants)}" if variants[1] in known else "is missing"
        case "model_type" | "dict_type" | "model_attributes_type":
            message = "It should be a section of keys"
        case "value_error":
            return message.removeprefix("Value error, ")
    _, should, wanted = message.partition(" should ")
    if not should:
        return message
    for pydantics, ours in _WORDS.items():
        wanted = wanted.replace(pydantics, ours)
    return f"should {wanted.split(', unable')[0]}, found {_shortened(error['input'])}"


def _shortened(value: Any) -> str:
    if isinstance(value, Mapping):
        return "a section of keys"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "a list"
    text = repr(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def _either(options: Sequence[str]) -> str:
    return f"{', '.join(options[:-1])} or {options[-1]}"
