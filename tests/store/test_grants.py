from __future__ import annotations

from datetime import timedelta

from bot.store.sql import SqlStore
from bot.types import Role, UserRef, utcnow
from tests.store.samples import ANN, BOB, HERE, ask

CHAT = "chat:telegram:-100"
SOON = timedelta(minutes=15)


async def role(store: SqlStore, user: UserRef, scope: str = "") -> Role | None:
    found = await store.grants([scope], [str(user)])
    return found[0].role if found else None


async def test_a_role_is_what_was_granted_last(store: SqlStore) -> None:
    assert await role(store, ANN) is None
    old: Role | None = None
    for new in (Role.ADMIN, Role.BLOCKED, None):
        assert await store.grant("", str(ANN), new, BOB) is old
        assert await role(store, ANN) is new
        old = new
    assert await role(store, UserRef("discord", ANN.id)) is None


async def test_it_is_remembered_who_granted_it(store: SqlStore) -> None:
    await store.grant(CHAT, str(ANN), Role.USER, BOB)
    [grant] = await store.grants(["", CHAT])
    assert (grant.scope, grant.who, grant.by) == (CHAT, str(ANN), BOB)


async def test_speaking_does_not_change_a_role(store: SqlStore) -> None:
    await store.grant("", str(ANN), Role.USER)
    await ask(store, "may I now?", HERE)
    assert await role(store, ANN) is Role.USER


async def test_roles_move_with_their_chat(store: SqlStore) -> None:
    await store.grant(CHAT, str(ANN), Role.USER)
    await store.grant("", "telegram:chat:-100", Role.USER)
    await store.grant("chat:telegram:-200", str(BOB), Role.ADMIN)
    await store.grant(CHAT, str(BOB), Role.BLOCKED)
    await store.move("telegram", "-100", "-200")
    moved = await store.grants(["", CHAT, "chat:telegram:-200"])
    assert {(grant.scope, grant.who): grant.role for grant in moved} == {
        ("", "telegram:chat:-200"): Role.USER,
        ("chat:telegram:-200", str(ANN)): Role.USER,
        ("chat:telegram:-200", str(BOB)): Role.ADMIN,
    }


async def test_a_code_admits_once(store: SqlStore) -> None:
    await store.offer("hash", utcnow() + SOON)
    assert not await store.redeem("other", ANN)
    assert await store.redeem("hash", ANN)
    assert not await store.redeem("hash", BOB)
    assert await role(store, ANN) is Role.USER
    assert await role(store, BOB) is None


async def test_a_code_that_is_too_old_admits_nobody(store: SqlStore) -> None:
    await store.offer("hash", utcnow())
    assert not await store.redeem("hash", ANN)


async def test_a_code_undoes_no_decision(store: SqlStore) -> None:
    await store.grant("", str(ANN), Role.BLOCKED)
    await store.offer("hash", utcnow() + SOON)
    await store.redeem("hash", ANN)
    assert await role(store, ANN) is Role.BLOCKED
