"""All routes of the API that are known here."""

from __future__ import annotations

from bot.testing.discord.rest.methods import (
    applications,
    callbacks,
    channels,
    followups,
    guilds,
    listings,
    messages,
    threads,
    users,
)
from bot.testing.discord.rest.routes import Route

ROUTES: tuple[Route, ...] = tuple(
    route
    for room in (
        applications,
        callbacks,
        channels,
        followups,
        guilds,
        listings,
        messages,
        threads,
        users,
    )
    for route in room.ROUTES
)

__all__ = ["ROUTES", "Route"]
