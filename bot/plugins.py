"""How adapters, engines and plugins are found: by entry point, the built-in ones like any other."""

from __future__ import annotations

from functools import cache
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from typing import TYPE_CHECKING, Any, Literal, cast

from bot.errors import PluginError

if TYPE_CHECKING:
    from bot.adapter import AdapterFactory
    from bot.engine import EngineFactory

Kind = Literal["adapters", "engines", "plugins"]


@cache
def _points(kind: Kind) -> EntryPoints:
    """Read once: it looks into every installed distribution."""
    return entry_points(group=f"chinwag.{kind}")


def names(kind: Kind) -> list[str]:
    return sorted(_points(kind).names)


def load(kind: Kind, name: str) -> Any:
    """The object behind an entry point. Raises PluginError, naming what to install."""
    points = _points(kind).select(name=name)
    if not points:
        raise PluginError(name, f"no such plugin in {kind}; there are: {', '.join(names(kind))}")
    return _import(next(iter(points)))


def _import(point: EntryPoint) -> Any:
    try:
        return point.load()
    except ModuleNotFoundError as missing:
        raise PluginError(
            point.name,
            f"it needs the package {missing.name}: pip install 'chinwag[{point.name}]'",
        ) from missing


def adapter(name: str) -> AdapterFactory:
    return cast("AdapterFactory", load("adapters", name))


def engine(name: str) -> EngineFactory:
    return cast("EngineFactory", load("engines", name))
