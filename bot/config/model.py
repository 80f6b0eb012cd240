"""The whole config: every key with its default and its range.

What stands under `engine` and under each of `adapters` is described by that plugin's own `Config`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from bot.config.chosen import Adapters, Engine
from bot.config.people import Person, Someone
from bot.config.source import HOME, absolute
from bot.language import AUTO, languages
from bot.section import Section
from bot.types import ContextMode, RespondMode, ThinkingMode

Whole = Annotated[int, Field(strict=True)]
Number = Annotated[float, Field(strict=True)]


def _folder(path: Path) -> Path:
    if "\0" in str(path):
        raise ValueError("expected a path, which has no NUL in it")
    return absolute(path)


def _language(code: str) -> str:
    if code not in (known := (AUTO, *languages())):
        raise ValueError(f"expected one of {', '.join(known)}, found {code!r}")
    return code


def _database(url: str) -> str:
    if not re.match(r"(sqlite|postgresql)(\+\w+)?://", url):
        raise ValueError(f"expected sqlite:///FILE or postgresql://…, found {url!r}")
    return url


Folder = Annotated[Path, AfterValidator(_folder)]

Options = Annotated[Mapping[str, Any], BeforeValidator(lambda data: {} if data is None else data)]


class Store(Section):
    url: Annotated[str, AfterValidator(_database)] = "sqlite:///chinwag.db"
    """sqlite:///FILE (relative to home), or postgresql://USER:PASSWORD@HOST/DATABASE."""


class Sampling(Section):
    """vLLM's names. Only what is written here overrides a model's own defaults: see `written`."""

    temperature: Number = Field(default=0.7, ge=0, le=2)
    top_p: Number = Field(default=0.9, ge=0, le=1)
    top_k: Whole = Field(default=0, ge=0, le=1_000_000)
    min_p: Number = Field(default=0.0, ge=0, le=1)
    repetition_penalty: Number = Field(default=1.0, ge=0.1, le=10)
    presence_penalty: Number = Field(default=0.0, ge=-2, le=2)
    frequency_penalty: Number = Field(default=0.0, ge=-2, le=2)
    max_new_tokens: Whole = Field(default=1024, ge=1, le=1_000_000)
    seed: Whole | None = Field(default=None, ge=0, lt=2**63)
    stop: tuple[Annotated[str, Field(min_length=1)], ...] = Field(default=(), max_length=16)
    thinking_budget: Whole | None = Field(default=None, ge=0, le=1_000_000)

    def written(self) -> Mapping[str, Any]:
        return {name: getattr(self, name) for name in self.model_fields_set}


class Access(Section):
    owner: tuple[Person, ...] = ()
    allow: tuple[Someone, ...] = ()


class History(Section):
    messages: Whole = Field(default=200, ge=1, le=10_000)
    """The most that are read for one answer; the model's context window holds besides."""


class Delivery(Section):
    file_over: Whole = Field(default=20_000, ge=1)
    """Characters; a longer answer goes as a file."""
    checkpoint_seconds: Number = Field(default=2.0, gt=0, le=60)
    """How often what has been said so far is stored."""


class Turns(Section):
    max_waiting: Whole = Field(default=8, ge=1, le=1_000)
    """Of one person in one conversation; to the next message the bot says that it is busy."""
    max_open: Whole = Field(default=1_000, ge=1, le=100_000)
    """Of all conversations together; then the networks keep what comes until there is room."""
    max_age: Number = Field(default=3_600.0, gt=0)
    """Seconds; older messages, as they come after an outage, are stored and not answered."""


class Allowance(Section):
    """0 is no limit."""

    messages_per_minute: Whole = Field(default=0, ge=0, le=10_000)
    tokens_per_day: Whole = Field(default=0, ge=0)
    waiting: Whole = Field(default=0, ge=0, le=10_000)

    def limits(self) -> Mapping[str, int | None]:
        return {name: number or None for name, number in self.model_dump().items()}


class OfUser(Allowance):
    messages_per_minute: Whole = Field(default=60, ge=0, le=10_000)
    waiting: Whole = Field(default=64, ge=0, le=10_000)


class Limits(Section):
    owner: Allowance = Allowance()
    admin: OfUser = OfUser()
    user: OfUser = OfUser()
    place: Allowance = Allowance()


class Retention(Section):
    days: Whole = Field(default=0, ge=0, le=36_500)
    """0 keeps what is said for ever; places can set their own."""


class Backups(Section):
    every: Number = Field(default=86_400.0, ge=0, le=31_536_000)
    """Seconds; 0 leaves them to `chinwag db backup`."""
    keep: Whole = Field(default=7, ge=1, le=10_000)


class Service(Section):
    drain_seconds: Number = Field(default=20.0, ge=0, le=3_600)
    """What replies under way get to end, once the process is asked to."""


class Log(Section):
    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "json", "console"] = "auto"
    texts: bool = False
    """Whether what people and the model say may stand in the log."""


class Config(Section):
    home: Folder = Field(default=Path(HOME), validate_default=True)
    store: Store = Store()
    engine: Engine = Field(default=None, validate_default=True)
    models: Mapping[str, Engine] = Field(default={})
    sampling: Sampling = Sampling()
    system_prompt: str = Field(default="You are a helpful assistant.", max_length=8_000)
    adapters: Adapters = Field(default={})
    access: Access = Access()
    respond: RespondMode = "mention"
    context: ContextMode = "asked"
    thinking: ThinkingMode = "line"
    language: Annotated[str, AfterValidator(_language)] = AUTO
    history: History = History()
    delivery: Delivery = Delivery()
    turns: Turns = Turns()
    limits: Limits = Limits()
    retention: Retention = Retention()
    backups: Backups = Backups()
    plugins: Mapping[str, Options] = Field(default={})
    service: Service = Service()
    log: Log = Log()
