"""Threads and forum posts."""

from __future__ import annotations

from bot.testing.discord.accounts import Json
from bot.testing.discord.channels import Channel, Kind
from bot.testing.discord.checks.form import Form
from bot.testing.discord.compose import check_new, composed
from bot.testing.discord.failures import bad_request
from bot.testing.discord.permissions import Permission
from bot.testing.discord.rest.call import Answer, Call
from bot.testing.discord.rest.methods.messages import found
from bot.testing.discord.rest.routes import Route
from bot.testing.discord.threads import open_post, open_thread
from bot.testing.discord.world import World

DURATIONS = frozenset({60, 1440, 4320, 10080})
PUBLIC = frozenset({Kind.TEXT, Kind.NEWS})


def _check(body: Json) -> str:
    """Returns the name."""
    form = Form(body)
    name = form["name"].text(1, 100)
    if form["auto_archive_duration"].given:
        form["auto_archive_duration"].one_of(DURATIONS)
    form.done()
    return name


async def thread_from_message(world: World, call: Call) -> Answer:
    channel = world.reachable(call.id("channel"))
    _check_kind(channel, PUBLIC)
    world.reachable(channel.id, Permission.CREATE_PUBLIC_THREADS)
    message = found(channel, call)
    name = _check(call.body)
    if message.thread is not None:
        raise bad_request(160004, "A thread has already been created for this message")
    return Answer(open_thread(world, channel, name, world.bot, on=message).json, 201)


async def thread_alone(world: World, call: Call) -> Answer:
    """In a forum a thread is a post, and has a first message."""
    channel = world.reachable(call.id("channel"))
    _check_kind(channel, PUBLIC | {Kind.FORUM})
    name = _check(call.body)
    if channel.kind is Kind.FORUM:
        return _post(world, channel, name, call)
    private = call.body.get("type", Kind.PRIVATE_THREAD) == Kind.PRIVATE_THREAD
    needed = Permission.CREATE_PRIVATE_THREADS if private else Permission.CREATE_PUBLIC_THREADS
    world.reachable(channel.id, needed)
    return Answer(open_thread(world, channel, name, world.bot, private=private).json, 201)


def _post(world: World, forum: Channel, name: str, call: Call) -> Answer:
    world.reachable(forum.id, Permission.SEND_MESSAGES)
    form = Form(call.body)["message"]
    form.object()
    form.done()
    body: Json = form.value
    check_new(body, call.uploads)
    thread = open_post(world, forum, name, world.bot)
    message = composed(world, thread, body, call.uploads, id=thread.id)
    world.tell_message("MESSAGE_CREATE", message)
    return Answer(thread.json | {"message": message.json}, 201)


def _check_kind(channel: Channel, kinds: frozenset[Kind]) -> None:
    if channel.kind not in kinds:
        raise bad_request(50024, "Cannot execute action on this channel type")


async def join_thread(world: World, call: Call) -> Answer:
    thread = world.reachable(call.id("channel"))
    if not thread.kind.is_thread:
        raise bad_request(50024, "Cannot execute action on this channel type")
    thread.members.add(world.bot.id)
    return Answer()


async def leave_thread(world: World, call: Call) -> Answer:
    world.reachable(call.id("channel")).members.discard(world.bot.id)
    return Answer()


ROUTES = (
    Route("POST", "/channels/{channel}/messages/{message}/threads", thread_from_message),
    Route("POST", "/channels/{channel}/threads", thread_alone),
    Route("PUT", "/channels/{channel}/thread-members/@me", join_thread),
    Route("DELETE", "/channels/{channel}/thread-members/@me", leave_thread),
)
