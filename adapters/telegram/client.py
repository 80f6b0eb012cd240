"""python-telegram-bot, set up so that it keeps quiet about the token and loud about failures."""

from __future__ import annotations

import logging
import os
from typing import Any

import httpx
from telegram.ext import Application, ApplicationBuilder, ExtBot
from telegram.request import HTTPXRequest

from adapters.telegram.clock import ClockWatch
from adapters.telegram.config import TelegramConfig
from adapters.telegram.updates import UpdatesRequest

os.environ.setdefault("PTB_TIMEDELTA", "1")  # else every RetryAfter warns of its coming type

App = Application[Any, Any, Any, Any, Any, Any]

CONNECTIONS = 64
MASK = "********"
TALKATIVE = ("httpx", "telegram.Bot", "telegram.ext.ExtBot")
"""Loggers whose lines hold URLs, and Telegram's URLs hold the token."""


class Bot(ExtBot[None]):
    """The library's own repr holds the token."""

    def __repr__(self) -> str:
        return "Bot[telegram]"


class StrictApplication(Application[Any, Any, Any, Any, Any, Any]):
    """Lets an update's failure out: whoever fetched the update must know that it is not stored."""

    async def process_error(
        self, update: object, error: Exception, *args: object, **more: object
    ) -> bool:
        raise error


class WithoutToken(logging.Filter):
    """Masks the token in a line before anyone sees it."""

    def __init__(self, token: str):
        super().__init__()
        self._token = token

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if self._token in message:
            record.msg, record.args = message.replace(self._token, MASK), ()
        return True


def build(config: TelegramConfig, token: str, clock: ClockWatch) -> App:
    for name in TALKATIVE:
        logging.getLogger(name).addFilter(WithoutToken(token))
    bot = Bot(
        token,
        base_url=config.base_url,
        base_file_url=config.base_file_url,
        request=_requests(clock, CONNECTIONS),
        get_updates_request=_requests(clock, 2, UpdatesRequest),
    )
    builder = ApplicationBuilder().application_class(StrictApplication)
    return builder.bot(bot).updater(None).build()


def _requests(
    clock: ClockWatch, connections: int, kind: type[HTTPXRequest] = HTTPXRequest
) -> HTTPXRequest:
    async def look(response: httpx.Response) -> None:
        clock.saw(response.headers.get("date", ""))

    return kind(
        connection_pool_size=connections,
        connect_timeout=10.0,
        read_timeout=20.0,
        write_timeout=20.0,
        pool_timeout=30.0,
        httpx_kwargs={"event_hooks": {"response": [look]}},
    )
