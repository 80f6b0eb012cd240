"""chinwag with an engine that hangs while there is a file `hang` in $HANGING."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from bot import plugins
from bot.cli import main
from bot.engine.scripted import ScriptedEngine

FOLDER = Path(os.environ["HANGING"])


class Hanging(ScriptedEngine):
    async def beat(self) -> None:
        while (FOLDER / "hang").exists():
            (FOLDER / "hangs").touch()
            await asyncio.sleep(0.01)


plugins.engine = lambda name: Hanging
sys.exit(main())
