"""Guilds, their roles and members."""

from __future__ import annotations

from bot.testing.discord.accounts import Account
from bot.testing.discord.failures import missing_access, unknown
from bot.testing.discord.guilds import Guild
from bot.testing.discord.intents import Intents
from bot.testing.discord.rest.call import Answer, Call
from bot.testing.discord.rest.routes import Route
from bot.testing.discord.visibility import sees
from bot.testing.discord.world import World


async def get_guild(world: World, call: Call) -> Answer:
    return Answer(world.joined(call.id("guild")).json)


async def get_roles(world: World, call: Call) -> Answer:
    guild = world.joined(call.id("guild"))
    return Answer([role.json for role in guild.roles.values()])


async def get_channels(world: World, call: Call) -> Answer:
    guild = world.joined(call.id("guild"))
    there = [c for c in guild.channels.values() if not (c.deleted or c.kind.is_thread)]
    return Answer([channel.json for channel in there])


async def get_active_threads(world: World, call: Call) -> Answer:
    guild = world.joined(call.id("guild"))
    seen = [t for t in guild.threads if not t.deleted and sees(world.bot, t)]
    members = [_thread_member(t.id, world.bot) for t in seen if world.bot.id in t.members]
    return Answer({"threads": [thread.json for thread in seen], "members": members})


def _thread_member(thread_id: int, account: Account) -> dict[str, object]:
    joined = "2026-01-01T00:00:00+00:00"
    ids = {"id": str(thread_id), "user_id": str(account.id)}
    return ids | {"join_timestamp": joined, "flags": 0}


async def get_member(world: World, call: Call) -> Answer:
    member = world.joined(call.id("guild")).members.get(call.id("user"))
    if member is None:
        raise unknown("Member" if call.id("user") in world.accounts else "User")
    return Answer(member.full)


async def get_members(world: World, call: Call) -> Answer:
    guild = world.joined(call.id("guild"))
    if Intents.GUILD_MEMBERS not in world.granted:
        raise missing_access()
    after, limit = call.number("after", 0), min(1000, call.number("limit", 1))
    ids = sorted(member for member in guild.members if member > after)
    return Answer([guild.members[member].full for member in ids[:limit]])


async def search_members(world: World, call: Call) -> Answer:
    guild, query = world.joined(call.id("guild")), call.query.get("query", "").lower()
    return Answer(_named(guild, query)[: min(1000, call.number("limit", 1))])


def _named(guild: Guild, query: str) -> list[object]:
    found = (m for m in guild.members.values() if m.account.name.lower().startswith(query))
    return [member.full for member in found]


async def leave_guild(world: World, call: Call) -> Answer:
    world.joined(call.id("guild")).removes_bot()
    return Answer()


ROUTES = (
    Route("GET", "/guilds/{guild}", get_guild),
    Route("GET", "/guilds/{guild}/roles", get_roles),
    Route("GET", "/guilds/{guild}/channels", get_channels),
    Route("GET", "/guilds/{guild}/threads/active", get_active_threads),
    Route("GET", "/guilds/{guild}/members/search", search_members),
    Route("GET", "/guilds/{guild}/members/{user}", get_member),
    Route("GET", "/guilds/{guild}/members", get_members),
    Route("DELETE", "/users/@me/guilds/{guild}", leave_guild),
)
