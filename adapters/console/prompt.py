"""The line that the user types on: keys, completion and history."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from prompt_toolkit import PromptSession
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.enums import DEFAULT_BUFFER
from prompt_toolkit.filters import Condition, has_focus
from prompt_toolkit.formatted_text import ANSI
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout import ConditionalContainer, FormattedTextControl, HSplit, Layout, Window
from prompt_toolkit.styles import Style

from adapters.console.text import storable
from bot.types import CommandSpec, Parameter

_STYLE = Style.from_dict({"prompt": "bold", "placeholder": "dim"})
_MENU_LINES = 6
_REDRAWS_A_SECOND = 20


class Owner(Protocol):
    """Who decides what the keys do and what stands above and in the empty line."""

    def submit(self, line: str) -> None: ...

    def typing(self) -> None: ...

    def interrupt(self, typed: Buffer) -> bool:
        """Ctrl-C was pressed; True leaves."""

    @property
    def busy(self) -> bool:
        """Whether there is something above the line that may still change."""

    def above(self) -> str:
        """With colour codes."""

    def hint(self) -> str: ...


class Prompt:
    """One prompt for the whole session, redrawn below whatever is printed.

    Enter submits, Alt-Enter begins a new line, a paste may have many. Must be built while its
    terminal is the current one of prompt_toolkit.
    """

    def __init__(self, owner: Owner, history: Path | None) -> None:
        self._owner = owner
        self.commands = CommandCompleter()
        self._session: PromptSession[None] = PromptSession(
            [("class:prompt", "› ")],
            multiline=True,
            prompt_continuation="  ",
            placeholder=lambda: [("class:placeholder", owner.hint())],
            history=_history(history),
            completer=self.commands,
            complete_while_typing=Condition(lambda: self._buffer.text.startswith("/")),
            reserve_space_for_menu=_MENU_LINES,
            key_bindings=self._keys(),
            style=_STYLE,
            erase_when_done=True,
        )
        self._buffer = self._session.default_buffer
        self._buffer.on_text_changed += lambda _: owner.typing()
        above = FormattedTextControl(lambda: ANSI(owner.above()))
        live = ConditionalContainer(
            Window(above, dont_extend_height=True), Condition(lambda: owner.busy)
        )
        app = self._session.app
        app.layout = Layout(HSplit([live, app.layout.container]), self._buffer)
        app.min_redraw_interval = 1 / _REDRAWS_A_SECOND

    async def run(self) -> None:
        """Return when the user leaves."""
        with contextlib.suppress(EOFError):
            await self._session.prompt_async(set_exception_handler=False)

    def redraw(self) -> None:
        self._session.app.invalidate()

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()
        typing = has_focus(DEFAULT_BUFFER)

        @keys.add("enter", filter=typing)
        def _(event: KeyPressEvent) -> None:
            self._submit(event.current_buffer)

        @keys.add("escape", "enter", filter=typing)
        def _(event: KeyPressEvent) -> None:
            event.current_buffer.newline(copy_margin=False)

        @keys.add("c-c", filter=typing)
        @keys.add("<sigint>")
        def _(event: KeyPressEvent) -> None:
            if self._owner.interrupt(self._buffer):
                event.app.exit()

        return keys

    def _submit(self, buffer: Buffer) -> None:
        line = storable(buffer.text)
        if line.strip():
            with contextlib.suppress(OSError):  # a full disk costs the history, not the chat
                buffer.history.append_string(line)
            self._owner.submit(line)
        buffer.reset()


class CommandCompleter(Completer):
    """Completes the names of commands, and the values of those parameters that have a choice."""

    def __init__(self) -> None:
        self.specs: Sequence[CommandSpec] = ()

    def get_completions(self, document: Document, event: CompleteEvent) -> Iterable[Completion]:
        line = document.text_before_cursor
        if not line.startswith("/"):
            return
        name, *words = line[1:].split(" ")
        if not words:
            for spec in self.specs:
                if spec.name.startswith(name):
                    yield Completion(spec.name, -len(name), f"/{spec.name}", spec.help)
        elif parameter := self._parameter(name, len(words) - 1):
            for choice in parameter.choices:
                if choice.startswith(words[-1]):
                    yield Completion(choice, -len(words[-1]), display_meta=parameter.help)

    def _parameter(self, command: str, index: int) -> Parameter | None:
        for spec in self.specs:
            if spec.name == command:
                return next(iter(spec.parameters[index : index + 1]), None)
        return None


def _history(path: Path | None) -> History:
    """Lines typed here are private: only their owner may read them."""
    if path is None:
        return InMemoryHistory()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError:
        return InMemoryHistory()
    return FileHistory(path)
