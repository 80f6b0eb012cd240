"""sendMessage and sendDocument."""

from __future__ import annotations

from bot.testing.telegram.chats import Chat, Json, Message
from bot.testing.telegram.failures import bad_request, too_large
from bot.testing.telegram.formatting import LONGEST_CAPTION, formatted
from bot.testing.telegram.methods.markup import keyboard
from bot.testing.telegram.parameters import Parameters
from bot.testing.telegram.world import World

LARGEST_UPLOAD = 50 * 1024 * 1024
"""Bytes."""


async def send_message(world: World, given: Parameters) -> Json:
    chat, thread = _where(world, given)
    body = formatted(given.text("text"), given.structure("entities"), given.text("parse_mode"))
    markup, reply_to = keyboard(given), _reply(chat, given)
    world.floods.count(chat.id, group=not chat.private)
    message = world.post(
        chat, world.bot, body, markup=markup or {}, reply_to=reply_to, thread=thread
    )
    chat.draft = None
    return message.json()


async def send_document(world: World, given: Parameters) -> Json:
    chat, thread = _where(world, given)
    caption = formatted(
        given.text("caption"),
        given.structure("caption_entities"),
        given.text("parse_mode"),
        limit=LONGEST_CAPTION,
        may_be_empty=True,
    )
    name = given.text("document").removeprefix("attach://") or "document"
    upload = given.uploads.get(name)
    if upload is None:
        raise bad_request("there is no document in the request")
    if len(upload.data) > LARGEST_UPLOAD:
        raise too_large()
    if not upload.data:
        raise bad_request("file must be non-empty")
    markup, reply_to = keyboard(given), _reply(chat, given)
    world.floods.count(chat.id, group=not chat.private)
    file = world.keep_file(upload.data)
    document = {
        "file_id": file.id,
        "file_unique_id": f"unique-{file.id}",
        "file_name": upload.name,
        "mime_type": upload.media_type,
        "file_size": file.size,
    }
    message = world.post(
        chat,
        world.bot,
        caption,
        media={"document": document},
        markup=markup or {},
        reply_to=reply_to,
        thread=thread,
    )
    return message.json()


def _where(world: World, given: Parameters) -> tuple[Chat, int | None]:
    thread = given.optional_number("message_thread_id")
    return world.writable(given.chat(), thread), thread


def _reply(chat: Chat, given: Parameters) -> Message | None:
    wanted = given.structure("reply_parameters")
    if wanted is None:
        return None
    message = chat.messages.get(wanted.get("message_id"))
    if message is not None and not message.deleted:
        return message
    if wanted.get("allow_sending_without_reply"):
        return None
    raise bad_request("message to be replied not found")


METHODS = {"sendMessage": send_message, "sendDocument": send_document}
