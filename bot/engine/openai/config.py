"""What stands under `engine` with `kind: openai`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bot.engine import Secret, Section

Dialect = Literal["openai", "vllm", "sglang", "llama.cpp", "ollama"]
Url = Annotated[str, Field(pattern=r"^https?://\S+$")]


class OpenAIConfig(Section):
    model: str = Field(min_length=1)
    """As the server calls it."""
    base_url: Url | None = None
    """With its path, as in http://localhost:8000/v1."""
    base_urls: tuple[Url, ...] = ()
    """Several servers of the same model: each request goes to the least busy one."""
    api_key: Secret | None = None
    dialect: Literal["auto"] | Dialect = "auto"
    """Whose server it is; auto asks it."""
    context_window: int | None = Field(default=None, ge=256)
    """Tokens of prompt and reply together; null: as the server says."""
    reasons: bool = False
    """Whether the model thinks before it answers."""
    concurrency: int = Field(default=64, ge=1)
    """Requests sent at once; what comes beyond waits here, in order."""
    max_queue: int = Field(default=256, ge=0)
    """Requests that may wait; the next one is told that the model is busy."""
    patience: float = Field(default=300.0, gt=0)
    """Seconds without a sign of life after which a reply counts as broken off."""
    start_patience: float = Field(default=900.0, ge=0)
    """Seconds that the server may take to load its model while the bot starts."""

    @model_validator(mode="after")
    def _has_a_server(self) -> Self:
        if bool(self.base_url) == bool(self.base_urls):
            raise ValueError("give base_url, or base_urls for several servers of the same model")
        return self

    @property
    def servers(self) -> tuple[str, ...]:
        given = self.base_urls or (self.base_url or "",)
        return tuple(url.rstrip("/") for url in given)
