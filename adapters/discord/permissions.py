"""What the bot may do in a channel, by the names that Discord's settings have for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import discord
from discord import Thread

from bot.types import Place, Post

NAMES: Mapping[str, str] = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "send_messages_in_threads": "Send Messages in Threads",
    "create_public_threads": "Create Public Threads",
    "attach_files": "Attach Files",
    "embed_links": "Embed Links",
    "read_message_history": "Read Message History",
}
OPEN_THREAD = ("create_public_threads", "send_messages_in_threads")
READ_BACK = ("view_channel", "read_message_history")

GuildChannel = discord.abc.GuildChannel | Thread


def lacking(channel: GuildChannel | None, needed: Iterable[str]) -> list[str]:
    """The names of those that are missing; none where the channel is not known."""
    me = channel.guild.me if channel is not None else None
    if channel is None or me is None:
        return []
    has = channel.permissions_for(me)
    return [NAMES[name] for name in needed if not getattr(has, name)]


def needed(channel: GuildChannel | None, post: Post) -> list[str]:
    say = "send_messages_in_threads" if isinstance(channel, Thread) else "send_messages"
    reply = ["read_message_history"] if post.reply_to else []
    return ["view_channel", say, *reply, *(["attach_files"] if post.files else [])]


def cached(client: discord.Client, channel: int) -> GuildChannel | None:
    found = client.get_channel(channel)
    return found if isinstance(found, discord.abc.GuildChannel | Thread) else None


def administers(client: discord.Client, user: str, roles: Iterable[str], place: Place) -> bool:
    """Whether somebody with these roles may manage the server."""
    guild = client.get_guild(int(place.server)) if place.server else None
    if guild is None:
        return False
    if str(guild.owner_id) == user:
        return True
    held = [guild.default_role, *(guild.get_role(int(role)) for role in roles)]
    granted = [role.permissions for role in held if role is not None]
    return any(p.manage_guild or p.administrator for p in granted)
