"""Albums: files that were sent at once come as a message each, which are one question.

They are put together before they are stored, as far as one answer to getUpdates holds them. A
webhook is given each only once it has taken the one before, and there they stay apart.
"""

from __future__ import annotations

from collections.abc import Sequence

from telegram import Message, Update

from adapters.telegram.storing import chat_of

Parts = dict[str, list[Message]]


class Albums:
    def __init__(self) -> None:
        self._open: dict[int, Parts] = {}

    def join(self, chat: int, updates: Sequence[Update]) -> list[Update]:
        """One chat's, without those that go on with an album: these are among the `parts` of its
        first one, until the next are joined or all are forgotten."""
        parts: Parts = {}
        kept = []
        for update in updates:
            album = _album(update)
            if album and update.message:
                parts.setdefault(album, []).append(update.message)
            if not album or len(parts[album]) == 1:
                kept.append(update)
        self._open[chat] = parts
        return kept

    def parts(self, first: Message) -> Sequence[Message]:
        """All of the album that this one begins, or only itself."""
        return self._open.get(first.chat.id, {}).get(first.media_group_id or "", [first])

    def forget(self, chat: int) -> None:
        self._open.pop(chat, None)


def is_cut(updates: Sequence[Update]) -> bool:
    """Whether a chat's last message here is part of an album, of which more may be to come."""
    last = {chat_of(update): update for update in updates}
    return any(_album(update) for update in last.values())


def _album(update: Update) -> str:
    return (update.message.media_group_id or "") if update.message else ""
