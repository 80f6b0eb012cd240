"""How a thread begins, with all that Discord makes of it: more messages than the first one."""

from __future__ import annotations

from bot.testing.discord.accounts import Account
from bot.testing.discord.channels import Channel, Kind
from bot.testing.discord.messages import HAS_THREAD, THREAD_CREATED, THREAD_STARTER, Message
from bot.testing.discord.world import World


def open_thread(
    world: World,
    parent: Channel,
    name: str,
    owner: Account,
    *,
    on: Message | None = None,
    private: bool = False,
) -> Channel:
    """Begun on a message it has that message's id, and begins with a pointer to it; without one,
    a note in its parent says that it is there."""
    kind = Kind.PRIVATE_THREAD if private else Kind.PUBLIC_THREAD
    number = on.id if on is not None else world.ids.next()
    thread = _open(world, owner, Channel(number, kind, name, parent.guild, parent, owner))
    if on is not None:
        on.thread, on.flags = thread, on.flags | HAS_THREAD
        world.tell_message("MESSAGE_UPDATE", on)
        starter = world.post(thread, on.author, "", kind=THREAD_STARTER, reference=on)
        world.tell_message("MESSAGE_CREATE", starter)
    elif not private:
        note = world.post(parent, owner, name, kind=THREAD_CREATED)
        world.tell_message("MESSAGE_CREATE", note)
    return thread


def open_post(world: World, forum: Channel, name: str, owner: Account) -> Channel:
    """A forum's thread; its first message is the caller's to post."""
    number = world.ids.next()
    thread = Channel(number, Kind.PUBLIC_THREAD, name, forum.guild, forum, owner)
    return _open(world, owner, thread)


def _open(world: World, owner: Account, thread: Channel) -> Channel:
    thread.members.add(owner.id)
    world.open(thread)
    world.tell_channel("THREAD_CREATE", thread, newly_created=True)
    return thread
