"""Discord's adapter passes the suite that all adapters have to pass."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.testing.conformance import Conformance, Network
from bot.testing.discord import DiscordServer
from tests.adapters.discord_bot import configured, place
from tests.adapters.kept import Notes

pytestmark = pytest.mark.slow


class TestDiscord(Conformance):
    @pytest.fixture(params=["channel", "direct"])
    async def network(self, request: pytest.FixtureRequest) -> AsyncIterator[Network]:
        async with DiscordServer() as server:
            ann = server.user("Ann")
            channel = server.guild("Home", ann).text("general")
            if request.param == "direct":
                channel = ann.private
            adapter = configured(server)
            adapter.give_memory(Notes())

            async def say(text: str) -> None:
                ann.says(text, channel)

            async def remove() -> None:
                channel.by(server.bot.id)[-1].deleted = True

            def shown() -> list[str]:
                return [message.text for message in channel.shown]

            try:
                yield Network(adapter, place(channel), shown, say, remove)
            finally:
                await adapter.close()
