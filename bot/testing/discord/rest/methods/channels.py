"""Channels themselves."""

from __future__ import annotations

from bot.testing.discord.checks.form import Form
from bot.testing.discord.failures import bad_request, missing_permissions
from bot.testing.discord.permissions import Permission
from bot.testing.discord.rest.call import Answer, Call
from bot.testing.discord.rest.methods.messages import check_writable
from bot.testing.discord.rest.routes import Route
from bot.testing.discord.visibility import permissions
from bot.testing.discord.world import World


async def get_channel(world: World, call: Call) -> Answer:
    return Answer(world.reachable(call.id("channel")).json)


async def start_typing(world: World, call: Call) -> Answer:
    """Shown for about ten seconds, or until the next message."""
    channel = world.reachable(call.id("channel"))
    check_writable(world, channel)
    channel.typing.append(world.clock.now())
    return Answer()


async def modify_channel(world: World, call: Call) -> Answer:
    """A thread's name, and whether it is archived or locked."""
    channel = world.reachable(call.id("channel"))
    form = Form(call.body)
    form["name"].text(1, 100, optional=True)
    form.done()
    mine = channel.owner is world.bot and "locked" not in call.body
    needed = Permission.MANAGE_THREADS if channel.kind.is_thread else Permission.MANAGE_CHANNELS
    if not mine and needed not in permissions(world.bot, channel):
        raise missing_permissions()
    channel.name = call.body.get("name") or channel.name
    channel.archived = bool(call.body.get("archived", channel.archived))
    channel.locked = bool(call.body.get("locked", channel.locked))
    name = "THREAD_UPDATE" if channel.kind.is_thread else "CHANNEL_UPDATE"
    world.tell_channel(name, channel)
    return Answer(channel.json)


async def delete_channel(world: World, call: Call) -> Answer:
    channel = world.reachable(call.id("channel"))
    if channel.guild is None:
        raise bad_request(50024, "Cannot execute action on this channel type")
    needed = Permission.MANAGE_THREADS if channel.kind.is_thread else Permission.MANAGE_CHANNELS
    world.reachable(channel.id, needed)
    channel.guild.deletes(channel)
    return Answer(channel.json)


ROUTES = (
    Route("GET", "/channels/{channel}", get_channel),
    Route("PATCH", "/channels/{channel}", modify_channel),
    Route("DELETE", "/channels/{channel}", delete_channel),
    Route("POST", "/channels/{channel}/typing", start_typing),
)
