"""The border to durable history: what a store must do.

Every method is one transaction. All raise StoreUnavailable when nothing was written, and
StoreCorrupt when the database is damaged. A turn that was forgotten meanwhile is no error: what
would be kept of it is dropped.

Text is kept as it came, but for two things that no network carries and not every database
holds: a NUL and a lone surrogate each become U+FFFD.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.store.values import ButtonRecord as ButtonRecord
from bot.store.values import DailyUsage as DailyUsage
from bot.store.values import Demand as Demand
from bot.store.values import Grant as Grant
from bot.store.values import Reply as Reply
from bot.store.values import Said as Said
from bot.store.values import SettingChange as SettingChange
from bot.store.values import TurnRecord as TurnRecord
from bot.store.values import Variants as Variants
from bot.types import (
    ConversationKey,
    Message,
    Place,
    PostRef,
    Rate,
    Role,
    Turn,
    TurnState,
    UserRef,
)


class Store(Protocol):
    async def close(self) -> None: ...

    # Messages. `place` names the conversation (its key) and where answers go.

    async def receive(self, place: Place, message: Message) -> Turn | None:
        """Keep a message that wants an answer and open its turn, or None if the network
        delivered it before (also when its conversation was archived since)."""

    async def known(self, place: Place, id: str) -> bool:
        """Whether this message of the network was kept before."""

    async def overhear(self, place: Place, message: Message) -> bool:
        """Keep a message that wants none; False if it was delivered before."""

    async def history(self, key: ConversationKey, limit: int) -> list[Message]:
        """The newest `limit`, oldest first: no deleted message, and of an answer's variants only
        the chosen one. Reasoning is not part of it. An answer that broke off is, as far as it
        was said; a question whose turn failed is too."""

    async def length(self, key: ConversationKey) -> int:
        """How many messages `history` would give without a limit."""

    async def history_before(self, turn: Turn, limit: int) -> list[Message]:
        """As `history`, ending with the turn's own message: what this turn answers."""

    async def edit(self, place: Place, id: str, text: str) -> Turn | None:
        """A person, who has not opted out, changed a message. Returns its turn where it is the
        conversation's last question (which is to be answered anew), None otherwise or if the text
        is the same."""

    async def remove(self, place: Place, ids: Sequence[str]) -> int:
        """Mark messages deleted; returns how many were. Turns of theirs that had not begun are
        over, and have nothing to deliver."""

    async def archive(self, key: ConversationKey) -> bool:
        """Start afresh; nothing is deleted. False if there was nothing to archive."""

    async def move(self, adapter: str, old_chat: str, new_chat: str) -> None:
        """All conversations and settings of a chat get its new id."""

    # Turns.

    async def checkpoint(self, turn: Turn, state: TurnState, reply: Reply) -> None:
        """Keep what has been said so far. Never moves an ended turn back."""

    async def finish(self, turn: Turn, state: TurnState, reply: Reply, error: str = "") -> None:
        """End the turn, its reply (if anything was said) becoming the chosen variant, and count
        its usage on today's row. Does nothing to a turn that ended before, unless it was taken
        for interrupted: whoever really answered it has the last word."""

    async def reopen(self, turn: Turn) -> Turn:
        """Answer again: a new turn for the same message, which takes over the posts and whatever
        was left to deliver; earlier replies stay as variants. LookupError if it was forgotten."""

    async def resume(self, turn: Turn) -> TurnRecord | None:
        """Go on with an ended turn where its reply stopped: it is queued again with what it said
        and posted. None if it is being answered already, or was forgotten."""

    async def last_turn(self, key: ConversationKey) -> TurnRecord | None:
        """The newest turn of the conversation's last question."""

    async def unfinished(self, adapter: str) -> list[TurnRecord]:
        """Turns that no process is working on after a crash, oldest first."""

    async def turn(self, turn_id: int) -> TurnRecord | None: ...

    async def variants(self, turn: Turn) -> Variants:
        """Of the turn's message, whichever of its turns this is."""

    async def choose(self, turn: Turn, index: int) -> None:
        """Make one variant the one that counts as history. Raises IndexError."""

    async def posted(self, turn: Turn, posts: Sequence[PostRef]) -> None:
        """Remember which of the network's messages carry the reply, in order."""

    async def pending(self, adapter: str) -> list[TurnRecord]:
        """Ended turns whose final text has not been delivered, oldest first."""

    async def delivered(self, turn: Turn) -> None: ...

    # Buttons.

    async def add_buttons(self, records: Sequence[ButtonRecord]) -> list[str]:
        """Returns their ids, in order: random, short, ASCII, without meaning."""

    async def button(self, id: str) -> ButtonRecord | None: ...

    async def drop_buttons(self, turn: Turn) -> None:
        """Of this turn and of all other turns of its question."""

    async def use_up(self, id: str) -> bool:
        """Drop this button with all others of its question; False if it was gone."""

    async def buttoned_before(self, turn: Turn) -> list[TurnRecord]:
        """Ended turns of the conversation's last questions before this one that still have
        buttons."""

    # Settings. A scope is "", "server:ADAPTER:SERVER", "chat:ADAPTER:CHAT" or
    # "thread:ADAPTER:CHAT:THREAD"; values are JSON texts.

    async def settings(self, scopes: Sequence[str]) -> dict[str, Mapping[str, str]]:
        """Name to value, for each of the scopes, without what is `kept` there."""

    async def kept(self, scopes: Sequence[str], kind: str) -> dict[str, Mapping[str, str]]:
        """As `settings`, of what people keep under names of their own: a change of "KIND/NAME"."""

    async def kept_everywhere(self, kind: str) -> dict[str, Mapping[str, str]]:
        """As `kept`, of all scopes that have any."""

    async def change(
        self, scope: str, name: str, value: str | None, by: UserRef | None
    ) -> SettingChange:
        """Set or (None) unset; the old value stays in the history."""

    async def change_all(
        self,
        scope: str,
        values: Mapping[str, str | None],
        by: UserRef | None,
        undoes: int | None = None,
    ) -> list[SettingChange]:
        """Several changes as one step."""

    async def changes(self, scope: str, limit: int) -> list[SettingChange]:
        """Newest first."""

    async def remember(self, scope: str, values: Mapping[str, str | None]) -> None:
        """Set or (None) unset many at once, of which no history is kept: an adapter's own notes,
        in the scope "adapter:ADAPTER"."""

    # Who may. `who` is an entry of an allow list, "NETWORK:USER" among them; a scope is one of
    # settings, "" being everywhere.

    async def grants(self, scopes: Sequence[str], who: Sequence[str] | None = None) -> list[Grant]:
        """To these, or (None) to all, in order of scope and entry."""

    async def grant(
        self, scope: str, who: str, role: Role | None, by: UserRef | None = None
    ) -> Role | None:
        """Give this role or (None) take back what was given; returns what it was."""

    async def offer(self, code_hash: str, until: datetime) -> None:
        """Whoever redeems the code before then is admitted everywhere, as a user."""

    async def redeem(self, code_hash: str, user: UserRef) -> bool:
        """False if there is no such code, any more or at all. A role given before stays."""

    # How much.

    async def take(self, rates: Mapping[str, Rate]) -> float:
        """Take one from each of these buckets, or none from any: then it returns the seconds until
        it can be done."""

    async def demand(self, of: UserRef | Place) -> Demand:
        """What is asked of the bot by one person, or by all of one chat."""

    # What is somebody's. Methods with a `limit` do a part and are called until nothing is left.

    async def opt_out(self, user: UserRef, out: bool) -> bool:
        """While out, nothing of theirs is part of a history; False if it was so before."""

    async def opted_out(self, user: UserRef) -> bool: ...

    async def said_by(self, user: UserRef, after: int, limit: int) -> list[Said]:
        """The oldest that came after this id, whatever became of it since."""

    async def about(self, user: UserRef) -> Mapping[str, Any]:
        """Whatever else is kept of the person, as JSON values."""

    async def forget(self, user: UserRef, limit: int) -> int:
        """What they said, with all replies; in a chat with others a mark stays in its place.
        Returns how many messages it was."""

    async def forget_person(self, user: UserRef, *, keep_today: bool) -> None:
        """Whatever else is kept, but for what others decided of them and for opting out. What they
        used today can stay for `tidy`, so that a limit lasts."""

    # Age.

    async def conversations_with(
        self, older_than: datetime, after: int, limit: int
    ) -> list[tuple[int, Place]]:
        """Those that hold a message so old, and whose id comes after this one, in order."""

    async def expire(self, conversation: int, older_than: datetime, limit: int) -> int:
        """Delete what was said before, with its replies; what is being answered stays. Returns
        how many messages it was."""

    async def scrub(self) -> None:
        """What was deleted is no longer in the database's files, either. Backups stay."""

    async def tidy(self) -> None:
        """Delete usage of earlier days by people who were forgotten."""

    async def once(self, what: str, every: timedelta) -> bool:
        """True the first time, and again when `every` has passed; lasts over restarts. Also how
        a second delivery of a press or a command is recognised."""

    # For the owner.

    async def audit(self, limit: int) -> list[SettingChange]:
        """The newest changes of all scopes, newest first. A role that was given or taken back is
        one, too, in the scope "access:SCOPE" and under the name of whoever has it."""

    async def places(self, adapter: str, since: datetime) -> list[Place]:
        """A place in every chat where somebody has said something since."""

    async def usage(self, days: int) -> list[DailyUsage]:
        """Of the last `days` days with any, today included, oldest first."""
