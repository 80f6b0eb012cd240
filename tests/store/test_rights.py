from __future__ import annotations

from datetime import timedelta

import pytest

from bot.store import ButtonRecord, Reply
from bot.store.rights import REMOVED
from bot.store.sql import SqlStore
from bot.types import Message, PostRef, Role, TurnState, UserRef, utcnow
from tests.store.samples import ANN, BOB, ELSEWHERE, HERE, answer, ask, said, spoken

LATER = timedelta(days=1)


async def forget_all(store: SqlStore, user: UserRef = ANN, part: int = 2) -> int:
    forgotten = 0
    while found := await store.forget(user, part):
        forgotten += found
    return forgotten


async def test_all_that_a_person_said_is_told_in_parts_with_all_replies(store: SqlStore) -> None:
    turn = await ask(store, "first")
    await answer(store, turn, "one")
    await answer(store, await store.reopen(turn), "two")
    await ask(store, "not mine", author=BOB)
    await ask(store, "second", ELSEWHERE)
    [first] = await store.said_by(ANN, 0, 1)
    assert (first.message.text, first.place) == ("first", HERE)
    assert [reply.text for reply in first.replies] == ["one", "two"]
    [second] = await store.said_by(ANN, first.id, 9)
    assert (second.message.text, second.place, second.replies) == ("second", ELSEWHERE, ())
    assert await store.said_by(ANN, second.id, 9) == []


async def test_what_a_person_deleted_in_the_network_is_told_as_long_as_it_is_kept(
    store: SqlStore,
) -> None:
    turn = await ask(store, "oops")
    await store.remove(HERE, [turn.message.id])
    assert [found.message.text for found in await store.said_by(ANN, 0, 9)] == ["oops"]


async def test_forgetting_leaves_a_mark_and_what_others_said(store: SqlStore) -> None:
    for number in range(3):
        await answer(store, await ask(store, f"mine {number}"), f"to Ann {number}")
        await answer(store, await ask(store, f"theirs {number}", author=BOB), f"to Bob {number}")
    assert await forget_all(store) == 3
    assert await spoken(store) == [
        text for n in range(3) for text in (REMOVED, f"theirs {n}", f"to Bob {n}")
    ]
    assert await store.said_by(ANN, 0, 9) == []
    marks = [m for m in await store.history(HERE.key, 50) if m.text == REMOVED]
    assert {(mark.author, mark.id) for mark in marks} == {(None, "")}


async def test_of_a_private_conversation_nothing_stays(store: SqlStore) -> None:
    await answer(store, await ask(store, "mine", ELSEWHERE), "to Ann")
    await store.archive(ELSEWHERE.key)
    await answer(store, await ask(store, "mine again", ELSEWHERE), "to Ann again")
    await store.overhear(ELSEWHERE, Message("assistant", "by the way"))
    await forget_all(store)
    assert await spoken(store, ELSEWHERE) == []
    assert await store.conversations_with(utcnow() + LATER, 0, 9) == []


async def test_what_hangs_on_a_forgotten_turn_goes_with_it(store: SqlStore) -> None:
    turn = await ask(store, "mine")
    await store.posted(turn, [PostRef(HERE, "77")])
    [button] = await store.add_buttons([ButtonRecord(turn.id, "stop", ANN)])
    await forget_all(store)
    assert await store.turn(turn.id) is None
    assert await store.button(button) is None


async def test_what_is_done_for_a_forgotten_turn_afterwards_is_dropped(store: SqlStore) -> None:
    turn = await ask(store, "mine")
    await forget_all(store)
    await store.checkpoint(turn, TurnState.ANSWERING, Reply("half"))
    await store.finish(turn, TurnState.DONE, Reply("whole"))
    await store.posted(turn, [PostRef(HERE, "77")])
    await store.delivered(turn)
    assert await spoken(store) == [REMOVED]
    assert await store.usage(1) == []


async def test_what_others_decided_about_a_person_stays_and_what_the_person_did_loses_its_name(
    store: SqlStore,
) -> None:
    await store.grant("", str(ANN), Role.BLOCKED, BOB)
    await store.grant("", str(BOB), Role.USER, ANN)
    await store.change("chat:telegram:-100", "seed", "1", ANN)
    await store.change(f"user:{ANN}", "language", '"de"', ANN)
    await store.forget_person(ANN, keep_today=False)
    ann, bob = await store.grants([""])
    assert (ann.role, ann.by) == (Role.BLOCKED, BOB)
    assert (bob.role, bob.by) == (Role.USER, None)
    [change] = await store.changes("chat:telegram:-100", 9)
    assert (change.new, change.by) == ("1", None)
    assert await store.settings([f"user:{ANN}"]) == {f"user:{ANN}": {}}
    assert await store.changes(f"user:{ANN}", 9) == []


async def test_what_was_used_today_can_stay_until_tomorrow(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await answer(store, await ask(store, "mine"), "to Ann")
    await answer(store, await ask(store, "theirs", author=BOB), "to Bob")
    await store.forget_person(ANN, keep_today=True)
    await store.tidy()
    [today] = await store.usage(1)
    assert today.messages == 2
    monkeypatch.setattr("bot.store.aging.utcnow", lambda: utcnow() + LATER)
    await store.tidy()
    [today] = await store.usage(1)
    assert today.messages == 1


async def test_while_a_person_is_out_nothing_of_theirs_is_history(store: SqlStore) -> None:
    await answer(store, await ask(store, "mine"), "to Ann")
    turn = await ask(store, "theirs", author=BOB)
    assert await store.opt_out(ANN, True)
    assert not await store.opt_out(ANN, True)
    assert await store.opted_out(ANN)
    assert await spoken(store) == ["to Ann", "theirs"]
    assert await store.length(HERE.key) == 2
    assert [m.text for m in await store.history_before(turn, 9)] == ["to Ann", "theirs"]
    assert await store.opt_out(ANN, False)
    assert await spoken(store) == ["mine", "to Ann", "theirs"]


async def test_who_is_unknown_has_not_opted_out(store: SqlStore) -> None:
    assert not await store.opted_out(ANN)
    assert not await store.opt_out(ANN, False)


async def test_not_even_the_name_of_who_is_out_is_kept(store: SqlStore) -> None:
    await store.opt_out(ANN, True)
    assert (await store.about(ANN))["person"]["name"] == ""


async def test_opting_out_lasts_over_forgetting(store: SqlStore) -> None:
    await store.opt_out(ANN, True)
    await store.forget_person(ANN, keep_today=False)
    assert await store.opted_out(ANN)


# --- age -----------------------------------------------------------------------------------------


async def test_what_is_older_goes_with_its_replies_and_the_rest_stays(store: SqlStore) -> None:
    old, new = utcnow() - timedelta(days=9), utcnow()
    for number, time in enumerate([old, old, old, new]):
        turn = await store.receive(HERE, Message("user", f"{number}", ANN, f"m{number}", time))
        assert turn is not None
        await answer(store, turn, f"to {number}")
    week = utcnow() - timedelta(days=7)
    [(conversation, place)] = await store.conversations_with(week, 0, 9)
    assert place == HERE
    assert [await store.expire(conversation, week, 2) for _ in range(3)] == [2, 1, 0]
    assert await spoken(store) == ["3", "to 3"]
    assert await store.conversations_with(week, 0, 9) == []


async def test_conversations_are_looked_through_in_parts(store: SqlStore) -> None:
    await ask(store, "one", HERE)
    await ask(store, "two", ELSEWHERE)
    soon = utcnow() + LATER
    [(first, place)] = await store.conversations_with(soon, 0, 1)
    assert place == HERE
    [(second, place)] = await store.conversations_with(soon, first, 1)
    assert place == ELSEWHERE
    assert await store.conversations_with(soon, second, 1) == []


async def test_what_nobody_answered_is_old_some_day_too(store: SqlStore) -> None:
    await store.overhear(HERE, said("by the way"))
    [(conversation, _)] = await store.conversations_with(utcnow() + LATER, 0, 9)
    assert await store.expire(conversation, utcnow() + LATER, 9) == 1
    assert await store.conversations_with(utcnow() + LATER, 0, 9) == []


async def test_what_is_being_answered_stays(store: SqlStore) -> None:
    turn = await ask(store, "question")
    [(conversation, _)] = await store.conversations_with(utcnow() + LATER, 0, 9)
    assert await store.expire(conversation, utcnow() + LATER, 9) == 0
    await answer(store, turn, "answer")
    assert await store.expire(conversation, utcnow() + LATER, 9) == 1
