"""Settings of a place: inherited, checked, changed from chat, and undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.effective import KINDS, SAMPLING, Effective, Layer, dump, kind_of, load
from bot.engine import Engine
from bot.errors import CommandError
from bot.kinds import Number, Value
from bot.store import SettingChange, Store
from bot.types import Place, UserRef
from bot.undo import SEEN, last_done, last_undone

LANGUAGE = "language"
WITHIN_WINDOW = ("max_new_tokens", "thinking_budget")
"""No more than the model's context window, whatever their kind allows."""


def scopes_of(place: Place) -> dict[str, str]:
    """The scopes that hold at a place, the outermost first, with what people call them."""
    scopes = {}
    if place.server:
        scopes[f"server:{place.adapter}:{place.server}"] = "server"
    scopes[f"chat:{place.adapter}:{place.chat}"] = "chat"
    if place.thread:
        scopes[f"thread:{place.adapter}:{place.chat}:{place.thread}"] = "thread"
    return scopes


def own(user: UserRef) -> str:
    """The scope of what is kept of one person."""
    return f"user:{user}"


def here(place: Place) -> str:
    """The innermost scope, which is what a change at this place changes."""
    return list(scopes_of(place))[-1]


class Settings:
    """`base` are the defaults, `configured` is what the config sets of them."""

    def __init__(
        self, base: Effective, configured: Mapping[str, Any], engine: Engine, store: Store
    ):
        self._base = base
        self._configured = configured
        self._engine = engine
        self._store = store

    def rebase(self, base: Effective, configured: Mapping[str, Any]) -> None:
        """A config that was read again holds from the next message on."""
        self._base, self._configured = base, configured

    # --- what holds ----------------------------------------------------------------------------

    async def effective(self, place: Place) -> Effective:
        result = self._base
        for layer in (await self.layers(place))[1:]:
            result = result.with_values(layer.values, layer.source)
        return result

    async def languages(self, place: Place, user: UserRef | None) -> tuple[str, ...]:
        """In which to speak to somebody at a place, the first wish first."""
        effective = await self.effective(place)
        return effective.language, await self._known(user)

    async def learn(self, user: UserRef) -> None:
        """Somebody's language lasts: not every network tells it each time."""
        if user.language and user.language != await self._known(replace(user, language="")):
            await self._store.remember(own(user), {LANGUAGE: dump(user.language)})

    async def _known(self, user: UserRef | None) -> str:
        if user is None or user.language:
            return user.language if user else ""
        stored = (await self._store.settings([own(user)]))[own(user)].get(LANGUAGE)
        return load(stored) if stored else ""

    async def layers(self, place: Place) -> list[Layer]:
        """The outermost first, which has a value for every name."""
        scopes = scopes_of(place)
        stored = await self._store.settings(list(scopes))
        return [
            Layer("default", {name: self._base.value(name) for name in KINDS}),
            Layer("model", self._of_model()),
            Layer("config", self._configured),
            *(
                Layer(called, {n: load(v) for n, v in stored[scope].items() if n in KINDS}, scope)
                for scope, called in scopes.items()
            ),
        ]

    def _of_model(self) -> dict[str, Any]:
        """Of its generation config, whose numbers are all floats."""
        own = self._engine.info.sampling
        kinds = {n: kind for n, kind in SAMPLING.items() if n in own and isinstance(kind, Number)}
        return {n: int(own[n]) if kind.whole else own[n] for n, kind in kinds.items()}

    # --- what is changed -----------------------------------------------------------------------

    def parse(self, name: str, text: str) -> Value:
        """Raises CommandError for a name or value that can't be."""
        return kind_of(name).parse(text.strip())

    async def set(self, scope: str, name: str, text: str, by: UserRef) -> SettingChange:
        """Raises CommandError as `parse` and `change` do."""
        return (await self.change(scope, {name: self.parse(name, text)}, by))[0]

    async def unset(self, scope: str, name: str, by: UserRef) -> SettingChange:
        """Raises CommandError for a name that can't be."""
        kind_of(name)
        return (await self._store.change_all(scope, {name: None}, by))[0]

    async def change(
        self, scope: str, values: Mapping[str, Value], by: UserRef
    ) -> list[SettingChange]:
        """All at once, which one undo takes back. Raises CommandError for what this model can't."""
        self._check(values)
        stored = {name: dump(value) for name, value in values.items()}
        return await self._store.change_all(scope, stored, by)

    def _check(self, values: Mapping[str, Value]) -> None:
        window = self._engine.info.context_window
        for name in WITHIN_WINDOW:
            if isinstance(value := values.get(name), int) and value > window:
                raise CommandError(
                    "{name} is at most {window} here: that is the model's context window.",
                    name=name,
                    window=window,
                )

    async def undo(self, scope: str, by: UserRef) -> list[SettingChange]:
        """Take back what was done last and not undone yet. Raises CommandError."""
        step = last_done(await self._store.changes(scope, SEEN))
        if not step:
            raise CommandError("There is nothing to take back here.")
        return await self._take_back(scope, step, by)

    async def redo(self, scope: str, by: UserRef) -> list[SettingChange]:
        """Take back the last undo, unless something else was changed since. Raises CommandError."""
        step = last_undone(await self._store.changes(scope, SEEN))
        if not step:
            raise CommandError("There is no /undo to take back here.")
        return await self._take_back(scope, step, by)

    async def _take_back(
        self, scope: str, step: Sequence[SettingChange], by: UserRef
    ) -> list[SettingChange]:
        before = {change.name: change.old for change in step}
        return await self._store.change_all(scope, before, by, undoes=step[0].step)

    async def history(self, place: Place, limit: int) -> list[SettingChange]:
        """Of all that holds here, newest first."""
        found = [c for s in scopes_of(place) for c in await self._store.changes(s, limit)]
        return sorted(found, key=lambda change: change.time, reverse=True)[:limit]
