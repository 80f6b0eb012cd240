"""Changing and taking back what the bot has said."""

from __future__ import annotations

from bot.testing.telegram.chats import Chat, Json, Message
from bot.testing.telegram.failures import bad_request
from bot.testing.telegram.formatting import LONGEST_CAPTION, Formatted, formatted
from bot.testing.telegram.methods.markup import keyboard
from bot.testing.telegram.parameters import Parameters
from bot.testing.telegram.world import World

DELETABLE = 48 * 3600
"""Seconds; older messages can't be deleted."""


async def edit_text(world: World, given: Parameters) -> Json:
    chat, message = _own(world, given)
    if message.media:
        raise bad_request("there is no text in the message to edit")
    body = formatted(given.text("text"), given.structure("entities"), given.text("parse_mode"))
    return _changed(world, chat, message, body, keyboard(given) or {})


async def edit_caption(world: World, given: Parameters) -> Json:
    chat, message = _own(world, given)
    if not message.media:
        raise bad_request("there is no caption in the message to edit")
    body = formatted(
        given.text("caption"),
        given.structure("caption_entities"),
        given.text("parse_mode"),
        limit=LONGEST_CAPTION,
        may_be_empty=True,
    )
    return _changed(world, chat, message, body, keyboard(given) or {})


async def edit_markup(world: World, given: Parameters) -> Json:
    chat, message = _own(world, given)
    return _changed(world, chat, message, message.body, keyboard(given) or {})


def _changed(world: World, chat: Chat, message: Message, body: Formatted, markup: Json) -> Json:
    if (body, markup) == (message.body, message.markup):
        raise bad_request(
            "message is not modified: specified new message content and reply markup are exactly "
            "the same as a current content and reply markup of the message"
        )
    world.floods.count(chat.id, group=not chat.private)
    message.versions.append(message.body)
    message.body, message.markup = body, markup
    message.edited = world.clock.date()
    return message.json()


def _own(world: World, given: Parameters) -> tuple[Chat, Message]:
    chat = world.writable(given.chat())
    message = chat.messages.get(given.number("message_id"))
    if message is None or message.deleted:
        raise bad_request("message to edit not found")
    if message.sender["id"] != world.bot_id:
        raise bad_request("message can't be edited")
    return chat, message


async def delete_message(world: World, given: Parameters) -> bool:
    chat = world.reachable(given.chat())
    message = chat.messages.get(given.number("message_id"))
    if message is None or message.deleted:
        raise bad_request("message to delete not found")
    _delete(world, chat, message)
    return True


async def delete_messages(world: World, given: Parameters) -> bool:
    """Messages that can't be found are skipped."""
    chat = world.reachable(given.chat())
    ids = given.structure("message_ids")
    if not isinstance(ids, list) or not 1 <= len(ids) <= 100:
        raise bad_request("invalid number of messages to delete specified")
    for message_id in ids:
        message = chat.messages.get(message_id)
        if message is not None and not message.deleted:
            _delete(world, chat, message)
    return True


def _delete(world: World, chat: Chat, message: Message) -> None:
    mine = chat.private or message.sender["id"] == world.bot_id
    administers = chat.statuses[world.bot_id] == "administrator"
    if not (mine or administers) or world.clock.date() - message.date > DELETABLE:
        raise bad_request("message can't be deleted for everyone")
    message.deleted = True


METHODS = {
    "editMessageText": edit_text,
    "editMessageCaption": edit_caption,
    "editMessageReplyMarkup": edit_markup,
    "deleteMessage": delete_message,
    "deleteMessages": delete_messages,
}
