"""What is shown for a moment only: message drafts and chat actions."""

from __future__ import annotations

from bot.testing.telegram.chats import Draft
from bot.testing.telegram.failures import bad_request
from bot.testing.telegram.formatting import formatted
from bot.testing.telegram.parameters import Parameters
from bot.testing.telegram.world import World

SHOWN = 30.0
"""Seconds that a draft is shown for."""
ACTIONS = frozenset(
    [
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    ]
)


async def send_draft(world: World, given: Parameters) -> bool:
    if given.number("draft_id", 0) == 0:
        raise bad_request("draft_id must be non-zero")
    chat = world.writable(given.chat(), given.optional_number("message_thread_id"))
    if not chat.private:
        raise bad_request("drafts can be sent to private chats only")
    body = formatted(
        given.text("text"),
        given.structure("entities"),
        given.text("parse_mode"),
        may_be_empty=True,
    )
    world.floods.count_draft(chat.id)
    chat.draft = Draft(given.number("draft_id"), body, world.clock.now() + SHOWN)
    chat.drafts.append(body.text)
    return True


async def send_action(world: World, given: Parameters) -> bool:
    chat = world.writable(given.chat(), given.optional_number("message_thread_id"))
    action = given.text("action")
    if action not in ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat.actions.append(action)
    return True


METHODS = {"sendMessageDraft": send_draft, "sendChatAction": send_action}
