"""What undo and redo mean, told from the changes of one scope.

Changes made at once share a step. A step that undoes another one takes it out of the count; once
that is undone itself, which is a redo, the other one counts again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from bot.store import SettingChange

SEEN = 500
"""How many changes back undo can see."""

Changes = Sequence[SettingChange]
"""Newest first."""


def last_done(changes: Changes) -> Changes:
    """The changes of the last step that stands; none where none does."""
    return next((step for step in _standing(changes) if step[0].undoes is None), ())


def last_undone(changes: Changes) -> Changes:
    """The changes of the last undo that stands, unless something else was done since."""
    undos = {change.step for change in changes if change.undoes is not None}
    steps = (step for step in _standing(changes) if step[0].undoes not in undos)  # redos apart
    last = next(steps, ())
    return last if last and last[0].undoes is not None else ()


def _standing(changes: Changes) -> Iterator[Changes]:
    undone = set()
    for number, grouped in groupby(changes, key=lambda change: change.step):
        step = tuple(grouped)
        if number in undone:
            continue
        undone.add(step[0].undoes)
        yield step
