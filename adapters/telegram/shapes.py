"""What the adapter reads of an update, of the types that it takes it to be: the library looks at
none of them, and a text that is a list would come as far as the database.

https://core.telegram.org/bots/api#update
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Shape(BaseModel):
    """Whatever else it holds is for the library to read."""

    model_config = ConfigDict(strict=True)


class User(Shape):
    id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None
    is_bot: bool = False


class Chat(Shape):
    id: int
    type: str
    title: str | None = None
    username: str | None = None


class Entity(Shape):
    type: str
    offset: int
    length: int
    user: User | None = None


class File(Shape):
    file_id: str
    file_size: int | None = None
    file_name: str | None = None
    mime_type: str | None = None


class Photo(File):
    width: int


class Message(Shape):
    message_id: int
    date: int
    chat: Chat
    author: User | None = Field(None, alias="from")
    sender_chat: Chat | None = None
    author_signature: str | None = None
    message_thread_id: int | None = None
    is_topic_message: bool | None = None
    reply_to_message: Message | None = None
    text: str | None = None
    entities: list[Entity] | None = None
    caption: str | None = None
    caption_entities: list[Entity] | None = None
    media_group_id: str | None = None
    animation: File | None = None
    audio: File | None = None
    document: File | None = None
    photo: list[Photo] | None = None
    sticker: File | None = None
    video: File | None = None
    video_note: File | None = None
    voice: File | None = None
    migrate_to_chat_id: int | None = None
    migrate_from_chat_id: int | None = None


class Press(Shape):
    id: str
    author: User = Field(alias="from")
    data: str | None = None
    message: Message | None = None


class Member(Shape):
    chat: Chat


class Update(Shape):
    update_id: int
    message: Message | None = None
    edited_message: Message | None = None
    callback_query: Press | None = None
    chat_member: Member | None = None
    my_chat_member: Member | None = None
