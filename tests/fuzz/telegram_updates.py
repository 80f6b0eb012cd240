"""Updates of every kind that the adapter listens to, as a server really words them."""

from __future__ import annotations

from bot.testing.telegram import TelegramServer
from bot.testing.telegram.chats import Json


async def samples() -> list[Json]:
    async with TelegramServer() as server:
        server.world.updates.allow(["message", "edited_message", "callback_query", "chat_member"])
        ann, ben = server.person(1001, "Ann", username="ann"), server.person(1002, "Ben")
        group = server.group(-5, "G", ann, ben, forum=True)
        said = ann.says("hello **bold** https://example.org #tag")
        ann.says("/start deep link")
        ben.says("@chinwag_bot hello", group.chat)
        ann.edits(said, "changed")
        ann.sends_file("a.txt", b"text", caption="read this")
        ann.sends_file("", b"OggS", "audio/ogg", kind="voice")
        return list(server.world.updates.waiting)
