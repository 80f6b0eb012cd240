"""Events of every kind that the adapter listens to, as a server really words them."""

from __future__ import annotations

import json
import random
from typing import Any

from bot.testing.common.mangle import mangled
from bot.testing.discord import DiscordServer
from bot.testing.discord.gateway.session import Session, Shard
from bot.testing.discord.intents import KNOWN, Intents

Event = tuple[str, Any]
"""Its name and data."""


class Corpus:
    """Of Ann, who wrote in private and in the channel `general`, where a bot finds her that is
    started afterwards."""

    def __init__(self, server: DiscordServer):
        self._server = server
        self.ann = server.user("Ann", id=2001)
        self.general = server.guild("Home", self.ann).text("general")
        self.events = self._recorded()

    def _recorded(self) -> list[Event]:
        server, ann, general = self._server, self.ann, self.general
        session = server.gateway.begin(Shard(), Intents(KNOWN))
        said = ann.says(f"{server.bot.mention} hello **bold**", general)
        ann.says("and a reply", general, reply_to=said)
        ann.says("a file", files={"a.txt": b"text"})
        ann.says("in private")
        ann.edits(said, "changed")
        ann.starts_thread("aside", said)
        ann.deletes(said)
        server.guild("Other", ann)
        server.gateway.end(session)
        frames = [json.loads(sent.frame) for sent in session.sent]
        return [(frame["t"], frame["d"]) for frame in frames]

    def send(self, session: Session, name: str, data: Any) -> None:
        """A message under a number of its own, or it would have been heard before."""
        if name == "MESSAGE_CREATE" and isinstance(data.get("id"), str):
            data["id"] = str(self._server.world.ids.next())
        session.dispatch(name, data)

    def send_mangled(self, session: Session, dice: random.Random) -> None:
        name, data = dice.choice(self.events)
        self.send(session, name, mangled(data, dice))

    def ask(self, text: str) -> None:
        """Of the bot, everywhere."""
        self.ann.says(text)
        self.ann.says(f"{self._server.bot.mention} {text}", self.general)
