"""chinwag as a process of its own, on the strict Discord."""

from __future__ import annotations

from bot.testing.discord import DiscordServer, Message
from tests.adapters.process import ChinwagProcess


class Chinwag(ChinwagProcess[DiscordServer]):
    network = "discord"
    owner = "2001"

    @property
    def addresses(self) -> dict[str, str]:
        return {"api_url": self.server.api_url}

    def arrivals(self) -> int:
        return self.lines.count("discord connected")


chinwag = Chinwag.running


def answers(server: DiscordServer, to: Message) -> list[str]:
    """The texts of the bot's messages that reply to this one."""
    return [message.text for message in to.channel.by(server.bot.id) if message.reference is to]
