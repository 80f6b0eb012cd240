from __future__ import annotations

from datetime import timedelta

from bot.store.sql import SqlStore
from bot.types import Place, Role, utcnow
from tests.store.samples import ANN, BOB, ELSEWHERE, HERE, ask

EVER = timedelta(days=1)


async def test_the_audit_has_settings_and_roles_of_all_scopes_newest_first(store: SqlStore) -> None:
    await store.change("chat:telegram:-100", "seed", "1", ANN)
    await store.grant("", "telegram:1002", Role.ADMIN, ANN)
    await store.grant("", "telegram:1002", None, BOB)
    assert [(c.scope, c.name, c.old, c.new, c.by) for c in await store.audit(10)] == [
        ("access:", "telegram:1002", '"admin"', None, BOB),
        ("access:", "telegram:1002", None, '"admin"', ANN),
        ("chat:telegram:-100", "seed", None, "1", ANN),
    ]
    assert len(await store.audit(2)) == 2


async def test_a_role_given_is_no_step_that_an_undo_of_settings_finds(store: SqlStore) -> None:
    await store.change("chat:telegram:-100", "seed", "1", ANN)
    await store.grant("chat:telegram:-100", "telegram:1002", Role.USER, ANN)
    assert [c.name for c in await store.changes("chat:telegram:-100", 10)] == ["seed"]


async def test_there_is_one_place_for_each_chat_where_somebody_spoke_lately(
    store: SqlStore,
) -> None:
    topic = Place("telegram", HERE.chat, thread="5")
    for place in (HERE, ELSEWHERE, topic):
        await ask(store, "hello", place)
    assert await store.places("telegram", utcnow() - EVER) == [ELSEWHERE, topic]
    assert await store.places("telegram", utcnow() + EVER) == []
    assert await store.places("discord", utcnow() - EVER) == []
