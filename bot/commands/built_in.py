"""All commands that come with chinwag, in the order in which people read them."""

from __future__ import annotations

from bot.commands.conversation import CONVERSATION
from bot.commands.persona import PERSONA
from bot.commands.presets import PRESETS
from bot.commands.records import RECORDS
from bot.commands.settings import SETTINGS

BUILT_IN = (*CONVERSATION, *RECORDS, *PERSONA, *SETTINGS, *PRESETS)
