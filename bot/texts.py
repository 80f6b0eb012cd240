"""Every sentence that the bot says of its own, in one place, in the language spoken just now.

A text is looked up when it is said, never when this module is imported: a `Text` is called, as
in ``texts.STOP()``, and the functions are. Commands' help is beside the commands; what an error
says is in the error, and `told` says it in the language of whoever hears it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.errors import ChinwagError, StoreError
from bot.language import counted, in_context
from bot.language import translated as _


@dataclass(frozen=True, slots=True)
class Text:
    message: str

    def __call__(self, **values: object) -> str:
        """`values` fill the placeholders, as in str.format."""
        return _(self.message, **values)


# --- buttons -------------------------------------------------------------------------------------

ANSWER_NOW = Text("Answer now")
STOP = Text("Stop")
CANCEL = Text("Cancel")
REGENERATE = Text("Regenerate")
CONTINUE = Text("Continue")
SHOW_THINKING = Text("Show thinking")
TRY_AGAIN = Text("Try again")
PREVIOUS = Text("‹")
NEXT = Text("›")


def variant(number: int, count: int) -> str:
    return f"{number}/{count}"


# --- how a reply ended ---------------------------------------------------------------------------

STOPPED = Text("stopped")
CUT_BY_RESTART = Text("cut off by a restart")
CUT_BY_LENGTH = Text("cut off at the longest answer that is set")
CUT_BY_TIME = Text("cut off at the time limit")
CUT_BY_ERROR = Text("cut off: the model broke off")
FAILED = Text("This could not be answered. Please try again.")
NO_ANSWER = Text("The model gave no answer.")
NO_THOUGHTS = Text("There are no thoughts to this answer.")
THOUGHTS = Text("Thoughts:")
MEMORY_AWAY = Text("I can't reach my memory just now. Please try again in a while.")
QUESTION_GONE = Text("the question was deleted")
LEFT_OUT = Text("The beginning of this conversation no longer fits the model and is left out.")


# --- commands and refusals -----------------------------------------------------------------------

ARCHIVED = Text("This conversation is archived; we begin afresh.")
NOTHING_TO_ARCHIVE = Text("There is nothing to archive: this conversation is new.")
DONE = Text("Done.")
BLOCKED = Text("You are blocked here.")
NOTHING_RUNNING = Text("No reply is being written.")
NOTHING_TO_REGENERATE = Text("There is no question here yet.")
NOTHING_TO_CONTINUE = Text("The last reply is whole.")
NO_SPEED = Text("There is no finished reply here yet.")
BUTTON_GONE = Text("This button no longer does anything.")
NOT_YOUR_BUTTON = Text("This button is for who asked.")
I_SPEAK = Text("I speak English here.")
EMPTY = Text("That message has no text to answer.")
CANT_READ = Text("I can't read {names}: only texts, and PDFs that hold text.")
TOO_MANY = Text("Too many messages are waiting here already. Please wait for their answers.")


def banner(version: str, model: str, conversation: str) -> str:
    """The first line at a terminal."""
    said = f"chinwag {version} · {model}"
    return said if conversation == "default" else f"{said} · {conversation}"


def closed(user: object) -> str:
    """`user` is the id to give to the owner."""
    return _("I answer only people whom my owner has admitted. Your id is {user}.", user=str(user))


def setting(value: object) -> str:
    """`value` as it is, not as JSON."""
    return _("not set") if value in (None, "", ()) else str(value)


def changed(name: str, old: object, new: object) -> str:
    return _("{name}: {old} → {new}", name=name, old=setting(old), new=setting(new))


def speed(tokens: int, rate: float, first: float, total: float) -> str:
    """Of the last reply: `rate` in tokens a second, `first` and `total` in seconds."""
    return _(
        "{tokens} in {total} s: {rate} tokens/s, the first after {first} s",
        tokens=tokens_of(tokens),
        total=decimal(total),
        rate=decimal(rate),
        first=decimal(first),
    )


# --- files ---------------------------------------------------------------------------------------


def cant_read(names: Iterable[str]) -> str:
    return CANT_READ(names=_(" and ").join(f"`{_one_line(name)}`" for name in names))


def file(name: str, text: str) -> str:
    """How the model is shown a file, in whatever language."""
    return f"The file {_one_line(name)}:\n\n{text}"


def _one_line(name: str) -> str:
    return " ".join(name.replace("`", "'").split())


def continued_in(name: str) -> str:
    return _("All of it is in the file {name}.", name=name)


# --- lines that move -----------------------------------------------------------------------------


def thinking(tokens: int, speed: float | None, seconds: float) -> str:
    """`speed` is in tokens a second, None while it can't be told yet."""
    return _facts(_("thinking"), tokens, speed, seconds)


def thought(tokens: int, speed: float | None, seconds: float) -> str:
    """The same line once the thinking is over."""
    return _facts(_("thought"), tokens, speed, seconds)


def _facts(verb: str, tokens: int, speed: float | None, seconds: float) -> str:
    parts = [verb, tokens_of(tokens)]
    if speed is not None:
        parts.append(_("{rate} tokens/s", rate=decimal(speed, 0 if speed >= 10 else 1)))
    return " · ".join([*parts, duration(seconds)])


def waiting(position: int, seconds: float | None) -> str:
    place = _("{nth} in line", nth=ordinal(position))
    if seconds is None:
        return place
    return _("{place}, about {time}", place=place, time=duration(_rounded(seconds)))


def _rounded(seconds: float) -> float:
    """An expected wait is known to 5 s at best; finer would only make the line flicker."""
    return max(5, round(seconds / 5) * 5)


# --- numbers, lists, times -----------------------------------------------------------------------


def decimal(value: float, digits: int = 1) -> str:
    """With so many digits behind the decimal separator."""
    return f"{value:.{digits}f}".replace(".", in_context("decimal separator", "."))


def ordinal(number: int) -> str:
    last = number % 10 if number % 100 not in (11, 12, 13) else 0
    match last:
        case 1:
            return in_context("ordinal", "{n}st", n=number)
        case 2:
            return in_context("ordinal", "{n}nd", n=number)
        case 3:
            return in_context("ordinal", "{n}rd", n=number)
    return in_context("ordinal", "{n}th", n=number)


def tokens_of(count: int) -> str:
    return counted("{n} token", "{n} tokens", count)


def duration(seconds: float) -> str:
    whole = max(0, int(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return _("{h} h {m} min", h=hours, m=minutes)
    if minutes:
        return _("{m} min {s} s", m=minutes, s=rest)
    return _("{s} s", s=rest)


def listed(options: Iterable[str]) -> str:
    return in_context("between items of a list", ", ").join(options)


def moment(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"


def messages_of(count: int) -> str:
    return counted("{n} message", "{n} messages", count)


# --- errors --------------------------------------------------------------------------------------


def told(error: ChinwagError) -> str:
    """What the error says, in the language of whoever hears it. Where the database is kept and
    what ails it is nobody's business but the owner's, whose log has it."""
    if isinstance(error, StoreError):
        return MEMORY_AWAY()
    return _(error.text, **error.values)
