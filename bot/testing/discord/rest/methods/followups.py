"""What follows the first answer to an interaction, for fifteen minutes."""

from __future__ import annotations

from bot.testing.discord.compose import SETTABLE, check_new, composed, revise
from bot.testing.discord.failures import ApiError, unknown
from bot.testing.discord.interactions import Interaction
from bot.testing.discord.messages import EPHEMERAL, Message
from bot.testing.discord.rest.call import Answer, Call
from bot.testing.discord.rest.methods.callbacks import more
from bot.testing.discord.rest.routes import Route
from bot.testing.discord.world import World

ORIGINAL = "@original"


def _interaction(world: World, call: Call) -> Interaction:
    """Raises 10015 before the first answer, 50027 after fifteen minutes."""
    interaction = world.interactions.get(call.ids["token"])
    if interaction is None or call.id("webhook") != world.bot.id or interaction.answer is None:
        raise unknown("Webhook")
    if interaction.expired:
        raise ApiError(401, 50027, "Invalid Webhook Token")
    return interaction


def _found(interaction: Interaction, call: Call) -> Message:
    if call.ids["message"] == ORIGINAL:
        message = interaction.original
    else:
        wanted = call.id("message")
        own = [m for m in (interaction.original, *interaction.followups) if m is not None]
        message = next((m for m in own if m.id == wanted), None)
    if message is None or message.deleted:
        raise unknown("Message")
    return message


async def followup(world: World, call: Call) -> Answer:
    """The first one after a deferred answer takes that one's place."""
    interaction = _interaction(world, call)
    check_new(call.body, call.uploads)
    first = interaction.original
    if first is not None and first.loading and not first.deleted:
        return _fulfilled(world, first, call)
    flags = call.body.get("flags") or 0
    message = composed(
        world,
        interaction.channel,
        call.body,
        call.uploads,
        may_set=SETTABLE | EPHEMERAL,
        reference=interaction.original,
        **more(interaction, flags),
    )
    interaction.followups.append(message)
    world.tell_message("MESSAGE_CREATE", message)
    return Answer(message.json)


def _fulfilled(world: World, message: Message, call: Call) -> Answer:
    revise(world, message, call.body, call.uploads)
    world.tell_message("MESSAGE_UPDATE", message)
    return Answer(message.json)


async def get_followup(world: World, call: Call) -> Answer:
    return Answer(_found(_interaction(world, call), call).json)


async def edit_followup(world: World, call: Call) -> Answer:
    message = _found(_interaction(world, call), call)
    return _fulfilled(world, message, call)


async def delete_followup(world: World, call: Call) -> Answer:
    message = _found(_interaction(world, call), call)
    world.tell_deleted(message.channel, message)
    return Answer()


ALL = "/webhooks/{webhook}/{token}"
ONE = ALL + "/messages/{message}"
ROUTES = (
    Route("POST", ALL, followup, authenticated=False),
    Route("GET", ONE, get_followup, authenticated=False),
    Route("PATCH", ONE, edit_followup, authenticated=False),
    Route("DELETE", ONE, delete_followup, authenticated=False),
)
