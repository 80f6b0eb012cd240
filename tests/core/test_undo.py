"""Undo and redo of settings are those of an editor."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from bot.store import SettingChange
from bot.types import utcnow
from bot.undo import last_done, last_undone


class Log:
    """What a store does with changes of one scope."""

    def __init__(self) -> None:
        self.values: dict[str, str | None] = {}
        self.changes: list[SettingChange] = []
        self._steps = itertools.count(1)

    def change(self, values: Mapping[str, str | None], undoes: int | None = None) -> None:
        step = next(self._steps)
        for name, new in values.items():
            old = self.values.get(name)
            self.values[name] = new
            made = SettingChange("", name, old, new, None, utcnow(), step, undoes)
            self.changes.insert(0, made)

    def take_back(self, *, redo: bool) -> None:
        step = last_undone(self.changes) if redo else last_done(self.changes)
        if step:
            self.change({change.name: change.old for change in step}, step[0].step)


class Editor:
    """Two stacks of states, as everybody knows it."""

    def __init__(self) -> None:
        self.before: list[dict[str, str | None]] = []
        self.after: list[dict[str, str | None]] = []
        self.values: dict[str, str | None] = {}

    def change(self, values: Mapping[str, str | None]) -> None:
        self.before.append(self.values)
        self.after.clear()
        self.values = {**self.values, **values}

    def take_back(self, *, redo: bool) -> None:
        there, back = (self.after, self.before) if redo else (self.before, self.after)
        if there:
            back.append(self.values)
            self.values = there.pop()


CHANGES = st.dictionaries(st.sampled_from("abc"), st.sampled_from("123"), min_size=1)


@given(st.lists(CHANGES | st.booleans(), max_size=40))
def test_whatever_is_done_undo_and_redo_are_those_of_an_editor(
    acts: list[dict[str, str] | bool],
) -> None:
    log, editor = Log(), Editor()
    for act in acts:
        if isinstance(act, bool):
            log.take_back(redo=act)
            editor.take_back(redo=act)
        else:
            log.change(act)
            editor.change(act)
        set_ = {name: value for name, value in log.values.items() if value is not None}
        assert set_ == {n: v for n, v in editor.values.items() if v is not None}


def test_with_nothing_done_there_is_nothing_to_take_back() -> None:
    assert (last_done(()), last_undone(())) == ((), ())
