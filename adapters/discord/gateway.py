"""The gateway for as long as it takes: the library resumes, and what it can't is begun anew."""

from __future__ import annotations

import discord
import structlog

from adapters.discord.client import Client, find_gateway
from adapters.discord.failures import ADVICE, OUT_OF_REACH, said
from bot.errors import ConfigError, TokenRefused

log = structlog.get_logger(__name__)

REFUSED, INVALID_SHARD, SHARDING_REQUIRED = 4004, 4010, 4011
"""https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway"""


async def serve(client: Client) -> bool:
    """Until the connection is beyond what the library mends. Returns whether the privileged intent
    was the reason.

    Raises TokenRefused, or ConfigError for wrong shards.
    """
    try:
        await find_gateway(client)
        await client.connect()
    except discord.PrivilegedIntentsRequired:
        return True
    except discord.ConnectionClosed as closed:
        if closed.code == REFUSED:
            raise TokenRefused("Discord", ADVICE) from None
        if closed.code in (INVALID_SHARD, SHARDING_REQUIRED):
            raise ConfigError(
                f"Discord does not take these shards (close code {closed.code}): "
                "leave it at auto, or give shards as many as Discord asks for",
                key="adapters.discord.shards",
            ) from None
        log.warning("discord closed the gateway, connecting anew", code=closed.code)
    except (discord.DiscordException, *OUT_OF_REACH) as error:
        log.warning("the gateway can't be reached, trying again", why=said(error))
    except Exception:
        log.exception("the gateway's client failed, connecting anew")
    return False
