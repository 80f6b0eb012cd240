"""Updates as bytes from outside: what the library can't read is passed over, not tripped over.

The library parses all updates of an answer at once, so that one that it can't would come again
and again and take the others with it; and it would log what people said.
"""

from __future__ import annotations

from typing import Any

import structlog
from telegram import Update
from telegram.error import NetworkError
from telegram.request import HTTPXRequest

from adapters.telegram import shapes

log = structlog.get_logger(__name__)


class UpdatesRequest(HTTPXRequest):
    """Of getUpdates alone."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Raises TelegramError where it is no answer of Telegram's."""
        try:
            answer = HTTPXRequest.parse_json_payload(payload)
        except RecursionError:
            raise NetworkError("the answer is nested without end") from None
        if not isinstance(answer, dict):
            raise NetworkError("the answer is no object")
        if answer.get("ok"):
            answer["result"] = [readable(update) for update in _list(answer.get("result"))]
        return answer


def readable(raw: Any) -> dict[str, Any]:
    """The update, or an empty one with its number, which is confirmed and does nothing.

    Raises NetworkError for one without a number: there is nothing to confirm.
    """
    number = raw.get("update_id") if isinstance(raw, dict) else None
    if not isinstance(number, int):
        raise NetworkError("an update has no number")
    try:
        shapes.Update.model_validate(raw)
        Update.de_json(raw, None)
        return {**raw}
    except Exception as error:  # whatever the library stumbles over
        reason = type(error).__name__
    log.warning("update not understood", update=number, why=reason)
    return {"update_id": number}


def _list(result: Any) -> list[Any]:
    if not isinstance(result, list):
        raise NetworkError("the updates are no list")
    return result
