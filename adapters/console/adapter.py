"""The adapter: what the core's primitives mean on a terminal."""

from __future__ import annotations

import asyncio
import dataclasses
import getpass
import os
import sys
import uuid
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from pydantic import Field

from adapters.console.face import Face
from adapters.console.files import save, size
from adapters.console.plain import Plain
from adapters.console.text import command
from bot.adapter import Inbox, Section
from bot.errors import Gone, StoreError, Unavailable
from bot.types import CommandSpec, Invoked, Message, Place, Post, PostRef, Received, Role, UserRef

_HINT = "/help for commands · Alt-Enter for a new line · Ctrl-D to leave"


class ConsoleConfig(Section):
    conversation: str = Field("default", min_length=1)
    """Each name is a conversation of its own."""
    banner: str = ""
    """Shown above a terminal's first prompt; chinwag's name and version by default."""
    history: Path | None = None
    """Where the lines typed at a terminal are remembered; nowhere by default."""
    downloads: Path = Path()
    """Where files that come with a reply are saved; the current folder by default."""
    patience: float = Field(600.0, gt=0)
    """Seconds without a sign of life after which a line from a pipe counts as unanswered."""


class Console:
    """Its one user is the operating system's, who has started this process and so owns it."""

    Config = ConsoleConfig
    name = "console"

    def __init__(self, config: ConsoleConfig) -> None:
        self._downloads = config.downloads
        self._place = Place(self.name, config.conversation, private=True)
        self._user = UserRef(self.name, _login(), _login(), language=_language())
        self._face = _face(config)
        self.limits = self._face.limits
        self._growing: set[str] = set()

    @property
    def interrupted(self) -> bool:
        """Whether `run` ended because the user pressed Ctrl-C twice."""
        return self._face.interrupted

    async def run(self, inbox: Inbox) -> None:
        """Return at the end of the input, or when the user leaves. Raises Unavailable."""
        if sys.stdin is None or sys.stdout is None:  # others may have got their descriptors since
            raise Unavailable("A chat needs an open standard input and output.")

        async def say(line: str, id: str) -> None:
            try:
                await inbox.put(self._event(line, id))
            except StoreError as error:
                await self.send(self._place, Post(str(error)))

        await self._face.run(say)

    def _event(self, line: str, id: str) -> Received | Invoked:
        if called := command(line):
            return Invoked(self._place, self._user, *called, id=id)
        return Received(self._place, Message("user", line, author=self._user, id=id))

    async def send(self, place: Place, post: Post) -> PostRef:
        ref = PostRef(place, uuid.uuid4().hex)
        await self._show(ref, post)
        return ref

    async def edit(self, ref: PostRef, post: Post) -> None:
        if ref.id not in self._growing:
            raise Gone("What has been printed can't be changed.")
        await self._show(ref, post)

    async def delete(self, ref: PostRef) -> None:
        if ref.id not in self._growing:
            raise Gone("What has been printed can't be taken back.")
        self._growing.discard(ref.id)
        await self._face.drop(ref.id)

    async def typing(self, place: Place) -> None:
        self._face.alive()

    async def role(self, user: UserRef, place: Place) -> Role:
        return Role.OWNER

    async def publish(self, commands: Sequence[CommandSpec]) -> None:
        self._face.offer(commands)

    async def _show(self, ref: PostRef, post: Post) -> None:
        if post.final:
            post = await self._keep_files(post)
        (self._growing.discard if post.final else self._growing.add)(ref.id)
        await self._face.show(ref.id, post)

    async def _keep_files(self, post: Post) -> Post:
        notes = [post.text] if post.text else []
        for file in post.files:
            path = await asyncio.to_thread(save, file, self._downloads)
            notes.append(f"`{path}` ({size(len(file.data))})")
        return dataclasses.replace(post, text="\n\n".join(notes), files=())


def _face(config: ConsoleConfig) -> Face:
    if not _interactive():
        return Plain(config.patience)
    from adapters.console.terminal import Terminal  # its libraries are slow to import

    banner = config.banner or f"chinwag {version('chinwag')}"
    return Terminal(f"{banner}\n{_HINT}", config.history)


def _interactive() -> bool:
    ends = (sys.stdin, sys.stdout)
    return all(end and end.isatty() for end in ends) and os.environ.get("TERM") != "dumb"


def _language() -> str:
    """Of the terminal, as gettext and everything else take it from the environment."""
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    return next((os.environ[name] for name in names if os.environ.get(name)), "")


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a user without a name
        return str(os.getuid())
