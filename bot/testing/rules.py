"""What a network takes: how often, and which content."""

from __future__ import annotations

from bot.errors import DeliveryError, Refused, TooLong
from bot.types import Limits, Place, Post, Rate

ROUNDING = 1e-6
"""Seconds by which clocks may differ that tell the same moment."""


class Meter:
    """A network's own count of a rate (GCRA): what comes too early is refused and told when."""

    def __init__(self, rate: Rate):
        self._rate = rate
        self._due = 0.0

    def early_by(self, moment: float) -> float:
        slack = self._rate.seconds * (self._rate.burst - 1)
        return max(self._due - slack - moment, 0.0)

    def count(self, moment: float) -> None:
        self._due = max(self._due, moment) + self._rate.seconds


class Meters:
    """One for each place, and one over all."""

    def __init__(self, overall: Rate):
        self._overall = Meter(overall)
        self._places: dict[Place, Meter] = {}

    def count(self, place: Place, rate: Rate, moment: float) -> float:
        """Counts the request; seconds by which it came too early, and then is not counted."""
        meter = self._places.setdefault(place, Meter(rate))
        early = max(meter.early_by(moment), self._overall.early_by(moment))
        if early > ROUNDING:
            return early
        meter.count(moment)
        self._overall.count(moment)
        return 0.0


def content_error(post: Post, limits: Limits, longest: int) -> DeliveryError | None:
    """Why this post can be shown nowhere; `longest` is in units of the limits."""
    if limits.unit.count(post.text + post.collapsible) > longest:
        return TooLong(longest)
    if not post.text.strip() and not post.files:
        return Refused("The message is empty.")
    if post.buttons and not limits.buttons:
        return Refused("This network has no buttons.")
    if any(not b.id.isascii() or not 0 < len(b.id) <= 64 for b in post.buttons):
        return Refused("A button's id must have 1 to 64 ASCII characters.")
    if any(len(file.data) > limits.file_bytes or not file.name for file in post.files):
        return Refused("A file is nameless or too large.")
    return None


def looks_the_same(old: Post, new: Post) -> bool:
    return (old.text, old.buttons, old.collapsible) == (new.text, new.buttons, new.collapsible)
