"""Prints docs/commands.md."""

from __future__ import annotations

import sys

from bot.commands import Commands
from bot.commands.built_in import BUILT_IN
from bot.commands.page import page

sys.stdout.write(page(Commands(BUILT_IN).specs()))
