"""Commands about the conversation at hand."""

from __future__ import annotations

from bot import texts
from bot.commands import Call, Command
from bot.commands.arguments import usage
from bot.errors import CommandError
from bot.types import CommandSpec, Post, Role


async def help_(call: Call) -> Post:
    specs = call.services.commands.specs(call.role)
    return Post("\n".join(f"- `{usage(spec)}` – {spec.help}" for spec in specs))


async def new(call: Call) -> Post:
    key = call.event.place.key
    await call.services.lanes.stop(key)
    archived = await call.services.store.archive(key)
    return Post(texts.ARCHIVED() if archived else texts.NOTHING_TO_ARCHIVE())


async def stop(call: Call) -> Post | None:
    stopped = await call.services.lanes.stop(call.event.place.key)
    return None if stopped else Post(texts.NOTHING_RUNNING())


async def regenerate(call: Call) -> None:
    record = await call.services.store.last_turn(call.event.place.key)
    if record is None:
        raise CommandError(texts.NOTHING_TO_REGENERATE())
    await call.services.lanes.regenerate(record)


async def continue_(call: Call) -> None:
    record = await call.services.store.last_turn(call.event.place.key)
    if record is None or record.reply.finish != "length":
        raise CommandError(texts.NOTHING_TO_CONTINUE())
    await call.services.lanes.resume(record)


async def speed(call: Call) -> Post:
    record = await call.services.store.last_turn(call.event.place.key)
    if record is None or record.reply.finish is None:
        raise CommandError(texts.NO_SPEED())
    usage = record.reply.usage
    tokens = usage.reasoning_tokens + usage.text_tokens
    writing = usage.total_seconds - usage.first_token_seconds
    rate = (tokens - 1) / writing if writing > 0 else 0.0
    return Post(texts.speed(tokens, rate, usage.first_token_seconds, usage.total_seconds))


CONVERSATION = (
    Command(CommandSpec("help", "what can be asked for here", role=Role.GUEST), help_),
    Command(CommandSpec("new", "begin afresh; the old conversation is archived"), new),
    Command(CommandSpec("stop", "end the reply that is being written"), stop),
    Command(CommandSpec("regenerate", "answer the last question once more"), regenerate),
    Command(CommandSpec("continue", "go on where the token limit cut a reply"), continue_),
    Command(CommandSpec("speed", "tokens and seconds of the last reply"), speed),
)
