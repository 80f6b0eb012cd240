"""Commands that look at what was said here."""

from __future__ import annotations

import asyncio

from bot import texts, texts_for_places
from bot.commands import Call, Command
from bot.commands.transcript import as_json, as_markdown
from bot.commands.values import one_line
from bot.errors import CommandError
from bot.types import CommandSpec, File, Message, Parameter, Post

SHOWN = 10
LONGEST = 300
"""Characters of a message in the history."""
MOST = 100_000
"""Messages of an exported conversation."""


async def history(call: Call) -> Post:
    count = int(call.arguments.get("count", SHOWN))
    messages = await call.services.store.history(call.place.key, count)
    if not messages:
        raise CommandError(texts_for_places.NOTHING_SAID())
    model = call.services.engine.info.name
    return Post("\n".join(_line(message, model) for message in messages))


def _line(message: Message, model: str) -> str:
    said = one_line(message.text, LONGEST)
    return f"- {texts.moment(message.time)} **{speaker(message, model)}**: {said}"


def speaker(message: Message, model: str) -> str:
    if message.role == "assistant":
        return model
    return (message.author.name or str(message.author)) if message.author else message.role


async def context(call: Call) -> Post:
    services, key = call.services, call.place.key
    effective = await services.settings.effective(call.place)
    history = await services.store.history(key, services.prompts.history_messages)
    measure = await services.prompts.measure(
        key, effective.system_prompt, history, effective.sampling.max_new_tokens
    )
    unread = await services.store.length(key) - len(history)
    out = len(history) - measure.messages + unread
    return Post(
        "\n".join(
            (
                texts_for_places.context_window(services.engine.info.name, measure.window),
                f"- {texts_for_places.context_system(measure.system)}",
                f"- {texts_for_places.context_history(measure.history, measure.messages)}",
                f"- {texts_for_places.context_answer(measure.answer)}",
                f"- {texts_for_places.context_free(measure.free)}",
                *([f"- {texts_for_places.context_left_out(out, measure.left_out)}"] if out else []),
            )
        )
    )


async def export(call: Call) -> Post:
    messages = await call.services.store.history(call.place.key, MOST)
    if not messages:
        raise CommandError(texts_for_places.NOTHING_SAID())
    chosen = [call.text("format")] if call.text("format") else list(FORMATS)
    files = await asyncio.to_thread(
        lambda: tuple(FORMATS[name](messages, call.services.engine.info.name) for name in chosen)
    )
    return Post(texts_for_places.exported(len(messages)), files=files)


def _markdown(messages: list[Message], model: str) -> File:
    names = [speaker(message, model) for message in messages]
    return File("conversation.md", as_markdown(messages, names).encode(), "text/markdown")


def _json(messages: list[Message], model: str) -> File:
    return File("conversation.json", as_json(messages, model).encode(), "application/json")


FORMATS = {"markdown": _markdown, "json": _json}

COUNT = Parameter("count", "how many messages", "integer", False, minimum=1, maximum=50)
FORMAT = Parameter("format", "markdown or json, else both", "text", False, tuple(FORMATS))

RECORDS = (
    Command(CommandSpec("history", "what was said last", (COUNT,), private=True), history),
    Command(
        CommandSpec("context", "how full the model's context window is", private=True), context
    ),
    Command(CommandSpec("export", "this conversation as a file", (FORMAT,), private=True), export),
)
