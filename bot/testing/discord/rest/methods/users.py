"""The bot itself, other users, direct messages."""

from __future__ import annotations

from bot.testing.discord.failures import bad_request, unknown
from bot.testing.discord.rest.call import Answer, Call
from bot.testing.discord.rest.routes import Route
from bot.testing.discord.world import World


async def get_me(world: World, call: Call) -> Answer:
    return Answer(world.bot.json | {"verified": True, "mfa_enabled": True, "locale": "en-US"})


async def get_user(world: World, call: Call) -> Answer:
    user = world.accounts.get(call.id("user"))
    if user is None:
        raise unknown("User")
    return Answer(user.json)


async def get_my_guilds(world: World, call: Call) -> Answer:
    joined = [guild for guild in world.guilds.values() if guild.joined is not None]
    own = {
        guild: {"owner": False, "permissions": str(int(guild.permissions(world.bot)))}
        for guild in joined
    }
    return Answer([guild.json | own[guild] for guild in joined])


async def create_dm(world: World, call: Call) -> Answer:
    wanted = str(call.body.get("recipient_id", ""))
    user = world.accounts.get(int(wanted)) if wanted.isdecimal() else None
    if user is None or user.bot:
        raise bad_request(50033, "Invalid Recipient(s)")
    return Answer(world.direct(user).json)


ROUTES = (
    Route("GET", "/users/@me", get_me),
    Route("GET", "/users/@me/guilds", get_my_guilds),
    Route("POST", "/users/@me/channels", create_dm),
    Route("GET", "/users/{user}", get_user),
)
