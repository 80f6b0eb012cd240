"""chinwag with an engine that does what files in $HANGING say, for as long as they are there:
`loads` keeps it loading, `hang` gives no sign of life, `freeze` holds the event loop up.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Self

from bot import plugins
from bot.cli import main
from bot.engine.scripted import ScriptedConfig, ScriptedEngine
from bot.types import Progress

FOLDER = Path(os.environ["HANGING"])


class Hanging(ScriptedEngine):
    def __init__(self, config: ScriptedConfig, home: Path, progress: Progress):
        super().__init__(config)
        self._tell = progress

    async def __aenter__(self) -> Self:
        while (FOLDER / "loads").exists():
            self._tell("reading the weights", 0.42)
            await asyncio.sleep(0.01)
        return await super().__aenter__()

    async def beat(self) -> None:
        while (FOLDER / "hang").exists():
            (FOLDER / "hangs").touch()
            await asyncio.sleep(0.01)
        while (FOLDER / "freeze").exists():
            time.sleep(0.01)  # noqa: ASYNC251 – that is what it is for


plugins.engine = lambda name: Hanging
sys.exit(main())
