"""Commands for owners: what the bot is doing, which model it is, and its upkeep."""

from __future__ import annotations

from bot.commands.owner.broadcast import BROADCAST
from bot.commands.owner.model import MODEL
from bot.commands.owner.stats import STATS
from bot.commands.owner.status import STATUS
from bot.commands.owner.upkeep import UPKEEP

OWNER = (*STATUS, *STATS, *MODEL, *BROADCAST, *UPKEEP)
