"""What clients may send, and how the gateway closes on those who send anything else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from aiohttp import WSMessage, WSMsgType

LARGEST = 4096
"""Bytes of one frame."""


class Op(IntEnum):
    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    PRESENCE_UPDATE = 3
    VOICE_STATE_UPDATE = 4
    RESUME = 6
    RECONNECT = 7
    REQUEST_GUILD_MEMBERS = 8
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11


class Close(IntEnum):
    UNKNOWN_ERROR = 4000
    UNKNOWN_OPCODE = 4001
    DECODE_ERROR = 4002
    NOT_AUTHENTICATED = 4003
    AUTHENTICATION_FAILED = 4004
    ALREADY_AUTHENTICATED = 4005
    INVALID_SEQ = 4007
    RATE_LIMITED = 4008
    SESSION_TIMED_OUT = 4009
    INVALID_SHARD = 4010
    SHARDING_REQUIRED = 4011
    INVALID_API_VERSION = 4012
    INVALID_INTENTS = 4013
    DISALLOWED_INTENTS = 4014

    @property
    def reason(self) -> str:
        return self.name.replace("_", " ").capitalize() + "."


class Closing(Exception):
    """The gateway ends the connection with this code."""

    def __init__(self, code: Close):
        super().__init__(code.reason)
        self.code = code


@dataclass(frozen=True, slots=True)
class Frame:
    op: int
    data: Any


def read(message: WSMessage) -> Frame:
    """Raises Closing where it is no frame."""
    if message.type is not WSMsgType.TEXT or len(message.data.encode()) > LARGEST:
        raise Closing(Close.DECODE_ERROR)
    try:
        given = json.loads(message.data)
    except (ValueError, RecursionError):
        raise Closing(Close.DECODE_ERROR) from None
    if not isinstance(given, dict) or type(given.get("op")) is not int:
        raise Closing(Close.DECODE_ERROR)
    return Frame(given["op"], given.get("d"))


def fields(frame: Frame, **types: type) -> dict[str, Any]:
    """Its data, in which these must be of these types."""
    data = frame.data
    if not isinstance(data, dict):
        raise Closing(Close.DECODE_ERROR)
    if any(type(data.get(name)) is not kind for name, kind in types.items()):
        raise Closing(Close.DECODE_ERROR)
    return data
