"""Whether what was said has been answered."""

from __future__ import annotations

import asyncio

from bot.types import Post


class Answer:
    """Follows the answer to one message or command at a time.

    It is complete with the first final post while no other post is still growing. A post that
    names another message as the one that it replies to answers nothing here, and thoughts are
    but the beginning of an answer. `patience` is in seconds; None waits as long as it takes.
    """

    def __init__(self, patience: float | None = None) -> None:
        self._patience = patience
        self._deadline: asyncio.Timeout | None = None
        self._asked = ""
        self._growing: set[str] = set()
        self._complete = asyncio.Event()
        self._complete.set()

    @property
    def pending(self) -> bool:
        return bool(self._growing) or not self._complete.is_set()

    def expect(self, message: str = "") -> None:
        """What is said next answers `message`; with "" whatever it replies to (a command may
        bring an old message's answer anew)."""
        self._asked = message
        self._complete.clear()

    def give_up(self) -> None:
        """Let the one who waits go on."""
        self._complete.set()

    def saw(self, ref: str, post: Post) -> None:
        self.alive()
        if not post.final:
            self._growing.add(ref)
            return
        self._growing.discard(ref)
        if not self._growing and self._is_end(post):
            self._complete.set()

    def _is_end(self, post: Post) -> bool:
        if not post.reply_to:
            return True
        return not post.collapsible and self._asked in ("", post.reply_to)

    def dropped(self, ref: str) -> None:
        self._growing.discard(ref)

    def alive(self) -> None:
        """The core shows that it is at work: the patience starts anew."""
        if self._deadline and self._patience:
            self._deadline.reschedule(asyncio.get_running_loop().time() + self._patience)

    async def wait(self) -> None:
        """Return when the answer is complete. Raises TimeoutError when for `patience` seconds
        there was no sign of life."""
        try:
            async with asyncio.timeout(self._patience) as self._deadline:
                await self._complete.wait()
        finally:
            self._deadline = None
