"""Order and fairness: one turn at a time in each conversation, all conversations at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from bot.fairness import FairQueue
from bot.room import Room
from bot.store import Reply, Store, TurnRecord
from bot.types import ConversationKey, PostRef, Turn, TurnState, UserRef


@dataclass(frozen=True, slots=True)
class Job:
    """A turn to answer. `posts` already stand in the network and are written over; `said` is the
    beginning of the reply, which goes on from there."""

    turn: Turn
    posts: tuple[PostRef, ...] = ()
    said: Reply = field(default_factory=Reply)


class Answer(Protocol):
    """A turn while it is being answered."""

    turn: Turn
    over: asyncio.Event

    async def run(self) -> None:
        """Never raises for what can go wrong with one turn."""

    def stop(self, state: TurnState) -> None:
        """End soon, keeping what was said."""

    def withdraw(self) -> None:
        """The question is gone: end soon, and say nothing where nothing was said yet."""

    def give_way(self) -> None:
        """To another answer: as `withdraw`."""

    def answer_now(self) -> None: ...


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A turn that is being answered, and how many wait behind it in its conversation."""

    turn: Turn
    waiting: int


@dataclass(slots=True)
class Lane:
    waiting: FairQueue[Job] = field(default_factory=FairQueue)
    withdrawn: set[str] = field(default_factory=set)
    current: Answer | None = None
    task: asyncio.Task[None] | None = None


class Lanes:
    def __init__(
        self,
        group: asyncio.TaskGroup,
        begin: Callable[[Job], Answer],
        store: Store,
        max_waiting: int,
        max_open: int = 1_000,
    ):
        self._group = group
        self._begin = begin
        self._store = store
        self._max_waiting = max_waiting
        self._lanes: dict[ConversationKey, Lane] = {}
        self._closing = False
        self.room = Room(max_open)
        """For turns of all lanes; to be asked for before one is stored."""

    def busy(self, key: ConversationKey) -> bool:
        return key in self._lanes and self._lanes[key].current is not None

    @property
    def under_way(self) -> int:
        """How many replies are being written."""
        return sum(lane.current is not None for lane in self._lanes.values())

    def overview(self) -> list[UnderWay]:
        return [
            UnderWay(lane.current.turn, len(lane.waiting))
            for lane in self._lanes.values()
            if lane.current is not None
        ]

    def full(self, key: ConversationKey, person: UserRef | None) -> bool:
        """For this person: of one conversation, each may have so many waiting."""
        lane = self._lanes.get(key)
        return lane is not None and lane.waiting.waiting(str(person)) >= self._max_waiting

    def waiting(self, key: ConversationKey) -> int:
        return len(self._lanes[key].waiting) if key in self._lanes else 0

    def add(self, job: Job) -> None:
        """While closing, turns stay queued in the store for the next start."""
        if self._closing:
            return
        lane = self._lanes.setdefault(job.turn.key, Lane())
        lane.waiting.push(asker(job.turn), job)
        self.room.take()
        if lane.task is None:
            lane.task = self._group.create_task(self._serve(job.turn.key, lane))

    async def stop(self, key: ConversationKey) -> bool:
        """End the reply being written; what waits behind it goes on."""
        lane = self._lanes.get(key)
        if lane is None or lane.current is None:
            return False
        lane.current.stop(TurnState.CANCELLED)
        return True

    def answers(self, turn: Turn) -> bool:
        """Whether it is being answered just now, the delivery included."""
        return self._running(turn.id) is not None

    def cancel(self, turn: Turn) -> None:
        if (answer := self._running(turn.id)) is not None:
            answer.stop(TurnState.CANCELLED)

    def answer_now(self, turn: Turn) -> None:
        if (answer := self._running(turn.id)) is not None:
            answer.answer_now()

    def forget(self, key: ConversationKey, ids: Collection[str]) -> None:
        """Questions that their authors deleted need no answer."""
        if (lane := self._lanes.get(key)) is not None:
            lane.withdrawn.update(ids)
            if lane.current is not None and lane.current.turn.message.id in ids:
                lane.current.withdraw()

    async def leave(self, person: UserRef) -> None:
        """Nothing that this person asked is waiting any more, nor under way, unless the network
        keeps its end waiting for longer than FAREWELL."""
        for lane in list(self._lanes.values()):
            for job in lane.waiting.remove(str(person)):
                self.room.leave()
                said = Reply(job.said.text, job.said.reasoning)
                await self._store.finish(job.turn, TurnState.CANCELLED, said)
                await self._store.delivered(job.turn)
        lanes = self._lanes.values()
        answers = [a for lane in lanes if (a := lane.current) and asker(a.turn) == str(person)]
        for answer in answers:
            answer.withdraw()
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL):
                for answer in answers:
                    await answer.over.wait()

    def _running(self, turn_id: int) -> Answer | None:
        answers = (lane.current for lane in self._lanes.values())
        return next((a for a in answers if a is not None and a.turn.id == turn_id), None)

    async def regenerate(self, record: TurnRecord) -> None:
        """Answer once more in place; a reply still being written ends first."""
        if self._waits(record.turn):
            return  # it has not begun, and will read the question as it stands then
        if (answer := self._running(record.turn.id)) is not None:
            answer.give_way()
            await answer.over.wait()
            record = await self._store.turn(record.turn.id) or record  # by now it may have posts
        self.add(Job(await self._store.reopen(record.turn), record.posts))

    async def resume(self, record: TurnRecord) -> None:
        """Go on with a reply that the token limit cut."""
        again = await self._store.resume(record.turn)
        if again is not None:
            self.add(Job(again.turn, again.posts, again.reply))

    def abandon(self) -> None:
        """Leave everything as it is; the store knows how far it came."""
        self._close()
        for lane in self._lanes.values():
            if lane.task is not None:
                lane.task.cancel()

    async def close(self, seconds: float) -> None:
        """Give replies in flight so long; what is left then is kept as interrupted."""
        self._close()
        tasks = [lane.task for lane in self._lanes.values() if lane.task is not None]
        for lane in self._lanes.values():
            lane.waiting.clear()
        if not tasks:
            return
        await asyncio.wait(tasks, timeout=seconds)
        for lane in self._lanes.values():
            if lane.current is not None:
                lane.current.stop(TurnState.INTERRUPTED)
        _, late = await asyncio.wait(tasks, timeout=FAREWELL)
        for task in late:
            task.cancel()

    def _close(self) -> None:
        self._closing = True
        self.room.unbound()  # what comes from now on is only stored

    def _waits(self, turn: Turn) -> bool:
        lane = self._lanes.get(turn.key)
        return lane is not None and any(job.turn.id == turn.id for job in lane.waiting)

    async def _serve(self, key: ConversationKey, lane: Lane) -> None:
        try:
            while lane.waiting:
                lane.current = self._begin(lane.waiting.pop())
                if lane.current.turn.message.id in lane.withdrawn:
                    lane.current.withdraw()
                await lane.current.run()
                lane.current = None
                self.room.leave()
        finally:
            del self._lanes[key]


FAREWELL = 10.0
"""Seconds to store and post what was said of the replies that did not end in time."""


def asker(turn: Turn) -> str:
    return str(turn.message.author)
