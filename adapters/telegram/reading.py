"""What a message says to the core: where, who, what, and whether it is for the bot."""

from __future__ import annotations

from dataclasses import dataclass

from telegram import Message, MessageEntity, User

from bot.types import Place, UserRef

NAME = "telegram"


@dataclass(frozen=True, slots=True)
class Command:
    """`named` is the bot that it names, "" where it names none."""

    name: str
    arguments: str
    named: str


def place_of(message: Message) -> Place:
    """Each topic of a forum is a thread of its own; the threads of replies are none."""
    thread = message.message_thread_id if message.is_topic_message else None
    return Place(
        NAME,
        str(message.chat.id),
        thread=str(thread) if thread else "",
        private=message.chat.type == message.chat.PRIVATE,
    )


def author_of(message: Message) -> UserRef | None:
    """An anonymous administrator is his group, a channel that writes is itself; other bots are
    nobody."""
    if (chat := message.sender_chat) is not None:
        name = message.author_signature or chat.title or chat.username or ""
        return UserRef(NAME, str(chat.id), name)
    return (
        None if message.from_user is None or message.from_user.is_bot else user(message.from_user)
    )


def user(user: User) -> UserRef:
    return UserRef(NAME, str(user.id), user.full_name, language=user.language_code or "")


def text_of(message: Message, me: User) -> str:
    """The text or caption, without the bot's name where that only calls it."""
    text = message.text or message.caption or ""
    for entity, part in _parts(message).items():
        if entity.offset == 0 and _is_me(entity, part, me):
            return text[len(part) :].lstrip(" ,:\n\t")
    return text


def addressed(message: Message, me: User) -> bool:
    """In private always; else by a mention or as a reply to the bot."""
    if message.chat.type == message.chat.PRIVATE:
        return True
    reply = message.reply_to_message
    if reply is not None and reply.from_user == me and reply.forum_topic_created is None:
        return True
    return any(_is_me(entity, part, me) for entity, part in _parts(message).items())


def replied_to(message: Message) -> str:
    """The id of the message that it replies to; in a topic, not the one that opened it."""
    reply = message.reply_to_message
    return "" if reply is None or reply.forum_topic_created else str(reply.message_id)


def author_replied_to(message: Message) -> UserRef | None:
    reply = message.reply_to_message
    return None if reply is None or reply.forum_topic_created else author_of(reply)


def command_of(message: Message) -> Command | None:
    """``/name@bot arguments`` at a message's start."""
    text = message.text or message.caption or ""
    for entity, part in _parts(message).items():
        if entity.type == MessageEntity.BOT_COMMAND and entity.offset == 0:
            name, _, bot = part[1:].partition("@")
            return Command(name.lower(), text[len(part) :].strip(), bot)
    return None


def _parts(message: Message) -> dict[MessageEntity, str]:
    if message.text:
        return message.parse_entities()
    return message.parse_caption_entities() if message.caption else {}


def _is_me(entity: MessageEntity, part: str, me: User) -> bool:
    if entity.type == MessageEntity.MENTION:
        return part.lower() == f"@{me.username}".lower()
    return entity.type == MessageEntity.TEXT_MENTION and entity.user == me
