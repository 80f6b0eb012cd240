"""The line that the user types on: keys, completion and history."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.enums import DEFAULT_BUFFER
from prompt_toolkit.filters import Condition, has_focus
from prompt_toolkit.formatted_text import ANSI
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.layout import ConditionalContainer, FormattedTextControl, HSplit, Layout, Window
from prompt_toolkit.styles import Style

from adapters.console.speaker import Speaker
from adapters.console.text import storable
from bot.types import CommandSpec

_STYLE = Style.from_dict({"prompt": "bold", "placeholder": "dim"})
_MENU_LINES = 6
_REDRAWS_A_SECOND = 20


class Prompt:
    """One prompt for the whole session.

    Enter submits, Alt-Enter begins a new line, a paste may have many. `above` is drawn over the
    line while the speaker is busy; `settled` is called before each redraw for what to print for
    good. Both give text with colour codes.
    """

    def __init__(
        self,
        speaker: Speaker,
        above: Callable[[], str],
        settled: Callable[[], str],
        history: Path | None,
    ) -> None:
        self._speaker, self._settled = speaker, settled
        self.commands = CommandCompleter()
        self._session = self._build(history)
        self._buffer = self._session.default_buffer
        self._app = self._session.app
        live = ConditionalContainer(
            Window(FormattedTextControl(lambda: ANSI(above())), dont_extend_height=True),
            Condition(lambda: speaker.busy),
        )
        self._app.layout = Layout(HSplit([live, self._app.layout.container]), self._buffer)
        self._app.min_redraw_interval = 1 / _REDRAWS_A_SECOND
        self._app.before_render += lambda _: self._print()

    async def run(self) -> None:
        """Return when the user leaves. A signal is the program's business, not the prompt's."""
        with contextlib.suppress(EOFError):
            await self._session.prompt_async(set_exception_handler=False, handle_sigint=False)

    def redraw(self) -> None:
        self._app.invalidate()

    def _build(self, history: Path | None) -> PromptSession[None]:
        return PromptSession(
            [("class:prompt", "› ")],
            multiline=True,
            prompt_continuation="  ",
            placeholder=lambda: [("class:placeholder", self._speaker.hint)],
            history=_history(history),
            completer=self.commands,
            complete_while_typing=Condition(lambda: self._buffer.text.startswith("/")),
            reserve_space_for_menu=_MENU_LINES,
            key_bindings=self._keys(),
            style=_STYLE,
            erase_when_done=True,
        )

    def _keys(self) -> KeyBindings:
        keys = KeyBindings()
        typing = has_focus(DEFAULT_BUFFER)

        @keys.add("enter", filter=typing)
        def _(event: KeyPressEvent) -> None:
            self._submit()

        @keys.add("escape", "enter", filter=typing)
        def _(event: KeyPressEvent) -> None:
            self._buffer.newline(copy_margin=False)

        @keys.add("c-c", filter=typing)
        def _(event: KeyPressEvent) -> None:
            self._interrupt()

        return keys

    def _submit(self) -> None:
        line = storable(self._buffer.text)
        if line.strip():
            with contextlib.suppress(OSError):  # a full disk costs the history, not the chat
                self._buffer.history.append_string(line)
            self._speaker.submit(line)
        self._buffer.reset()

    def _interrupt(self) -> None:
        line = self._speaker.interrupt(self._buffer.text)
        if line is None:
            self._app.exit()
        elif line != self._buffer.text:
            self._buffer.document = Document(line)

    def _print(self) -> None:
        """In the moment before a redraw, so that the prompt never blinks."""
        if text := self._settled():
            self._app.renderer.erase()
            self._app.output.write_raw(text.replace("\n", "\r\n"))
            self._app.output.flush()
            self._app.renderer.reset()


class CommandCompleter(Completer):
    """Completes the names of commands and their subcommands, and the values of those parameters
    that have a choice."""

    def __init__(self) -> None:
        self.specs: Sequence[CommandSpec] = ()

    def get_completions(self, document: Document, event: CompleteEvent) -> Iterable[Completion]:
        line = document.text_before_cursor
        if not line.startswith("/"):
            return
        *before, typed = line[1:].split(" ")
        for name, display, meaning in _choices(self.specs, before):
            if name.startswith(typed):
                yield Completion(name, -len(typed), display, meaning)


def _choices(specs: Sequence[CommandSpec], before: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """What may follow these words: each as it is completed, as it is shown, and what it is."""
    if not before:
        yield from ((spec.name, f"/{spec.name}", spec.help) for spec in specs)
        return
    spec = next((spec for spec in specs if spec.name == before[0]), CommandSpec("", ""))
    if len(before) == 1:
        yield from ((sub.name, sub.name, sub.help) for sub in spec.subcommands)
    spec, words = _meant(spec, before[1:])
    for parameter in spec.parameters[len(words) : len(words) + 1]:
        yield from ((choice, choice, parameter.help) for choice in parameter.choices)


def _meant(spec: CommandSpec, words: Sequence[str]) -> tuple[CommandSpec, Sequence[str]]:
    """The subcommand that the words name, or the default one, and the words behind its name."""
    subs = {sub.name: sub for sub in spec.subcommands}
    if words and words[0] in subs:
        return subs[words[0]], words[1:]
    return subs.get(spec.default, spec), words


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
