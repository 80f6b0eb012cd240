"""The gateway for as long as it takes: the library resumes, and what it can't is begun anew."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import discord
import structlog

from adapters.discord.client import Client, find_gateway
from adapters.discord.failures import ADVICE, OUT_OF_REACH, said
from bot.errors import ConfigError, TokenRefused

log = structlog.get_logger(__name__)

REFUSED, INVALID_SHARD, SHARDING_REQUIRED = 4004, 4010, 4011
"""https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway"""


@dataclass(frozen=True, slots=True)
class End:
    """Why the connection is beyond what the library mends. With an `error` it is over for good."""

    without_content: bool = False
    error: TokenRefused | ConfigError | None = None


async def serve(client: Client) -> End:
    """Until the library gives up."""
    try:
        await find_gateway(client)
        await _connected(client)
    except discord.PrivilegedIntentsRequired:
        return End(without_content=True)
    except discord.ConnectionClosed as closed:
        return _closed(closed.code)
    except (discord.DiscordException, *OUT_OF_REACH) as error:
        log.warning("the gateway can't be reached, trying again", why=said(error))
    except Exception:
        log.exception("the gateway's client failed, connecting anew")
    return End()


async def _connected(client: Client) -> None:
    """In a task of its own: within `connect` a cancellation is lost while a session begins."""
    connection = asyncio.create_task(client.connect())
    try:
        await asyncio.wait([connection])
    finally:
        if not connection.done():
            await client.close()
            connection.cancel()
            await asyncio.gather(connection, return_exceptions=True)
    await connection


def _closed(code: int) -> End:
    if code == REFUSED:
        return End(error=TokenRefused("Discord", ADVICE))
    if code in (INVALID_SHARD, SHARDING_REQUIRED):
        advice = "leave it at auto, or give as many as Discord asks for"
        problem = f"Discord does not take these shards (close code {code}): {advice}"
        return End(error=ConfigError(problem, key="adapters.discord.shards"))
    log.warning("discord closed the gateway, connecting anew", code=code)
    return End()
