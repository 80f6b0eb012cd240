from __future__ import annotations

import pytest

from bot.engine.local.blocks import BlockPool, name_block


def named(pool: BlockPool, *names: bytes) -> list[int]:
    """Blocks that hold what `names` say, used by nobody."""
    blocks = pool.take(len(names))
    for block, name in zip(blocks, names, strict=True):
        pool.publish(block, name)
    pool.release(blocks)
    return blocks


def test_a_name_depends_on_every_token_before_it() -> None:
    first, other = name_block(b"", [1, 2]), name_block(b"", [1, 3])
    assert first == name_block(b"", [1, 2])
    assert first != other
    assert name_block(first, [4, 5]) != name_block(other, [4, 5])


def test_a_name_tells_token_borders_apart() -> None:
    assert name_block(b"", [1, 0]) != name_block(b"", [256, 0])
    assert name_block(b"", [1]) != name_block(b"", [1, 0])


def test_the_longest_known_run_is_found() -> None:
    pool = BlockPool(8, 4)
    blocks = named(pool, b"a", b"b", b"c")
    assert pool.find([b"a", b"b", b"x", b"c"]) == blocks[:2]
    assert pool.find([b"x", b"a"]) == []


def test_shared_blocks_stay_until_their_last_user_leaves() -> None:
    pool = BlockPool(4, 4)
    blocks = named(pool, b"a", b"b")
    pool.share(blocks)
    pool.share(blocks)
    assert pool.available == 2
    assert pool.private(blocks) == []
    pool.release(blocks)
    assert pool.private(blocks) == blocks
    pool.release(blocks)
    assert pool.available == 4


def test_empty_blocks_are_taken_before_any_that_holds_something() -> None:
    pool = BlockPool(4, 4)
    kept = named(pool, b"a", b"b")
    assert not set(pool.take(2)) & set(kept)
    assert pool.find([b"a", b"b"]) == kept


def test_the_longest_unused_chain_leaves_first_and_its_end_before_its_beginning() -> None:
    pool = BlockPool(4, 4)
    old = named(pool, b"a", b"b")
    new = named(pool, b"x", b"y")
    assert pool.take(1) == [old[1]]
    assert pool.find([b"a", b"b"]) == old[:1]
    pool.take(1)
    assert pool.find([b"a"]) == []
    assert pool.find([b"x", b"y"]) == new


def test_a_use_makes_a_chain_young_again() -> None:
    pool = BlockPool(4, 4)
    first, second = named(pool, b"a", b"b"), named(pool, b"x", b"y")
    pool.share(first)
    pool.release(first)
    pool.take(2)
    assert pool.find([b"a", b"b"]) == first
    assert pool.find([b"x"]) == []
    assert second


def test_the_first_block_of_a_name_wins() -> None:
    pool = BlockPool(4, 4)
    one, two = pool.take(2)
    pool.publish(one, b"a")
    pool.publish(two, b"a")
    pool.release([one, two])
    assert pool.find([b"a"]) == [one]
    assert pool.available == 4


def test_contents_that_cannot_be_trusted_are_forgotten_unless_others_share_them() -> None:
    pool = BlockPool(4, 4)
    shared, own = pool.take(2)
    pool.publish(shared, b"a")
    pool.publish(own, b"b")
    pool.share([shared])
    pool.release([shared, own], keep=False)
    assert pool.find([b"a", b"b"]) == [shared]


def test_taking_too_many_takes_none() -> None:
    pool = BlockPool(3, 4)
    pool.take(1)
    with pytest.raises(IndexError):
        pool.take(3)
    assert pool.available == 2


def test_a_pool_that_does_not_keep_finds_nothing() -> None:
    pool = BlockPool(2, 4, keep=False)
    named(pool, b"a")
    assert pool.find([b"a"]) == []
