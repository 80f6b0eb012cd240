"""Whether this machine's clock agrees with Telegram's: the age of messages depends on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import structlog

log = structlog.get_logger(__name__)

TOLERANCE = timedelta(seconds=30)


class ClockWatch:
    """`ahead` is how far Telegram's clock is before ours, as far as that matters."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def saw(self, date: str) -> None:
        """The Date header of an answer."""
        try:
            theirs = parsedate_to_datetime(date)
        except (TypeError, ValueError):
            return
        difference = theirs.astimezone(UTC) - datetime.now(UTC)
        wrong = abs(difference) > TOLERANCE
        if wrong and not self.ahead:
            log.warning(
                "clock skew: this machine's clock and Telegram's differ; set this one, for "
                "example by turning on NTP. Until then the times of messages are corrected.",
                seconds=round(difference.total_seconds()),
            )
        self.ahead = difference if wrong else timedelta()

    def ours(self, theirs: datetime) -> datetime:
        """A time of Telegram's as this machine would have told it."""
        return theirs - self.ahead
