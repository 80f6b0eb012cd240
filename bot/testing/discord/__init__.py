"""A strict Discord for tests: REST v10 and gateway v10 on loopback, with its rules and errors.

Knows no SDK and nothing of chinwag: any bot in any language can be tested against it.
Needs aiohttp: ``pip install 'chinwag[testing]'``.
"""

from bot.testing.common.faults import Fault, Faults
from bot.testing.discord.channels import Channel, Kind
from bot.testing.discord.gateway.frames import Op
from bot.testing.discord.guilds import Guild
from bot.testing.discord.intents import PRIVILEGED, Intents
from bot.testing.discord.interactions import Callback, Interaction
from bot.testing.discord.messages import Message
from bot.testing.discord.people import Person
from bot.testing.discord.permissions import USUAL, Permission
from bot.testing.discord.rates import UNLIMITED, Rates, Window
from bot.testing.discord.server import TOKEN, DiscordServer

__all__ = [
    "PRIVILEGED",
    "TOKEN",
    "UNLIMITED",
    "USUAL",
    "Callback",
    "Channel",
    "DiscordServer",
    "Fault",
    "Faults",
    "Guild",
    "Intents",
    "Interaction",
    "Kind",
    "Message",
    "Op",
    "Permission",
    "Person",
    "Rates",
    "Window",
]
