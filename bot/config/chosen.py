"""Sections whose keys belong to a plugin: found by entry point, checked by its `Config`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, cast

from pydantic import BaseModel, BeforeValidator, PlainSerializer, PlainValidator

from bot import plugins
from bot.errors import PluginError
from bot.section import nearest, problems, unfolded, validated


@dataclass(frozen=True, slots=True)
class Chosen:
    """The engine's `kind`, and its `options` as its own class's `Config`."""

    kind: str
    options: BaseModel


def _engine(data: Any) -> Chosen:
    if isinstance(data, Chosen):
        return data
    if not isinstance(data, Mapping | None):
        raise problems([((), "expected a section of keys, as in `kind: local`")])
    options = dict(data or {})
    kind = options.pop("kind", None) or "local"
    config = _config("engines", kind, ("kind",))
    if "kind" in config.model_fields:
        options["kind"] = kind
    return Chosen(kind, validated(config, options))


def _adapter(item: tuple[str, Any]) -> BaseModel:
    name, data = item
    if isinstance(data, BaseModel):
        return data
    return validated(_config("adapters", name), {} if data is None else data)


def _config(kind: plugins.Kind, name: object, location: tuple[str, ...] = ()) -> type[BaseModel]:
    """Of the plugin with this name. Raises ValidationError, at the location."""
    try:
        return cast("type[BaseModel]", plugins.load(kind, str(name)).Config)
    except PluginError as error:
        known = plugins.names(kind)
        missing = f"there is no {name!r} among the {kind}; {nearest(str(name), known)}"
        raise problems([(location, str(error) if name in known else missing)]) from None


def _named(data: Any) -> Any:
    return (
        {name: (name, item) for name, item in data.items()} if isinstance(data, Mapping) else data
    )


def _dump(options: BaseModel) -> dict[str, Any]:
    return unfolded(options, options.model_dump(mode="json"))


def _dump_engine(engine: Chosen) -> dict[str, Any]:
    return {"kind": engine.kind, **_dump(engine.options)}


Engine = Annotated[Chosen, PlainValidator(_engine), PlainSerializer(_dump_engine)]
Adapters = Annotated[
    Mapping[str, Annotated[BaseModel, PlainValidator(_adapter), PlainSerializer(_dump)]],
    BeforeValidator(_named),
]
