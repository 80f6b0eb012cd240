"""What each frame of a client does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bot.testing.discord.accounts import Account, Json
from bot.testing.discord.gateway.frames import Close, Closing, Frame, Op, fields
from bot.testing.discord.gateway.session import Session, Shard
from bot.testing.discord.guilds import Guild
from bot.testing.discord.intents import KNOWN, PRIVILEGED, Intents

if TYPE_CHECKING:
    from bot.testing.discord.gateway.connection import Connection


def take(connection: Connection, frame: Frame) -> None:
    """Raises Closing."""
    gateway, session = connection.gateway, connection.session
    if frame.op not in _BEFORE and frame.op not in _WITHIN:
        raise Closing(Close.UNKNOWN_OPCODE)
    gateway.received[Op(frame.op)] += 1
    if frame.op in _WITHIN:
        if session is None:
            raise Closing(Close.NOT_AUTHENTICATED)
        _WITHIN[frame.op](connection, session, frame)
    else:
        _BEFORE[frame.op](connection, frame)


def _heartbeat(connection: Connection, frame: Frame) -> None:
    if frame.data is not None and type(frame.data) is not int:
        raise Closing(Close.DECODE_ERROR)
    connection.gateway.heartbeats.beat(connection.pulse)
    if connection.gateway.acknowledges:
        connection.send(Op.HEARTBEAT_ACK, None)


# --- beginning -----------------------------------------------------------------------------------


def _identify(connection: Connection, frame: Frame) -> None:
    given = fields(frame, token=str, intents=int, properties=dict)
    _authenticate(connection, given)
    shard = _shard(given.get("shard"), connection.gateway.least_shards)
    intents = _intents(given["intents"], connection.gateway.world.granted)
    if not connection.gateway.may_identify(shard):
        connection.invalidate()
        return
    session = connection.gateway.begin(shard, intents)
    session.outbox, connection.session = connection.outbox, session
    session.dispatch("READY", connection.gateway.ready(session))
    for guild in connection.gateway.served(session):
        _introduce(session, guild)


def _introduce(session: Session, guild: Guild) -> None:
    if Intents.GUILDS in session.intents:
        whole = guild.whole(members=Intents.GUILD_MEMBERS in session.intents)
        session.dispatch("GUILD_CREATE", whole | {"unavailable": False})


def _resume(connection: Connection, frame: Frame) -> None:
    given = fields(frame, token=str, session_id=str, seq=int)
    _authenticate(connection, given)
    gateway, seq = connection.gateway, given["seq"]
    session = gateway.resumable(given["session_id"])
    if session is None or not session.can_replay(seq):
        connection.invalidate()
        return
    if seq > session.seq:
        gateway.end(session)
        raise Closing(Close.INVALID_SEQ)
    gateway.takes_over(session)
    connection.session = session
    session.replay(seq, connection.outbox, gateway.repeats)


def _authenticate(connection: Connection, given: Json) -> None:
    if connection.session is not None:
        raise Closing(Close.ALREADY_AUTHENTICATED)
    if given["token"].removeprefix("Bot ") != connection.gateway.world.token:
        raise Closing(Close.AUTHENTICATION_FAILED)


def _shard(given: Any, least: int) -> Shard:
    if given is None:
        given = [0, 1]
    if not (isinstance(given, list) and [type(number) for number in given] == [int, int]):
        raise Closing(Close.INVALID_SHARD)
    shard = Shard(*given)
    if not 0 <= shard.id < shard.count:
        raise Closing(Close.INVALID_SHARD)
    if shard.count < least:
        raise Closing(Close.SHARDING_REQUIRED)
    return shard


def _intents(given: int, granted: Intents) -> Intents:
    if given < 0 or given & ~int(KNOWN):
        raise Closing(Close.INVALID_INTENTS)
    intents = Intents(given)
    if intents & PRIVILEGED & ~granted:
        raise Closing(Close.DISALLOWED_INTENTS)
    return intents


# --- within a session ----------------------------------------------------------------------------


def _request_members(connection: Connection, session: Session, frame: Frame) -> None:
    """Without the intent only those that are asked for by name or id."""
    given = fields(frame)
    guilds = {str(guild.id): guild for guild in connection.gateway.served(session)}
    guild = guilds.get(str(given.get("guild_id")))
    if guild is None:
        return
    wanted, query = given.get("user_ids"), str(given.get("query") or "").lower()
    known = Intents.GUILD_MEMBERS in session.intents or wanted or query
    members = guild.members.values() if known else []
    found = [member.full for member in members if _matches(member.account, wanted, query)]
    chunk = {"guild_id": str(guild.id), "chunk_index": 0, "chunk_count": 1}
    nonce = {"nonce": given["nonce"]} if given.get("nonce") else {}
    session.dispatch("GUILD_MEMBERS_CHUNK", {"members": found, **chunk, **nonce})


def _matches(account: Account, wanted: Any, query: str) -> bool:
    if wanted:
        listed = wanted if isinstance(wanted, list) else [wanted]
        return str(account.id) in [str(one) for one in listed]
    return account.name.lower().startswith(query)


def _nothing(connection: Connection, session: Session, frame: Frame) -> None:
    """Presence and voice: taken, and of no consequence here."""
    fields(frame)


_BEFORE: dict[int, Callable[[Connection, Frame], None]] = {
    Op.HEARTBEAT: _heartbeat,
    Op.IDENTIFY: _identify,
    Op.RESUME: _resume,
}
_WITHIN: dict[int, Callable[[Connection, Session, Frame], None]] = {
    Op.REQUEST_GUILD_MEMBERS: _request_members,
    Op.PRESENCE_UPDATE: _nothing,
    Op.VOICE_STATE_UPDATE: _nothing,
}
