"""What of one reply stands in the network, and each step that brings it nearer to what should."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from bot.adapter import Adapter
from bot.errors import Forbidden, Gone, Refused
from bot.types import Limits, Place, Post, PostRef

OnPosted = Callable[[Sequence[PostRef]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Step:
    """Bring the post at `index` to `post`, sending it if it is new; None deletes a surplus one."""

    index: int
    post: Post | None


@dataclass(slots=True)
class Counters:
    """What the network was asked for, since the start."""

    sends: int = 0
    edits: int = 0
    deletes: int = 0
    floods: int = 0
    outages: int = 0


class Standing:
    """`posts` are the reply's messages in order. `key` names the reply among all, whoever delivers
    it; `on_posted` is awaited with all refs whenever they have changed."""

    def __init__(
        self,
        adapter: Adapter,
        place: Place,
        limits: Limits,
        counters: Counters,
        key: str,
        posts: Sequence[PostRef],
        on_posted: OnPosted | None,
    ):
        self.posts = list(posts)
        self._adapter, self._place, self._limits = adapter, place, limits
        self._counters, self._key, self._on_posted = counters, key, on_posted
        self._inherited = set(posts)
        self._stale: list[PostRef] = []
        self._shown: list[Post | None] = [None for _ in posts]

    def step_to(self, wanted: Sequence[Post]) -> Step | None:
        """The next one, in the order of the posts."""
        if self._stale and self._limits.delete:
            return Step(len(self.posts), None)
        for index, post in enumerate(wanted):
            if index >= len(self.posts):
                return Step(index, post)
            if self._limits.edit and not self._same(self._shown[index], post):
                return Step(index, post)
        if wanted and len(self.posts) > len(wanted) and self._limits.delete:
            return Step(len(wanted), None)
        return None

    async def take(self, step: Step) -> None:
        """Raises DeliveryError."""
        if step.post is None:
            await self._delete(self._stale or self.posts)
        elif step.index < len(self.posts):
            await self._edit(step.index, step.post)
        else:
            await self._send(step.post)

    def is_inherited(self, index: int) -> bool:
        """Whether it is of an earlier run."""
        return index < len(self.posts) and self.posts[index] in self._inherited

    async def forget_from(self, index: int) -> None:
        """Posts of an earlier run that can't be edited any more are sent anew, in order, and are
        others than those."""
        self._key = f"{self._key}/{self.posts[index].id}"
        self._stale += self.posts[index:]
        del self.posts[index:], self._shown[index:]
        await self._tell()

    def _same(self, shown: Post | None, post: Post) -> bool:
        if shown is None or shown.text != post.text or shown.buttons != post.buttons:
            return False
        if self._limits.drafts_in(self._place) and shown.final != post.final:
            return False
        return shown.collapsible == post.collapsible

    async def _send(self, post: Post) -> None:
        self._counters.sends += 1
        named = replace(post, key=f"{self._key}/{len(self.posts)}")
        self.posts.append(await self._adapter.send(self._place, named))
        self._shown.append(post)
        await self._tell()

    async def _edit(self, index: int, post: Post) -> None:
        self._counters.edits += 1
        new = await self._adapter.edit(self.posts[index], post)
        self._shown[index] = post
        if new is not None and new != self.posts[index]:
            self.posts[index] = new
            await self._tell()

    async def _delete(self, surplus: list[PostRef]) -> None:
        self._counters.deletes += 1
        with suppress(Gone, Forbidden, Refused):  # what can't be deleted stays
            await self._adapter.delete(surplus[-1])
        surplus.pop()
        del self._shown[len(self.posts) :]
        await self._tell()

    async def _tell(self) -> None:
        if self._on_posted is not None:
            await self._on_posted(tuple(self.posts))
