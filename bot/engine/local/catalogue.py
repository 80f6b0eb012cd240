"""``chinwag model plan | fetch | list``: what a model needs, getting it, and what is here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bot.engine.local import demo, hub, plan_table
from bot.engine.local.config import LocalConfig
from bot.engine.local.loader import make_plan
from bot.engine.local.progress import Progress
from bot.engine.local.sizes import human

if TYPE_CHECKING:
    from huggingface_hub import HFCacheInfo


@dataclass(frozen=True, slots=True)
class Kept:
    """A model in the cache; `size` is in bytes, `used` when a file of it was last read."""

    name: str
    size: int
    folder: str
    used: str


def plan(config: LocalConfig, home: Path, progress: Progress, *, as_json: bool = False) -> str:
    """The plan of `config.model` for this machine, whether it fits or not.

    Only config.json is fetched. Raises ModelUnavailable if that can't be had.
    """
    planned, machine = make_plan(config, home, progress)
    if as_json:
        return json.dumps(plan_table.as_json(planned, config, machine), indent=2)
    return plan_table.as_text(planned, config, machine)


def fetch(config: LocalConfig, home: Path, progress: Progress) -> str:
    """Everything that the model needs into the cache. Raises ModelUnavailable."""
    folder = hub.fetch(config, home, progress)
    return f"{config.model} is in {folder}."


def listing(config: LocalConfig, home: Path, *, as_json: bool = False) -> str:
    """What is in the cache, largest first."""
    cache = config.cache_folder(home)
    models = sorted(kept(cache), key=lambda model: model.size, reverse=True)
    if as_json:
        return json.dumps([asdict(model) for model in models], indent=2)
    if not models:
        return f"There are no models in {cache}; `chinwag model fetch MODEL` gets one."
    rows = [("model", "size", "last used"), *((m.name, human(m.size), m.used) for m in models)]
    return plan_table.table(rows)


def kept(cache: Path) -> Iterator[Kept]:
    converted = demo.cached(cache)
    if converted.is_dir():
        size = sum(path.stat().st_size for path in converted.iterdir())
        used = max(path.stat().st_atime for path in converted.iterdir())
        yield Kept("demo", size, str(converted), _day(used))
    for repository in sorted(_scan(cache).repos, key=lambda repository: repository.repo_id):
        path, used = str(repository.repo_path), repository.last_accessed
        yield Kept(repository.repo_id, repository.size_on_disk, path, _day(used))


def _scan(cache: Path) -> HFCacheInfo:
    from huggingface_hub import scan_cache_dir

    folder = hub.hub_cache(cache)
    folder.mkdir(parents=True, exist_ok=True)
    return scan_cache_dir(folder)


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
