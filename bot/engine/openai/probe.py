"""Whether a server answers for the model, without asking the model anything."""

from __future__ import annotations

from collections.abc import Sequence

from bot.engine.openai.config import OpenAIConfig
from bot.engine.openai.servers import Servers, dialect_of, session, window_of
from bot.errors import ModelUnavailable
from bot.types import Finding

PATIENCE = 10.0
"""Seconds: a person waits."""


async def probe(config: OpenAIConfig) -> Sequence[Finding]:
    return [await _server(config, url) for url in config.servers]


async def _server(config: OpenAIConfig, url: str) -> Finding:
    changes = {"base_url": None, "base_urls": (url,)}
    patience = min(PATIENCE, config.start_patience)
    alone = config.model_copy(update={**changes, "start_patience": patience})
    try:
        async with session(alone) as opened:
            model = await Servers(alone, opened).describe()
    except ModelUnavailable as error:
        return Finding("model's server", str(error), "see docs/models.md", ok=False)
    window = window_of(model)
    known = f", {window:,} tokens of context" if window else ""
    return Finding("model's server", f"{url} ({dialect_of(model)}) has {config.model}{known}")
