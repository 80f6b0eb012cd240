"""The first answer to an interaction."""

from __future__ import annotations

from collections.abc import Callable

from bot.testing.discord.accounts import Json
from bot.testing.discord.checks.form import Form
from bot.testing.discord.checks.modal import check_modal
from bot.testing.discord.checks.options import STRING, check_choice
from bot.testing.discord.compose import SETTABLE, check_new, composed, revise
from bot.testing.discord.failures import bad_request, unknown
from bot.testing.discord.interactions import ANSWERS, Callback, Interaction, InteractionKind
from bot.testing.discord.messages import (
    CHAT_COMMAND,
    CONTEXT_COMMAND,
    DEFAULT,
    EPHEMERAL,
    LOADING,
    Message,
)
from bot.testing.discord.rest.call import Answer, Call
from bot.testing.discord.rest.routes import Route
from bot.testing.discord.world import World

MOST_CHOICES = 25


async def callback(world: World, call: Call) -> Answer:
    """Raises 10062 after three seconds, 40060 the second time."""
    interaction = world.interactions.get(call.ids["token"])
    if interaction is None or interaction.id != call.id("interaction") or interaction.late:
        raise unknown("interaction")
    if interaction.answer is not None:
        raise bad_request(40060, "Interaction has already been acknowledged.")
    form = Form(call.body)
    form["type"].one_of({int(answer) for answer in ANSWERS[interaction.kind]})
    form.done()
    answer = Callback(call.body["type"])
    _ANSWERS[answer](world, interaction, call)
    interaction.answer = answer
    interaction.answered_after = world.clock.now() - interaction.at
    return Answer(_described(interaction, answer)) if call.flag("with_response") else Answer()


def _data(call: Call) -> Json:
    data = call.body.get("data")
    return data if isinstance(data, dict) else {}


def more(interaction: Interaction, flags: int) -> Json:
    """What makes a message one that answers this interaction."""
    return {
        "interaction": interaction.metadata,
        "only_for": interaction.user if flags & EPHEMERAL else None,
    }


def _kind(interaction: Interaction) -> int:
    if interaction.kind is not InteractionKind.COMMAND:
        return DEFAULT
    return CHAT_COMMAND if interaction.data["type"] == 1 else CONTEXT_COMMAND


def _message(world: World, interaction: Interaction, call: Call) -> None:
    data = _data(call)
    check_new(data, call.uploads)
    flags = data.get("flags") or 0
    interaction.original = composed(
        world,
        interaction.channel,
        data,
        call.uploads,
        may_set=SETTABLE | EPHEMERAL,
        kind=_kind(interaction),
        **more(interaction, flags),
    )
    world.tell_message("MESSAGE_CREATE", interaction.original)


def _deferred(world: World, interaction: Interaction, call: Call) -> None:
    form = Form(_data(call))
    form["flags"].number(0, 1 << 20)
    form.done()
    flags = (_data(call).get("flags") or 0) & EPHEMERAL
    interaction.original = world.post(
        interaction.channel,
        world.bot,
        "",
        flags=flags | LOADING,
        kind=_kind(interaction),
        **more(interaction, flags),
    )
    world.tell_message("MESSAGE_CREATE", interaction.original)


def _source(interaction: Interaction) -> Message:
    """The message whose component was used."""
    if interaction.message is None:
        raise bad_request(50035, "Invalid Form Body")
    return interaction.message


def _deferred_update(world: World, interaction: Interaction, call: Call) -> None:
    interaction.original = _source(interaction)


def _update(world: World, interaction: Interaction, call: Call) -> None:
    message = _source(interaction)
    if message.deleted:
        raise unknown("Message")
    revise(world, message, _data(call), call.uploads)
    interaction.original = message
    world.tell_message("MESSAGE_UPDATE", message)


def _choices(world: World, interaction: Interaction, call: Call) -> None:
    form = Form(call.body)["data"]["choices"]
    focused = interaction.focused
    for choice in form.items(MOST_CHOICES):
        check_choice(choice, focused["type"] if focused else STRING)
    form.done()
    interaction.choices = list(_data(call).get("choices") or [])


def _modal(world: World, interaction: Interaction, call: Call) -> None:
    form = Form(call.body)["data"]
    check_modal(form)
    form.done()
    interaction.modal = _data(call)


_ANSWERS: dict[Callback, Callable[[World, Interaction, Call], None]] = {
    Callback.MESSAGE: _message,
    Callback.DEFERRED_MESSAGE: _deferred,
    Callback.DEFERRED_UPDATE: _deferred_update,
    Callback.UPDATE: _update,
    Callback.CHOICES: _choices,
    Callback.MODAL: _modal,
}


def _described(interaction: Interaction, answer: Callback) -> Json:
    message = interaction.original
    described: Json = {"id": str(interaction.id), "type": int(interaction.kind)}
    resource: Json = {"type": int(answer)}
    if message is not None:
        described |= {
            "response_message_id": str(message.id),
            "response_message_loading": message.loading,
            "response_message_ephemeral": message.ephemeral,
        }
    if message is not None and answer in (Callback.MESSAGE, Callback.UPDATE):
        resource["message"] = message.json
    return {"interaction": described, "resource": resource}


ROUTES = (
    Route("POST", "/interactions/{interaction}/{token}/callback", callback, authenticated=False),
)
