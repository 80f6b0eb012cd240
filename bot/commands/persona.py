"""Who the model is here: the system prompt, and the saved ones."""

from __future__ import annotations

from bot import texts_for_places
from bot.commands import Call, Command, group
from bot.commands.kept import Kept
from bot.commands.values import changed, one_line
from bot.errors import CommandError
from bot.kinds import quoted
from bot.settings import here
from bot.types import CommandSpec, Parameter, Post, Role

PROMPT = "system_prompt"


async def show(call: Call) -> Post:
    effective = await call.services.settings.effective(call.place)
    if not effective.system_prompt.strip():
        return Post(texts_for_places.NO_SYSTEM_PROMPT())
    origin = texts_for_places.origin(effective.source(PROMPT), call.services.engine.info.name)
    quote = "\n".join(f"> {line}".rstrip() for line in effective.system_prompt.splitlines())
    return Post(f"{quote}\n\n({origin})")


async def set_(call: Call) -> Post:
    return await _set(call, call.text("text"))


async def _set(call: Call, text: str) -> Post:
    """If it leaves the model room for a conversation."""
    services = call.services
    prompt = str(services.settings.parse(PROMPT, text))
    tokens, most = await services.prompts.size(prompt), services.engine.info.context_window // 2
    if tokens > most:
        raise CommandError(
            "That is {tokens} tokens long; with this model {most} is the most.",
            tokens=tokens,
            most=most,
        )
    await services.settings.change(here(call.place), {PROMPT: prompt}, call.user)
    return Post(texts_for_places.system_prompt_set(len(prompt), tokens))


async def reset(call: Call) -> Post:
    change = await call.services.settings.unset(here(call.place), PROMPT, call.user)
    return Post(changed(change))


# --- saved ones ------------------------------------------------------------------------------


async def save(call: Call) -> Post:
    """The given text, or the system prompt that holds here now."""
    settings = call.services.settings
    text = call.text("text") or (await settings.effective(call.place)).system_prompt
    value = settings.parse(PROMPT, text)
    kept = Kept(call.services.store, "persona")
    return Post(changed(await kept.save(call.place, call.text("name"), value, call.user)))


async def use(call: Call) -> Post:
    known, name = await Kept(call.services.store, "persona").all(call.place), call.text("name")
    if name.lower() not in known:
        raise CommandError("There is no persona {name} here: see /persona list.", name=quoted(name))
    return await _set(call, known[name.lower()])


async def list_(call: Call) -> Post:
    known = await Kept(call.services.store, "persona").all(call.place)
    lines = (f"- `{name}`: {one_line(text, 80)}" for name, text in sorted(known.items()))
    return Post("\n".join(lines) or texts_for_places.NO_PERSONAS())


async def delete(call: Call) -> Post:
    kept = Kept(call.services.store, "persona")
    return Post(changed(await kept.delete(call.place, call.text("name"), call.user)))


TEXT = Parameter("text", "up to 8,000 characters, or a text file", long=True)
SAVED = Parameter("name", "a saved one", suggestions="persona")
NEW = Parameter("name", "what to call it")
OTHER = Parameter("text", "else what holds here now", required=False, long=True)

PERSONA = (
    group(
        "system",
        "the system prompt: who the model is here",
        Command(CommandSpec("show", "the system prompt that holds here", private=True), show),
        Command(CommandSpec("set", "give this place its own", (TEXT,), role=Role.ADMIN), set_),
        Command(CommandSpec("reset", "go back to what is inherited", role=Role.ADMIN), reset),
        default="show",
    ),
    group(
        "persona",
        "saved system prompts of this place",
        Command(CommandSpec("use", "be this one here", (SAVED,), role=Role.ADMIN), use),
        Command(CommandSpec("list", "the saved ones", private=True), list_),
        Command(CommandSpec("save", "keep a system prompt", (NEW, OTHER), role=Role.ADMIN), save),
        Command(CommandSpec("delete", "forget a saved one", (SAVED,), role=Role.ADMIN), delete),
        default="use",
    ),
)
