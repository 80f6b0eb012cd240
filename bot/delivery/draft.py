"""What passes between one turn and its presentation: values only."""

from __future__ import annotations

from dataclasses import dataclass

from bot.errors import DeliveryError
from bot.types import Button, FinishReason, PostRef, TurnState, Waiting


@dataclass(frozen=True, slots=True)
class Draft:
    """What is known of a reply at this moment.

    `started` is when the model began, in seconds of the event loop's clock. `notice` is said
    after the text, apart from it: why the reply broke off, or what went wrong instead of it.
    `buttons` are those of an ended reply.
    """

    state: TurnState = TurnState.QUEUED
    text: str = ""
    reasoning: str = ""
    reasoning_tokens: int = 0
    text_tokens: int = 0
    waiting: Waiting | None = None
    started: float = 0.0
    finish: FinishReason | None = None
    notice: str = ""
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class ButtonSet:
    """The buttons under a reply that is being made, by what it is doing."""

    waiting: tuple[Button, ...] = ()
    thinking: tuple[Button, ...] = ()
    answering: tuple[Button, ...] = ()

    def of(self, state: TurnState) -> tuple[Button, ...]:
        match state:
            case TurnState.QUEUED:
                return self.waiting
            case TurnState.THINKING:
                return self.thinking
            case TurnState.ANSWERING:
                return self.answering
        return ()


@dataclass(frozen=True, slots=True)
class Delivered:
    """What stands in the network, and why that is not all of the reply, if it is not.

    Unavailable means that a later attempt may succeed; Gone, Forbidden, TooLong and Refused
    would only happen again.
    """

    posts: tuple[PostRef, ...]
    failure: DeliveryError | None = None
