"""Privacy mode: what a bot is told of a group. https://core.telegram.org/bots/features#privacy-mode

As everywhere in Telegram, a command without a name reaches every bot of the group.
"""

from __future__ import annotations

from bot.testing.telegram import entities
from bot.testing.telegram.chats import Message

SERVICE = frozenset(
    [
        "new_chat_members",
        "left_chat_member",
        "migrate_to_chat_id",
        "migrate_from_chat_id",
        "group_chat_created",
        "forum_topic_created",
    ]
)


def sees(message: Message, bot_id: int, username: str, *, privacy: bool) -> bool:
    chat = message.chat
    status = chat.statuses.get(bot_id, "left")
    if chat.private:
        return not chat.blocked
    if status in ("left", "kicked"):
        return False
    if not privacy or status == "administrator" or SERVICE & message.media.keys():
        return True
    reply = message.reply_to
    if reply is not None and reply.sender["id"] == bot_id:
        return True
    return _named(message, bot_id, username)


def _named(message: Message, bot_id: int, username: str) -> bool:
    text, marks = message.body.text, message.body.entities
    commands = entities.texts_of(text, marks, "bot_command")
    if any(_is_for(command, username) for command in commands):
        return True
    mentions = entities.texts_of(text, marks, "mention")
    if any(mention.lower() == f"@{username.lower()}" for mention in mentions):
        return True
    return any(m["type"] == "text_mention" and m["user"]["id"] == bot_id for m in marks)


def _is_for(command: str, username: str) -> bool:
    _, at, name = command.partition("@")
    return not at or name.lower() == username.lower()
