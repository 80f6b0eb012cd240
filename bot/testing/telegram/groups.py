"""A group as its administrators manage it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.testing.telegram.chats import Chat, Message, Status
from bot.testing.telegram.formatting import Formatted
from bot.testing.telegram.people import Person, member
from bot.testing.telegram.world import World


@dataclass(slots=True)
class Group:
    """`chat` is the group's chat as it is now: it changes when the group becomes a supergroup."""

    world: World
    chat: Chat
    people: dict[int, Person]

    def topic(self, name: str, by: Person) -> int:
        """Returns the new topic's thread id."""
        media = {"forum_topic_created": {"name": name, "icon_color": 7322096}}
        message = self.world.post(self.chat, by.json, Formatted(), media=media)
        message.thread = message.id
        self.world.tell(message)
        self.chat.topics[message.id] = message
        return message.id

    def promotes(self, person: Person, *, anonymous: bool = False) -> None:
        if anonymous:
            self.chat.anonymous.add(person.id)
        self._set(person, "administrator")

    def demotes(self, person: Person) -> None:
        self.chat.anonymous.discard(person.id)
        self._set(person, "member")

    def promotes_bot(self) -> None:
        self.set_bot("administrator")

    def kicks_bot(self) -> None:
        self.set_bot("kicked")

    def set_bot(self, status: Status) -> None:
        old = self.chat.statuses[self.world.bot_id]
        self.chat.statuses[self.world.bot_id] = status
        self._changed("my_chat_member", self.world.bot, old, status)

    def _set(self, person: Person, status: Status) -> None:
        """Only administrators hear of other members' changes."""
        old = self.chat.statuses[person.id]
        self.chat.statuses[person.id] = status
        if self.chat.statuses[self.world.bot_id] == "administrator":
            self._changed("chat_member", person.json, old, status)

    def _changed(self, kind: str, user: dict[str, object], old: str, new: str) -> None:
        by = next(iter(self.people.values()))
        self.world.updates.add(
            kind,
            {
                "chat": self.chat.json(),
                "from": by.json,
                "date": self.world.clock.date(),
                "old_chat_member": member(user, old),
                "new_chat_member": member(user, new),
            },
        )

    def becomes_supergroup(self, new_id: int) -> Message:
        """The old chat is dead from now on; the bot hears of it in the old one."""
        old, by = self.chat, next(iter(self.people.values()))
        new = self.world.open(new_id, "supergroup", old.title)
        new.statuses = dict(old.statuses)
        old.moved_to, self.chat = new, new
        notice = self.world.post(old, by.json, Formatted(), media={"migrate_to_chat_id": new_id})
        self.world.tell(notice)
        mirror = {"migrate_from_chat_id": old.id}
        self.world.tell(self.world.post(new, by.json, Formatted(), media=mirror))
        return notice
