"""A strict Telegram Bot API server for tests: real HTTP on loopback, its own rules and errors.

Knows no SDK and nothing of chinwag: any bot in any language can be tested against it.
Needs aiohttp: ``pip install 'chinwag[testing]'``.
"""

from bot.testing.common.faults import Fault, Faults
from bot.testing.telegram.chats import Chat, Message
from bot.testing.telegram.groups import Group
from bot.testing.telegram.people import Person
from bot.testing.telegram.rates import UNLIMITED, Rates, Window
from bot.testing.telegram.server import TOKEN, TelegramServer
from bot.testing.telegram.world import Press

__all__ = [
    "TOKEN",
    "UNLIMITED",
    "Chat",
    "Fault",
    "Faults",
    "Group",
    "Message",
    "Person",
    "Press",
    "Rates",
    "TelegramServer",
    "Window",
]
