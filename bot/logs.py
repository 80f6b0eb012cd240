"""Logging: structlog's pipeline for our own lines and for those of every library.

Our own loggers speak at the level of the config; libraries never below INFO, because at DEBUG
they print whole payloads and SQL parameters. The finished line is redacted, traceback included.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, Literal

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor, WrappedLogger

from bot.errors import ChinwagError
from bot.secrets import redact

Format = Literal["auto", "json", "console"]

OURS = ("bot", "adapters", "chinwag")
LOUD: Mapping[str, int] = dict.fromkeys(
    ("alembic", "discord.client", "httpcore", "httpx"), logging.WARNING
)
"""Libraries whose INFO is one line a request, a start, or an attempt to connect."""

TEXTS = ("text", "reasoning", "prompt")
"""Keys of a line that hold what somebody said."""

FILE_BYTES, FILES = 5_000_000, 3


def setup(
    level: str = "info", format: Format = "auto", *, texts: bool = False, file: Path | None = None
) -> None:
    """Send all logging to stderr, or to a file (rotated, mode 0600) that leaves the terminal alone.

    `texts` says whether what people and the model say may be logged: without it the keys of
    `TEXTS` are replaced by their length. Raises ChinwagError for a file that can't be written.
    """
    wanted = logging.getLevelName(level.upper())
    handler = _to_file(file) if file else logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(format, texts, handler))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        with suppress(OSError):  # what a full disk did not take stays lost
            old.close()
    root.addHandler(handler)
    root.setLevel(max(wanted, logging.INFO))
    for name in OURS:
        logging.getLogger(name).setLevel(wanted)
    for name, least in LOUD.items():
        logging.getLogger(name).setLevel(max(wanted, least))
    logging.captureWarnings(True)
    logging.raiseExceptions = False  # a full disk would print each line, unredacted, on stderr
    _configure_structlog()


class _RedactingFormatter(ProcessorFormatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


class _PrivateFile(RotatingFileHandler):
    def _open(self) -> TextIOWrapper:
        Path(self.baseFilename).touch(mode=0o600)
        return super()._open()


def _to_file(path: Path) -> logging.Handler:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return _PrivateFile(path, maxBytes=FILE_BYTES, backupCount=FILES)
    except OSError as error:
        raise ChinwagError(f"The log {path} can't be written: {error.strerror}.") from None


def _common() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.UnicodeDecoder(),
    ]


def _configure_structlog() -> None:
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_common(),
            structlog.stdlib.PositionalArgumentsFormatter(),
            ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _formatter(format: Format, texts: bool, handler: logging.Handler) -> logging.Formatter:
    journal = format == "auto" and "JOURNAL_STREAM" in os.environ
    hide: list[Processor] = [] if texts else [_without_texts]
    render = _json() if journal or format == "json" else _console(_is_terminal(handler))
    return _RedactingFormatter(
        foreign_pre_chain=[*_common(), structlog.stdlib.ExtraAdder()],
        processors=[ProcessorFormatter.remove_processors_meta, *hide, *render],
    )


def _json() -> list[Processor]:
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=repr)]


def _console(colors: bool) -> list[Processor]:
    plain = structlog.dev.plain_traceback  # the default one shows the values of local variables
    return [structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain)]


def _is_terminal(handler: logging.Handler) -> bool:
    return not isinstance(handler, logging.FileHandler) and sys.stderr.isatty()


def _without_texts(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    for key in event.keys() & set(TEXTS):
        event[key] = _length(event[key])
    return event


def _length(value: Any) -> str:
    return f"({len(value)} characters)" if isinstance(value, str) else "(hidden)"
