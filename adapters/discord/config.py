"""What stands under `adapters: discord:`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from bot.adapter import Secret, Section

Url = Annotated[str, Field(pattern=r"^https?://[^\s?#]+[^\s?#/]$")]
Snowflake = Annotated[str, BeforeValidator(str), Field(pattern=r"^\d{1,20}$")]
Context = Literal["channel", "thread", "reply-chain"]


class DiscordConfig(Section):
    token: Secret
    """From https://discord.com/developers/applications, under Bot."""
    api_url: Url = "https://discord.com/api/v10"
    """Of a proxy before Discord's API, if you run one."""
    context: Context = "channel"
    """What a conversation is in a server: a channel or thread; a thread that the bot opens for each
    question; or a chain of replies."""
    thoughts: Literal["spoiler", "thread"] = "spoiler"
    """Where thoughts go that are shown: under the answer's line, or into a thread of their own."""
    guilds: tuple[Snowflake, ...] = ()
    """The servers that get the slash commands; everywhere where none is named."""
    admin_roles: tuple[Snowflake, ...] = ()
    """Roles that administer the bot like those who may manage the server."""
    shards: Literal["auto"] | Annotated[int, Field(ge=1)] = "auto"
    """How many the whole bot has, over all its processes."""
    shard_ids: tuple[Annotated[int, Field(ge=0)], ...] = ()
    """Those of this process; all of them where none is named."""
    catch_up: float = Field(default=3600.0, ge=0, le=7 * 86_400)
    """Seconds; how far back messages are looked for that were missed while away."""
    file_bytes: int = Field(default=5_000_000, ge=0, le=25 * 1024 * 1024)
    """The largest document that is read for the model."""
    file_seconds: float = Field(default=30.0, gt=0, le=600)
    """How long downloading and reading one may take."""

    @model_validator(mode="after")
    def _shards_of_this_process(self) -> Self:
        known = 0 if self.shards == "auto" else self.shards
        if any(shard >= known for shard in self.shard_ids):
            raise ValueError("shard_ids are from 0 to shards - 1, and shards is a number then")
        return self
