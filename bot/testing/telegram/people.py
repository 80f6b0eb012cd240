"""What people do in their apps; the bot hears of it as Telegram lets it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.testing.telegram.chats import Chat, Json, Message
from bot.testing.telegram.entities import found
from bot.testing.telegram.formatting import Formatted
from bot.testing.telegram.world import Press, World

ANONYMOUS: Json = {
    "id": 1087968824,
    "is_bot": True,
    "first_name": "Group",
    "username": "GroupAnonymousBot",
}
"""Who an administrator that stays anonymous seems to be."""


@dataclass(frozen=True, slots=True)
class Person:
    world: World
    id: int
    name: str
    username: str = ""
    language: str = ""

    @property
    def json(self) -> Json:
        optional = {"username": self.username, "language_code": self.language}
        return {"id": self.id, "is_bot": False, "first_name": self.name} | {
            key: value for key, value in optional.items() if value
        }

    @property
    def private(self) -> Chat:
        """This person's chat with the bot."""
        if self.id not in self.world.chats:
            self.world.open(self.id, "private", self.name, [self.id])
        return self.world.chats[self.id]

    def says(
        self,
        text: str,
        chat: Chat | None = None,
        *,
        reply_to: Message | None = None,
        thread: int | None = None,
        media: Json | None = None,
        age: int = 0,
    ) -> Message:
        """`age` is how many seconds ago it was sent."""
        chat = chat or self.private
        chat.started = True
        message = self.world.post(
            chat,
            self.json,
            Formatted(text, tuple(found(text))),
            media=media or {},
            reply_to=reply_to,
            thread=thread,
        )
        message.date -= age
        if self.id in chat.anonymous:
            message.sender, message.sender_chat = ANONYMOUS, chat.json()
        self.world.tell(message)
        return message

    def sends_file(
        self,
        name: str,
        data: bytes,
        media_type: str = "text/plain",
        chat: Chat | None = None,
        *,
        caption: str = "",
        kind: str = "document",
        size: int | None = None,
        album: str = "",
    ) -> Message:
        """`kind` is the Bot API's: document, photo, voice, …; those of one `album` were sent at
        once."""
        file = self.world.keep_file(data, size)
        media = {kind: _described(kind, name, media_type, file.id, file.size)}
        return self.says(caption, chat, media=media | ({"media_group_id": album} if album else {}))

    def edits(self, message: Message, text: str) -> None:
        """The same text again is what a link preview or a reaction looks like to a bot."""
        message.versions.append(message.body)
        message.body = Formatted(text, tuple(found(text)))
        message.edited = self.world.clock.date()
        self.world.tell(message, "edited_message")

    def deletes(self, message: Message) -> None:
        """Bots never hear of it."""
        message.deleted = True

    def presses(self, message: Message, label: str) -> Press:
        press = self.world.press()
        content = {
            "id": press.id,
            "from": self.json,
            "chat_instance": str(message.chat.id),
            "message": message.json(),
            "data": message.buttons[label],
        }
        self.world.updates.add("callback_query", content)
        return press

    def blocks(self) -> None:
        self._member("member", "kicked")
        self.private.blocked = True

    def unblocks(self) -> None:
        self.private.blocked = False
        self._member("kicked", "member")

    def _member(self, old: str, new: str) -> None:
        bot = self.world.bot
        self.world.updates.add(
            "my_chat_member",
            {
                "chat": self.private.json(),
                "from": self.json,
                "date": self.world.clock.date(),
                "old_chat_member": member(bot, old),
                "new_chat_member": member(bot, new),
            },
        )


def member(user: Json, status: str, *, anonymous: bool = False) -> Json:
    """A ChatMember; the rights are the least that the Bot API's type needs."""
    json: Json = {"user": user, "status": status}
    if status in ("creator", "administrator"):
        json["is_anonymous"] = anonymous
    if status == "kicked":
        json["until_date"] = 0
    if status == "administrator":
        rights = (
            "can_be_edited can_manage_chat can_delete_messages can_manage_video_chats "
            "can_restrict_members can_promote_members can_change_info can_invite_users "
            "can_post_stories can_edit_stories can_delete_stories"
        )
        json |= dict.fromkeys(rights.split(), True)
    return json


def _described(kind: str, name: str, media_type: str, id: str, size: int) -> Any:
    file = {"file_id": id, "file_unique_id": f"unique-{id}", "file_size": size}
    match kind:
        case "photo":
            return [file | {"width": 640, "height": 480}]
        case "voice":
            return file | {"duration": 3, "mime_type": media_type}
        case "video" | "animation":
            extra = {"width": 640, "height": 480, "duration": 3}
            return file | extra | {"file_name": name, "mime_type": media_type}
        case "audio":
            return file | {"duration": 3, "file_name": name, "mime_type": media_type}
    return file | {"file_name": name, "mime_type": media_type}
