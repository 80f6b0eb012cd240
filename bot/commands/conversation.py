"""Commands that carry the conversation on."""

from __future__ import annotations

from itertools import groupby

from bot import texts, texts_for_places
from bot.attachments import opened, unreadable
from bot.commands import Call, Command
from bot.commands.arguments import called_in_full, usage
from bot.errors import CommandError
from bot.language import translated
from bot.store import TurnRecord
from bot.types import CommandSpec, Message, Parameter, Post, Role, TurnState


async def help_(call: Call) -> Post:
    specs = sorted(call.services.commands.specs(call.role), key=lambda spec: spec.role)
    parts = [texts.closed(call.user)] if call.role < Role.USER else []
    for role, fitting in groupby(specs, key=lambda spec: max(spec.role, Role.USER)):
        lines = (line for spec in fitting for line in lines_of(spec))
        parts.append("\n".join((f"**{texts_for_places.for_role(role)}**", *lines)))
    return Post("\n\n".join(parts))


def lines_of(spec: CommandSpec) -> list[str]:
    if not spec.subcommands:
        return [f"- `{usage(spec)}` – {translated(spec.help)}"]
    named = [(sub, usage(sub, called_in_full(spec, sub))) for sub in spec.subcommands]
    return [f"- `{shown}` – {translated(sub.help)}" for sub, shown in named]


async def ask(call: Call) -> None:
    event = call.event
    typed = event.values.get("question", event.arguments).strip()
    files = event.attachments if typed else ()  # else a file is the question
    said = Message("user", call.text("question"), call.user, event.id, attachments=files)
    if names := unreadable(said):
        raise CommandError(texts.cant_read(names))
    await call.services.intake.take(call.place, opened(said), call.role)


async def summarise(call: Call) -> None:
    """A question like any other: it is in the history, and can be stopped and asked again."""
    if not await call.services.store.history(call.place.key, 1):
        raise CommandError(texts_for_places.NOTHING_SAID())
    question = Message("user", texts_for_places.SUMMARISE(), call.user, call.event.id)
    await call.services.intake.take(call.place, question, call.role)


async def new(call: Call) -> Post:
    await call.services.lanes.stop(call.place.key)
    archived = await call.services.store.archive(call.place.key)
    return Post(texts.ARCHIVED() if archived else texts.NOTHING_TO_ARCHIVE())


async def stop(call: Call) -> Post | None:
    stopped = await call.services.lanes.stop(call.place.key)
    return None if stopped else Post(texts.NOTHING_RUNNING())


async def regenerate(call: Call) -> None:
    record = await call.services.store.last_turn(call.place.key)
    if record is None:
        raise CommandError(texts.NOTHING_TO_REGENERATE())
    await call.services.gate.admit(call.user, call.role, call.place)
    await call.services.lanes.regenerate(record)


async def continue_(call: Call) -> None:
    record = await _last_reply(call)
    if record is None or not _was_cut(record):
        raise CommandError(texts.NOTHING_TO_CONTINUE())
    await call.services.gate.admit(call.user, call.role, call.place)
    await call.services.lanes.resume(record)


async def _last_reply(call: Call) -> TurnRecord | None:
    """As it stands there: of several variants the chosen one."""
    store = call.services.store
    record = await store.last_turn(call.place.key)
    if record is None or not record.turn.state.ended:
        return record
    variants = await store.variants(record.turn)
    return variants.records[variants.chosen] if variants.records else record


def _was_cut(record: TurnRecord) -> bool:
    """By the token limit, by a restart, or by somebody who stopped it."""
    broken_off = record.turn.state in (TurnState.INTERRUPTED, TurnState.CANCELLED)
    return record.reply.finish == "length" or (broken_off and bool(record.reply.text))


async def speed(call: Call) -> Post:
    record = await _last_reply(call)
    if record is None or record.reply.finish is None:
        raise CommandError(texts.NO_SPEED())
    usage = record.reply.usage
    tokens = usage.reasoning_tokens + usage.text_tokens
    writing = usage.total_seconds - usage.first_token_seconds
    rate = (tokens - 1) / writing if tokens > 1 and writing > 0 else 0.0
    return Post(texts.speed(tokens, rate, usage.first_token_seconds, usage.total_seconds))


QUESTION = Parameter("question", "what you want to know", long=True)

CONVERSATION = (
    Command(
        CommandSpec("help", "what can be asked for here", role=Role.GUEST, private=True), help_
    ),
    Command(CommandSpec("ask", "ask the model, as by a mention", (QUESTION,), asks=True), ask),
    Command(CommandSpec("new", "begin afresh; the old conversation is archived"), new),
    Command(CommandSpec("stop", "end the reply that is being written"), stop),
    Command(CommandSpec("regenerate", "answer the last question once more"), regenerate),
    Command(CommandSpec("continue", "go on where a reply was cut off"), continue_),
    Command(
        CommandSpec("summarise", "ask for a summary of this conversation", asks=True), summarise
    ),
    Command(CommandSpec("speed", "tokens and seconds of the last reply"), speed),
)
