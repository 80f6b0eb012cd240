"""What stands under `adapters: telegram:`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bot.adapter import Secret, Section

Url = Annotated[str, Field(pattern=r"^https?://[^\s?#]+$")]
Seconds = Annotated[float, Field(gt=0, le=600)]


class WebhookConfig(Section):
    """Telegram posts to `url`, which something with a certificate forwards to `listen:port`."""

    url: Url
    listen: str = "127.0.0.1"
    port: int = Field(default=8443, ge=0, le=65_535)
    secret: Secret | None = None
    """What Telegram shows with each update; a new one at each start by default."""


class TelegramConfig(Section):
    token: Secret
    """From @BotFather."""
    base_url: Url = "https://api.telegram.org/bot"
    base_file_url: Url = "https://api.telegram.org/file/bot"
    """Both of a self-hosted Bot API server, if you run one."""
    webhook: WebhookConfig | None = None
    """Long polling where it is missing."""
    drafts: bool = True
    """Whether growing answers are streamed as message drafts in private chats."""
    file_bytes: int = Field(default=5_000_000, ge=0, le=20 * 1024 * 1024)
    """The largest document that is read for the model."""
    file_seconds: Seconds = 30.0
    """How long downloading and reading one may take."""
