"""Albums: files that were sent at once come as a message each, which are one question.

They are put together before they are stored, as far as one answer to getUpdates holds them. A
webhook is given each only once it has taken the one before, and there they stay apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from telegram import Message, Update

Name = tuple[int, str]


class Albums:
    def __init__(self) -> None:
        self._parts: dict[Name, list[Message]] = {}

    def joined(self, updates: Iterable[Update]) -> list[Update]:
        """Without those that go on with an album; they are kept for `parts` of its first one, until
        this is called again."""
        self._parts = {}
        kept: list[Update] = []
        begun: set[Name] = set()
        for update in updates:
            message = update.message
            name = _name(message)
            if message is None or name is None:
                kept.append(update)
            elif name in begun:
                self._parts[name].append(message)
            else:
                begun.add(name)
                self._parts[name] = [message]
                kept.append(update)
        return kept

    def parts(self, first: Message) -> Sequence[Message]:
        """All of the album that this one begins, or only itself."""
        name = _name(first)
        return [first] if name is None else self._parts.get(name, [first])


def is_cut(updates: Sequence[Update]) -> bool:
    """Whether a chat's last message here is part of an album, of which more may be to come."""
    last = {update.effective_chat.id: update for update in updates if update.effective_chat}
    return any(_name(update.message) is not None for update in last.values())


def _name(message: Message | None) -> Name | None:
    if message is None or message.media_group_id is None:
        return None
    return message.chat.id, message.media_group_id
