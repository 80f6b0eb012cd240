"""Reading back what was said."""

from __future__ import annotations

from bot.testing.discord.accounts import Json
from bot.testing.discord.channels import Channel
from bot.testing.discord.checks.form import Form
from bot.testing.discord.intents import Intents
from bot.testing.discord.messages import Message
from bot.testing.discord.permissions import Permission
from bot.testing.discord.rest.call import Answer, Call
from bot.testing.discord.rest.methods.messages import ONE, found
from bot.testing.discord.rest.routes import Route
from bot.testing.discord.visibility import permissions, shown
from bot.testing.discord.world import World

MOST = 100


async def get_messages(world: World, call: Call) -> Answer:
    """Newest first. Where the bot may not read the history there is none."""
    channel = world.reachable(call.id("channel"))
    limit = call.number("limit", 50)
    form = Form({"limit": limit})
    form["limit"].number(1, MOST)
    form.done()
    if Permission.READ_MESSAGE_HISTORY not in permissions(world.bot, channel):
        return Answer([])
    return Answer([_json(world, m) for m in reversed(_window(channel, call, limit))])


def _window(channel: Channel, call: Call, limit: int) -> list[Message]:
    """Oldest first."""
    messages = channel.shown
    if "after" in call.query:
        after = call.number("after", 0)
        return [m for m in messages if m.id > after][:limit]
    if "around" in call.query:
        around = call.number("around", 0)
        before = [m for m in messages if m.id < around][-(limit // 2) :]
        return before + [m for m in messages if m.id >= around][: limit - len(before)]
    before_id = call.number("before", 1 << 63)
    return [m for m in messages if m.id < before_id][-limit:]


async def get_message(world: World, call: Call) -> Answer:
    channel = world.reachable(call.id("channel"), Permission.READ_MESSAGE_HISTORY)
    return Answer(_json(world, found(channel, call)))


def _json(world: World, message: Message) -> Json:
    return shown(message, world.bot, content=Intents.MESSAGE_CONTENT in world.granted)


ROUTES = (
    Route("GET", "/channels/{channel}/messages", get_messages),
    Route("GET", ONE, get_message),
)
