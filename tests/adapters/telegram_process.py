"""chinwag as a process of its own, on the strict Bot API server."""

from __future__ import annotations

from bot.testing.telegram import Message, TelegramServer
from tests.adapters.process import ChinwagProcess


class Chinwag(ChinwagProcess[TelegramServer]):
    network = "telegram"
    owner = "1001"

    @property
    def addresses(self) -> dict[str, str]:
        return {"base_url": self.server.base_url, "base_file_url": self.server.base_file_url}

    def arrivals(self) -> int:
        return self.server.api.calls["getUpdates"]


chinwag = Chinwag.running


def answers(server: TelegramServer, to: Message) -> list[str]:
    """The texts of the bot's messages that reply to this one."""
    mine = to.chat.by(server.world.bot_id)
    return [message.text for message in mine if message.reply_to is to]
