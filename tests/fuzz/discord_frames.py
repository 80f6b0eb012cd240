"""Events of every kind that the adapter listens to, as a server really words them."""

from __future__ import annotations

import json
from typing import Any

from bot.testing.discord import UNLIMITED, DiscordServer
from bot.testing.discord.gateway.session import Shard
from bot.testing.discord.intents import KNOWN, Intents

Event = tuple[str, Any]
"""Its name and data."""


async def samples() -> list[Event]:
    async with DiscordServer(rates=UNLIMITED) as server:
        session = server.gateway.begin(Shard(), Intents(KNOWN))
        ann = server.user("Ann", id=2001)
        guild = server.guild("Home", ann)
        general = guild.text("general")
        said = ann.says(f"{server.bot.mention} hello **bold**", general)
        ann.says("and a reply", general, reply_to=said)
        ann.says("a file", files={"a.txt": b"text"})
        ann.says("in private")
        ann.edits(said, "changed")
        ann.starts_thread("aside", said)
        ann.deletes(said)
        frames = [json.loads(sent.frame) for sent in session.sent]
    return [(frame["t"], frame["d"]) for frame in frames]
