"""Every sentence that the bot says of its own, in one place.

All pass through `_`, so that gettext can take over by replacing that one function. Commands'
help is beside the commands; what an error says is in the error.
"""

from __future__ import annotations


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


# --- files ---------------------------------------------------------------------------------------


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
