"""Every sentence that the bot says of its own, in one place.

All pass through `_`, so that gettext can take over by replacing that one function. Commands'
help is beside the commands; what an error says is in the error.
"""

from __future__ import annotations

from collections.abc import Iterable


def _(message: str) -> str:
    return message


# --- buttons -------------------------------------------------------------------------------------

ANSWER_NOW = _("Answer now")
STOP = _("Stop")
CANCEL = _("Cancel")
REGENERATE = _("Regenerate")
CONTINUE = _("Continue")
SHOW_THINKING = _("Show thinking")
TRY_AGAIN = _("Try again")
PREVIOUS = _("‹")
NEXT = _("›")


def variant(number: int, count: int) -> str:
    return _("{number}/{count}").format(number=number, count=count)


# --- how a reply ended ---------------------------------------------------------------------------

STOPPED = _("stopped")
CUT_BY_RESTART = _("cut off by a restart")
CUT_BY_LENGTH = _("cut off at the longest answer that is set")
CUT_BY_TIME = _("cut off at the time limit")
CUT_BY_ERROR = _("cut off: the model broke off")
FAILED = _("This could not be answered. Please try again.")
NO_ANSWER = _("The model gave no answer.")
NO_THOUGHTS = _("There are no thoughts to this answer.")
THOUGHTS = _("Thoughts:")


ENGINE_AWAY = _("The model can't be reached just now. Please try again in a while.")
QUESTION_GONE = _("the question was deleted")
LEFT_OUT = _("The beginning of this conversation no longer fits the model and is left out.")


# --- commands and refusals -----------------------------------------------------------------------

ARCHIVED = _("This conversation is archived; we begin afresh.")
NOTHING_TO_ARCHIVE = _("There is nothing to archive: this conversation is new.")
DONE = _("Done.")
BLOCKED = _("You are blocked here.")
NOTHING_RUNNING = _("No reply is being written.")
NOTHING_TO_REGENERATE = _("There is no question here yet.")
NOTHING_TO_CONTINUE = _("The last reply is whole.")
NO_SPEED = _("There is no finished reply here yet.")
BUTTON_GONE = _("This button no longer does anything.")
NOT_YOUR_BUTTON = _("This button is for who asked.")
EMPTY = _("That message has no text to answer.")
CANT_READ = _("I can't read {names}: only texts, and PDFs that hold text.")
TOO_MANY = _("Too many messages are waiting here already. Please wait for their answers.")


def banner(version: str, model: str, conversation: str) -> str:
    """The first line at a terminal."""
    said = _("chinwag {version} · {model}").format(version=version, model=model)
    return said if conversation == "default" else f"{said} · {conversation}"


def closed(user: object) -> str:
    """`user` is the id to give to the owner."""
    return _("I answer only people whom my owner has admitted. Your id is {user}.").format(
        user=user
    )


def setting(value: object) -> str:
    """`value` as it is, not as JSON."""
    return _("not set") if value in (None, "", ()) else str(value)


def changed(name: str, old: object, new: object) -> str:
    return _("{name}: {old} → {new}").format(name=name, old=setting(old), new=setting(new))


def speed(tokens: int, rate: float, first: float, total: float) -> str:
    """Of the last reply: `rate` in tokens a second, `first` and `total` in seconds."""
    said = _("1 token") if tokens == 1 else _("{n} tokens").format(n=tokens)
    return _("{said} in {total:.1f} s: {rate:.1f} tokens/s, the first after {first:.1f} s").format(
        said=said, total=total, rate=rate, first=first
    )


# --- files ---------------------------------------------------------------------------------------


def cant_read(names: Iterable[str]) -> str:
    return CANT_READ.format(names=_(" and ").join(f"`{_one_line(name)}`" for name in names))


def file(name: str, text: str) -> str:
    """How the model is shown a file."""
    return _("The file {name}:\n\n{text}").format(name=_one_line(name), text=text)


def _one_line(name: str) -> str:
    return " ".join(name.replace("`", "'").split())


def continued_in(name: str) -> str:
    return _("All of it is in the file {name}.").format(name=name)


# --- lines that move -----------------------------------------------------------------------------


def thinking(tokens: int, speed: float | None, seconds: float) -> str:
    """`speed` is in tokens a second, None while it can't be told yet."""
    return _facts(_("thinking"), tokens, speed, seconds)


def thought(tokens: int, speed: float | None, seconds: float) -> str:
    """The same line once the thinking is over."""
    return _facts(_("thought"), tokens, speed, seconds)


def _facts(verb: str, tokens: int, speed: float | None, seconds: float) -> str:
    parts = [verb, _("1 token") if tokens == 1 else _("{n} tokens").format(n=tokens)]
    if speed is not None:
        number = f"{speed:.0f}" if speed >= 10 else f"{speed:.1f}"
        parts.append(_("{n} tokens/s").format(n=number))
    return " · ".join([*parts, duration(seconds)])


def waiting(position: int, seconds: float | None) -> str:
    place = _("{nth} in line").format(nth=ordinal(position))
    if seconds is None:
        return place
    return _("{place}, about {time}").format(place=place, time=duration(_rounded(seconds)))


def _rounded(seconds: float) -> float:
    """An expected wait is known to 5 s at best; finer would only make the line flicker."""
    return max(5, round(seconds / 5) * 5)


def ordinal(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def duration(seconds: float) -> str:
    whole = max(0, int(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return _("{h} h {m} min").format(h=hours, m=minutes)
    if minutes:
        return _("{m} min {s} s").format(m=minutes, s=rest)
    return _("{s} s").format(s=rest)
