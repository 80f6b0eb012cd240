"""Everything that chinwag raises on purpose.

    ChinwagError                 exit code 1
    ├── ConfigError              2   file, line, key
    ├── ModelError               3
    │   ├── ModelUnavailable         what was tried
    │   └── ModelTooLarge            the plan as a table, and two ways out
    ├── TokenRefused             4   the network that refused it
    ├── AlreadyRunning               the process that has this home
    ├── EngineError
    │   ├── EngineBusy               position, seconds
    │   ├── EngineDied               every waiter gets it when the thread is gone
    │   ├── PromptTooLong            tokens, limit
    │   └── RequestFailed            one request failed alone
    ├── StoreError
    │   ├── StoreUnavailable         read-only, full, locked, unreachable
    │   ├── StoreNewer               found, known
    │   └── StoreCorrupt
    ├── DeliveryError            raised by an adapter's primitives, handled by the Presenter
    │   ├── RateLimited              retry_after
    │   ├── Gone                     the message, chat or channel is no more
    │   ├── Forbidden                the bot may not do this here
    │   ├── TooLong                  limit
    │   ├── Refused                  the network rejects this content
    │   └── Unavailable              try again later
    ├── PluginError                  the plugin's name
    └── CommandError                 what the caller can do about it

The text of each is one sentence for a person: what is wrong and what to do. Where people on a
network may hear it, it is a pattern and its values, not an f-string, so that it can be translated.
"""

from __future__ import annotations

from typing import ClassVar


def pattern(text: str) -> str:
    """Marks what is to be translated."""
    return text


class ChinwagError(Exception):
    """`values` fill the placeholders of `text`, as in str.format; without any, braces are only
    braces."""

    exit_code: ClassVar[int] = 1

    def __init__(self, text: str = "", /, **values: object):
        self.text, self.values = text, values
        super().__init__(text.format(**values) if values else text)


class ConfigError(ChinwagError):
    exit_code = 2

    def __init__(self, problem: str, *, file: str = "", line: int | None = None, key: str = ""):
        self.problem, self.file, self.line, self.key = problem, file, line, key
        where = f"{file}:{line}" if file and line else file
        super().__init__(": ".join(part for part in (where, key, problem) if part))


class ModelError(ChinwagError):
    exit_code = 3


class ModelUnavailable(ModelError):
    """The model can't be had, or what was found of it can't be used."""


class ModelTooLarge(ModelError):
    """The plan says that the model can't fit this machine."""


class TokenRefused(ChinwagError):
    exit_code = 4

    def __init__(self, network: str, advice: str):
        self.network = network
        super().__init__(f"{network} refused the bot's token: {advice}")


class AlreadyRunning(ChinwagError):
    def __init__(self, home: str, process: str):
        self.process = process
        who = f"process {process}" if process else "another process"
        super().__init__(
            f"chinwag runs already with the home {home}: stop {who}, or set another home."
        )


class EngineError(ChinwagError):
    """A stream broke off; what it had said so far stands."""


class EngineBusy(EngineError):
    """Raised before the first chunk: the engine takes no more requests now."""

    def __init__(self, position: int, seconds: float | None = None):
        self.position, self.seconds = position, seconds
        if seconds is None:
            super().__init__(
                pattern("The model is busy; {position} requests wait."), position=position
            )
        else:
            super().__init__(
                pattern(
                    "The model is busy; {position} requests wait, and a place is free in about "
                    "{seconds} s."
                ),
                position=position,
                seconds=round(seconds),
            )


class EngineDied(EngineError):
    """The executor thread is gone; the bot restarts it."""


class PromptTooLong(EngineError):
    def __init__(self, tokens: int, limit: int):
        self.tokens, self.limit = tokens, limit
        super().__init__(
            pattern("This is {tokens} tokens long and the model takes {limit}: please shorten it."),
            tokens=tokens,
            limit=limit,
        )


class RequestFailed(EngineError):
    """This request failed; its neighbours go on."""


class StoreError(ChinwagError):
    """The durable history could not do what was asked."""


class StoreUnavailable(StoreError):
    """Nothing was written; the same call may succeed later."""


class StoreNewer(StoreError):
    def __init__(self, found: str, known: str):
        self.found, self.known = found, known
        super().__init__(
            f"The database is at revision {found}, this chinwag knows up to {known}: "
            "install the newer chinwag, or restore the backup made before its first start."
        )


class StoreCorrupt(StoreError):
    """The database file is damaged; it is never repaired in silence."""


class DeliveryError(ChinwagError):
    """A network did not take what was sent."""


class RateLimited(DeliveryError):
    def __init__(self, retry_after: float):
        self.retry_after = retry_after
        super().__init__(f"The network asks to wait {retry_after:g} s.")


class Gone(DeliveryError):
    """The message, chat or channel no longer exists."""


class Forbidden(DeliveryError):
    """The bot lacks the right to do this here."""


class TooLong(DeliveryError):
    def __init__(self, limit: int):
        self.limit = limit
        super().__init__(f"The text is longer than the network's {limit}.")


class Refused(DeliveryError):
    """The network rejects this content, and would reject it again."""


class Unavailable(DeliveryError):
    """The network can't be reached or failed; the same call may succeed later."""


class PluginError(ChinwagError):
    def __init__(self, plugin: str, problem: str):
        self.plugin = plugin
        super().__init__(f"{plugin}: {problem}")


class CommandError(ChinwagError):
    """Shown to the caller, in the caller's language."""
