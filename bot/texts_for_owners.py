"""Sentences that only owners hear; as in `bot.texts`, looked up when they are said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.errors import ChinwagError
from bot.language import counted
from bot.language import translated as _
from bot.texts import Text, decimal, duration, listed, messages_of, tokens_of, told
from bot.types import Place, UserRef

if TYPE_CHECKING:
    from bot.store import DailyUsage

GIB = 2**30


def gib(size: int) -> str:
    return _("{n} GiB", n=decimal(size / GIB))


# --- status --------------------------------------------------------------------------------------


def model(name: str, window: int, *, alive: bool) -> str:
    if not alive:
        return _("{name} has stopped and is being started again", name=name)
    return _("{name} serves, {tokens} of context", name=name, tokens=tokens_of(window))


def work(running: int, queued: int, speed: float) -> str:
    return _(
        "{running} being answered, {queued} in line, {rate} tokens/s",
        running=running,
        queued=queued,
        rate=decimal(speed),
    )


def memory(engine: int, kv_used: float, process: int) -> str:
    """In bytes; `kv_used` is a share."""
    return _(
        "memory: {process} of the process, {engine} of the model, its KV cache {share} % full",
        process=gib(process),
        engine=gib(engine),
        share=round(100 * kv_used),
    )


def uptime(seconds: float) -> str:
    days, rest = divmod(max(0, int(seconds)), 86_400)
    if days:
        return _("up for {days}, {time}", days=days_of(days), time=duration(rest))
    return _("up for {time}", time=duration(rest))


def network(name: str, connected: bool) -> str:
    if connected:
        return _("{network} is connected", network=name)
    return _("{network} is away; the bot tries to get back", network=name)


def lane(place: Place, asked: UserRef | None, waiting: int) -> str:
    who = _("nobody known") if asked is None else asked.name or str(asked)
    where = f"{place.adapter}:{place.chat}" + (f":{place.thread}" if place.thread else "")
    said = _("{who} is being answered in {where}", who=who, where=f"`{where}`")
    return f"{said}; {_('{n} wait behind', n=waiting)}" if waiting else said


def more(count: int) -> str:
    return _("and {n} more", n=count)


# --- statistics ----------------------------------------------------------------------------------

MESSAGES = Text("Messages")
TOKENS = Text("Tokens written")
THINKING_OF_IT = Text("thinking")
SPEED = Text("Tokens a second of a reply")
WAIT = Text("Seconds to the first token")
NO_PICTURE = Text("For a picture install the extra: `pip install 'chinwag[stats]'`")


def days_of(count: int) -> str:
    return counted("{n} day", "{n} days", count)


def stats_title(model: str, days: int) -> str:
    return _("{model}, the last {days}", model=model, days=days_of(days))


def stats_total(total: DailyUsage) -> str:
    usage = total.usage
    return _(
        "{messages} answered with {tokens}, {thinking} of thinking among them",
        messages=messages_of(total.messages),
        tokens=tokens_of(usage.reasoning_tokens + usage.text_tokens),
        thinking=tokens_of(usage.reasoning_tokens),
    )


def tick(value: float) -> str:
    """On an axis: short."""
    if value >= 10_000:
        return _("{n} k", n=decimal(value / 1000, 0))
    return decimal(value, 0 if value == int(value) else 1)


# --- the model -----------------------------------------------------------------------------------

UNTIL_RESTART = Text(
    "I could not keep that, so after a restart it is the config's model again; my log says why."
)


def model_line(name: str, *, serves: bool, loads: bool) -> str:
    if serves:
        return _("`{name}` serves", name=name)
    return _("`{name}` is being loaded", name=name) if loads else f"`{name}`"


def loading(name: str, before: str) -> str:
    return _("{name} is being loaded; {before} serves until it is there.", name=name, before=before)


def not_loaded(name: str, before: str, error: ChinwagError) -> str:
    why = told(error)
    said = _("{name} could not be loaded, and {before} goes on serving:", name=name, before=before)
    return f"{said}\n\n{why}" if "\n" not in why else f"{said}\n\n```\n{why}\n```"


def serves(name: str, window: int, *, lasts: bool) -> str:
    """`lasts` says whether it still does after a restart."""
    said = _(
        "{name} serves from now on, with {tokens} of context.", name=name, tokens=tokens_of(window)
    )
    return said if lasts else f"{said} {UNTIL_RESTART()}"


# --- upkeep --------------------------------------------------------------------------------------


SEND = Text("Send")


def broadcast_ready(places: int, code: str, text: str) -> str:
    said = counted("This goes to {n} place:", "This goes to {n} places:", places)
    how = _("To send it: {command}", command=f"`/broadcast send {code}`")
    return f"{said}\n\n{text}\n\n{how}"


def broadcast_done(sent: int, failed: int) -> str:
    said = counted("Sent to {n} place.", "Sent to {n} places.", sent)
    return (
        f"{said} {counted('{n} could not be reached.', '{n} could not be reached.', failed)}"
        if failed
        else said
    )


def reloaded(now: Sequence[str], later: Sequence[str]) -> str:
    """Keys of the config."""
    if not now and not later:
        return _("The config says nothing new.")
    said = [_("In force now: {keys}.", keys=listed(now))] if now else []
    waits = [_("After a restart: {keys}.", keys=listed(later))] if later else []
    return " ".join([*said, *waits])


def draining(replies: int) -> str:
    if not replies:
        return _("Nothing is being answered: I end now.")
    return counted("I end after {n} reply.", "I end after {n} replies.", replies)


def audited(when: str, by: UserRef | None, scope: str, change: str) -> str:
    who = _("nobody known") if by is None else by.name or str(by)
    return _(
        "{when}, {who}, {scope}: {change}", when=when, who=who, scope=f"`{scope}`", change=change
    )
