"""Telegram's errors in the core's words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from telegram.error import (
    BadRequest,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)

from bot import errors

LONGEST_TEXT, LONGEST_CAPTION = 4096, 1024
"""Characters after entities are parsed."""

NOT_MODIFIED = "message is not modified"
CANT_PARSE = "can't parse entities"
NO_METHOD = "not found"
"""What a server says (with 404) of a method that it does not know."""

ADVICE = "get a new one from @BotFather (/token) and put it where the config says"

GONE = (
    "message to edit not found",
    "message to delete not found",
    "message can't be edited",
    "message can't be deleted",
    "message_id_invalid",
    "message thread not found",
    "topic_deleted",
    "chat not found",
    "group chat was deactivated",
)
FORBIDDEN = (
    "not enough rights",
    "have no rights",
    "need administrator rights",
    "chat_admin_required",
    "chat_restricted",
    "chat_send_",
    "chat_write_forbidden",
    "topic_closed",
    "user_is_blocked",
)
REFUSALS: Mapping[type[errors.DeliveryError], tuple[str, ...]] = {
    errors.Gone: GONE,
    errors.Forbidden: FORBIDDEN,
}
"""What a 400 means, by what its description contains."""


@contextmanager
def typed() -> Iterator[None]:
    """Raise what the core knows. Without the cause: libraries put URLs into their messages."""
    try:
        yield
    except TelegramError as error:
        raise delivery_error(error) from None


def delivery_error(error: TelegramError) -> errors.DeliveryError:
    match error:
        case RetryAfter():
            return errors.RateLimited(seconds(error))
        case Forbidden():
            return errors.Forbidden(said(error))
        case InvalidToken():
            return errors.Unavailable("Telegram does not take the bot's token any more.")
        case BadRequest():
            return _refusal(said(error))
        case NetworkError():
            return errors.Unavailable(f"Telegram can't be reached or failed: {said(error)}")
    return errors.Refused(said(error))


def _refusal(said: str) -> errors.DeliveryError:
    lower = said.lower()
    if "too long" in lower or "message_too_long" in lower:
        return errors.TooLong(LONGEST_CAPTION if "caption" in lower else LONGEST_TEXT)
    for kind, signs in REFUSALS.items():
        if any(sign in lower for sign in signs):
            return kind(said)
    return errors.Refused(said)


def said(error: TelegramError) -> str:
    return error.message


def seconds(error: RetryAfter) -> float:
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, dt.timedelta) else float(wait)


def is_about(error: TelegramError, sign: str) -> bool:
    return sign in error.message.lower()
