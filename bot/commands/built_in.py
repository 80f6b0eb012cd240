"""All commands that come with chinwag, in the order in which people read them."""

from __future__ import annotations

from bot.commands.access import ACCESS
from bot.commands.changes import CHANGES
from bot.commands.conversation import CONVERSATION
from bot.commands.language import LANGUAGE
from bot.commands.limits import LIMITS
from bot.commands.owner import OWNER
from bot.commands.persona import PERSONA
from bot.commands.presets import PRESETS
from bot.commands.records import RECORDS
from bot.commands.rights import RIGHTS
from bot.commands.settings import SETTINGS

BUILT_IN = (
    *CONVERSATION,
    *RECORDS,
    *PERSONA,
    *SETTINGS,
    *CHANGES,
    *LANGUAGE,
    *PRESETS,
    *ACCESS,
    *LIMITS,
    *RIGHTS,
    *OWNER,
)
