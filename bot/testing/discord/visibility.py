"""What the bot is told: never of channels that it can't see, and without the intent for it no
content but what is meant for it."""

from __future__ import annotations

from bot.testing.discord.accounts import Account, Json
from bot.testing.discord.channels import Channel, Kind
from bot.testing.discord.intents import Intents
from bot.testing.discord.messages import Message
from bot.testing.discord.permissions import PRIVATE, Permission

EMPTIED = {"content": "", "embeds": [], "attachments": [], "components": []}


def permissions(account: Account, channel: Channel) -> Permission:
    if channel.guild is None:
        return PRIVATE
    return channel.guild.permissions(account, channel)


def sees(account: Account, channel: Channel) -> bool:
    if Permission.VIEW_CHANNEL not in permissions(account, channel):
        return False
    if channel.kind is not Kind.PRIVATE_THREAD:
        return True
    manages = Permission.MANAGE_THREADS in permissions(account, channel)
    return manages or account.id in channel.members


def shown(message: Message, bot: Account, *, content: bool) -> Json:
    """The message as the API gives it to a bot with or without the intent for content."""
    json = _emptied(message, message.plain, bot, content=content)
    if message.reference is None:
        return json
    earlier = message.reference
    if earlier.deleted:
        return json | {"referenced_message": None}
    return json | {"referenced_message": _emptied(earlier, earlier.plain, bot, content=content)}


def _emptied(message: Message, json: Json, bot: Account, *, content: bool) -> Json:
    private = message.channel.guild is None
    mine = message.author is bot or message.only_for is not None
    if content or private or mine or bot in message.pings.users:
        return json
    return json | EMPTIED


def event(message: Message, bot: Account, intents: Intents) -> Json:
    """A message as it comes over the gateway: with its guild, and its author as a member."""
    json = shown(message, bot, content=Intents.MESSAGE_CONTENT in intents)
    guild = message.channel.guild
    if guild is None:
        return json | {"channel_type": int(Kind.DM)}
    member = guild.members.get(message.author.id)
    beside = {"member": member.json} if member else {}
    mentions = [_mentioned(message, user) for user in message.pings.users]
    return json | beside | {"guild_id": str(guild.id), "mentions": mentions}


def _mentioned(message: Message, user: Account) -> Json:
    guild = message.channel.guild
    member = guild.members.get(user.id) if guild else None
    return user.json | ({"member": member.json} if member else {})
