"""Which language the bot itself speaks at a place."""

from __future__ import annotations

from bot import texts
from bot.commands import Call, Command
from bot.commands.values import changed
from bot.language import AUTO, languages, speaking
from bot.settings import here
from bot.types import CommandSpec, Parameter, Post, Role

NAME = "language"


async def language(call: Call) -> Post:
    settings, wish = call.services.settings, call.text(NAME)
    change = await settings.set(here(call.place), NAME, wish, call.user)
    with speaking(*await settings.languages(call.place, call.user)):
        return Post(f"{changed(change)} · {texts.I_SPEAK()}")


WISH = Parameter(NAME, "a language, or auto: that of whoever asks", choices=(AUTO, *languages()))

LANGUAGE = (
    Command(
        CommandSpec(
            "language",
            "what the bot itself speaks here; the model answers in any",
            (WISH,),
            role=Role.ADMIN,
        ),
        language,
    ),
)
