"""Sending, editing and taking back messages in a channel."""

from __future__ import annotations

from bot.testing.discord.accounts import Json
from bot.testing.discord.channels import Channel, Kind
from bot.testing.discord.checks.form import Form
from bot.testing.discord.compose import check_new, composed, revise
from bot.testing.discord.failures import (
    bad_request,
    forbidden,
    missing_permissions,
    unknown,
)
from bot.testing.discord.messages import DEFAULT, REPLY, Message
from bot.testing.discord.permissions import Permission
from bot.testing.discord.rest.call import Answer, Call
from bot.testing.discord.rest.routes import Route
from bot.testing.discord.visibility import permissions
from bot.testing.discord.world import World

NONCE_SECONDS = 300.0
"""How long a nonce keeps a second message away."""
BULK_DAYS = 14
NOT_TEXT = frozenset({Kind.FORUM, Kind.CATEGORY})


async def send_message(world: World, call: Call) -> Answer:
    channel = world.reachable(call.id("channel"))
    check_writable(world, channel)
    check_new(call.body, call.uploads)
    _check_parts(world, channel, call.body, files=bool(call.uploads))
    earlier = _same_nonce(world, channel, call.body)
    if earlier is not None:
        return Answer(earlier.json)
    reply_to = _reference(world, channel, call.body)
    message = composed(
        world,
        channel,
        call.body,
        call.uploads,
        reference=reply_to,
        kind=REPLY if reply_to else DEFAULT,
    )
    channel.archived = False
    world.tell_message("MESSAGE_CREATE", message)
    return Answer(message.json)


def check_writable(world: World, channel: Channel) -> None:
    """Raises what keeps the bot from writing here."""
    if channel.kind in NOT_TEXT:
        raise bad_request(50008, "Cannot send messages in a non-text channel")
    if channel.recipient is not None and channel.recipient.blocked:
        raise forbidden(50007, "Cannot send messages to this user")
    needed = Permission.SEND_MESSAGES
    if channel.kind.is_thread:
        needed = Permission.SEND_MESSAGES_IN_THREADS
    has = permissions(world.bot, channel)
    if needed not in has:
        raise missing_permissions()
    if channel.locked and Permission.MANAGE_THREADS not in has:
        raise bad_request(50083, "Thread is archived")


def _check_parts(world: World, channel: Channel, body: Json, *, files: bool) -> None:
    has = permissions(world.bot, channel)
    if files and Permission.ATTACH_FILES not in has:
        raise missing_permissions()
    if body.get("embeds") and Permission.EMBED_LINKS not in has:
        raise missing_permissions()


def _same_nonce(world: World, channel: Channel, body: Json) -> Message | None:
    """Raises 10008 where it has been deleted: its nonce is used up all the same."""
    if not body.get("enforce_nonce") or body.get("nonce") is None:
        return None
    nonce, since = str(body["nonce"]), world.ids.next(NONCE_SECONDS)
    mine = (m for m in channel.messages.values() if m.author is world.bot)
    found = next((m for m in mine if m.nonce == nonce and m.id > since), None)
    if found is not None and found.deleted:
        raise unknown("Message")
    return found


def _reference(world: World, channel: Channel, body: Json) -> Message | None:
    """The message that this one replies to. Raises 50035 where there is none."""
    if body.get("message_reference") is None:
        return None
    form = Form(body)["message_reference"]
    if form.object():
        form["message_id"].snowflake()
    form.done()
    if Permission.READ_MESSAGE_HISTORY not in permissions(world.bot, channel):
        raise bad_request(160002, "Cannot reply without permission to read message history")
    return _referenced(channel, form)


def _referenced(channel: Channel, form: Form) -> Message | None:
    message = channel.messages.get(form["message_id"].snowflake())
    if message is not None and not message.deleted:
        return message
    if form["fail_if_not_exists"].value is not False:
        form.wrong("MESSAGE_REFERENCE_UNKNOWN_MESSAGE", "Unknown message")
        form.done()
    return None


def found(channel: Channel, call: Call) -> Message:
    """The message that the path names; ephemeral ones can't be had here. Raises 10008."""
    message = channel.messages.get(call.id("message"))
    if message is None or message.deleted or message.ephemeral:
        raise unknown("Message")
    return message


async def edit_message(world: World, call: Call) -> Answer:
    channel = world.reachable(call.id("channel"))
    message = found(channel, call)
    if message.author is not world.bot:
        raise forbidden(50005, "Cannot edit a message authored by another user")
    if channel.archived:
        raise bad_request(50083, "Thread is archived")
    _check_parts(world, channel, call.body, files=bool(call.uploads))
    revise(world, message, call.body, call.uploads)
    world.tell_message("MESSAGE_UPDATE", message)
    return Answer(message.json)


async def delete_message(world: World, call: Call) -> Answer:
    channel = world.reachable(call.id("channel"))
    message = found(channel, call)
    manages = Permission.MANAGE_MESSAGES in permissions(world.bot, channel)
    if message.author is not world.bot and not manages:
        raise missing_permissions()
    if channel.archived:
        raise bad_request(50083, "Thread is archived")
    world.tell_deleted(channel, message)
    return Answer()


async def bulk_delete(world: World, call: Call) -> Answer:
    """Two to a hundred, none older than two weeks; those that can't be found are skipped."""
    channel = world.reachable(call.id("channel"), Permission.MANAGE_MESSAGES)
    form = Form(call.body)
    ids = [item.snowflake() for item in form["messages"].items(100, least=2)]
    form.done()
    if min(ids) < world.ids.next(BULK_DAYS * 86400.0):
        raise bad_request(50034, "A message provided was too old to bulk delete")
    there = [channel.messages[n] for n in ids if n in channel.messages]
    shown = [message for message in there if not message.deleted]
    if shown:
        world.tell_deleted(channel, *shown)
    return Answer()


ONE = "/channels/{channel}/messages/{message}"
ROUTES = (
    Route("POST", "/channels/{channel}/messages", send_message),
    Route("PATCH", ONE, edit_message),
    Route("DELETE", ONE, delete_message),
    Route("POST", "/channels/{channel}/messages/bulk-delete", bulk_delete),
)
