"""What should stand in the network for a draft: a pure function of what is known.

One Screen belongs to one reply, so that a growing text is split only at its end.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from bot import texts
from bot.delivery import thoughts
from bot.delivery.draft import ButtonSet, Draft
from bot.delivery.excerpt import Excerpt, excerpt
from bot.delivery.settings import DeliverySettings
from bot.delivery.splitter import Splitter
from bot.types import Limits, Post, ThinkingMode, TurnState


class Picture(Protocol):
    limits: Limits

    def posts(self, draft: Draft, now: float) -> list[Post]:
        """All that should stand in the network, in order."""

    def shrink(self, limit: int) -> bool:
        """Split smaller from now on; False if it was done before."""


class Screen:
    def __init__(
        self,
        limits: Limits,
        mode: ThinkingMode,
        buttons: ButtonSet,
        settings: DeliverySettings,
        reply_to: str = "",
    ):
        self.limits = limits
        self._buttons = buttons
        self._mode = mode
        self._settings = settings
        self._reply_to = reply_to
        self._stopwatch = thoughts.Stopwatch()
        self._start_over(limits.length)

    def _start_over(self, length: int) -> None:
        self._length = length
        self._splitter = Splitter(length, self.limits.unit)

    def shrink(self, limit: int) -> bool:
        if self._length < self.limits.length:
            return False
        self._start_over(smaller(limit, self.limits.length))
        return True

    def posts(self, draft: Draft, now: float) -> list[Post]:
        """In order; only the last text carries buttons and may change. Files come after it."""
        shown = [*self._thoughts(draft, now), *self._answer(draft)]
        if not shown:
            return []
        shown[-1] = self._last(shown[-1], draft)
        shown[0] = replace(shown[0], reply_to=self._reply_to)
        shown += self._files(draft)
        return shown if self.limits.edit else [post for post in shown if post.final]

    def _last(self, post: Post, draft: Draft) -> Post:
        buttons = draft.buttons if draft.state.ended else self._buttons.of(draft.state)
        shown = buttons if self.limits.buttons else ()
        return replace(post, buttons=shown, final=draft.state.ended)

    # --- before the answer -------------------------------------------------------------------

    def _thoughts(self, draft: Draft, now: float) -> list[Post]:
        if draft.state is TurnState.QUEUED and draft.waiting:
            return [Post(texts.waiting(draft.waiting.position, draft.waiting.seconds))]
        if draft.state is TurnState.THINKING:
            facts = self._stopwatch.run(draft.started, draft.reasoning_tokens, now)
            return self._thinking(texts.thinking(draft.reasoning_tokens, *facts), draft)
        if self._mode == "open" and draft.reasoning.strip():
            facts = self._stopwatch.stopped
            return self._thinking(texts.thought(draft.reasoning_tokens, *facts), draft)
        return []

    def _thinking(self, line: str, draft: Draft) -> list[Post]:
        match self._mode:
            case "off":
                return []
            case "line":
                return [Post(line)]
            case "open":
                return [thoughts.beneath(line, draft.reasoning, self.limits)]

    # --- the answer --------------------------------------------------------------------------

    def _answer(self, draft: Draft) -> list[Post]:
        pieces = self._splitter.grow(self._excerpt(draft).text)
        shown = [piece.text for piece in pieces if piece.text]
        if draft.state.ended:
            shown = self._with_notice(shown, draft)
        return [Post(text) for text in shown]

    def _excerpt(self, draft: Draft) -> Excerpt:
        return excerpt(draft.text, self._settings) if self.limits.files else Excerpt(draft.text)

    def _files(self, draft: Draft) -> list[Post]:
        files = self._excerpt(draft).files if draft.state.ended else ()
        return [Post(file.name, files=(file,)) for file in files]

    def _with_notice(self, shown: list[str], draft: Draft) -> list[str]:
        if not draft.notice:
            return shown or [texts.NO_ANSWER()]
        if not shown:
            return [draft.notice]
        notice = f"*{draft.notice}*"
        last = f"{shown[-1]}\n\n{notice}"
        if self.limits.unit.count(last) <= self._length:
            return [*shown[:-1], last]
        return [*shown, notice]


class Note:
    """One finished post, in as many pieces as it takes: what has more than one file would be sent
    again as a whole where the network took the first file only."""

    def __init__(self, limits: Limits, post: Post):
        self.limits = limits
        self._post = post
        self._length = limits.length

    def shrink(self, limit: int) -> bool:
        if self._length < self.limits.length:
            return False
        self._length = smaller(limit, self.limits.length)
        return True

    def posts(self, draft: Draft, now: float) -> list[Post]:
        shown = Splitter(self._length, self.limits.unit).grow(self._post.text)
        *before, last = [piece.text for piece in shown if piece.text] or [""]
        first, further = self._post.files[:1], self._post.files[1:]
        plain = Post("", only_for=self._post.only_for)
        posts = [replace(plain, text=text) for text in before]
        posts.append(replace(self._post, text=last, files=first, reply_to=""))
        posts += [replace(plain, text=file.name, files=(file,)) for file in further]
        posts[0] = replace(posts[0], reply_to=self._post.reply_to)
        return posts


def smaller(told: int, known: int) -> int:
    """What to split at once the network found a post too long that should have fitted."""
    return min(told, known) * 3 // 4
