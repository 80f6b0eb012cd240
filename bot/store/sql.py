"""bot.store.Store in an SQL database: SQLite, or PostgreSQL."""

from __future__ import annotations

from bot.store.aging import Aging
from bot.store.buttons import Buttons
from bot.store.grants import Grants
from bot.store.limits import Limits
from bot.store.messages import Messages
from bot.store.moving import Moving
from bot.store.overview import Overview
from bot.store.people import People
from bot.store.rights import Rights
from bot.store.settings import Settings
from bot.store.turns import Turns


class SqlStore(
    Messages,
    Turns,
    Buttons,
    Settings,
    People,
    Grants,
    Limits,
    Rights,
    Aging,
    Moving,
    Overview,
):
    """One family of methods a file; `bot.store.open.open_store` makes one."""

    async def close(self) -> None:
        await self._database.close()
