"""The gateway: sessions that outlive their connections.

https://docs.discord.com/developers/events/gateway
"""

from bot.testing.discord.gateway.gateway import PATH, Gateway

__all__ = ["PATH", "Gateway"]
