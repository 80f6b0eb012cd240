from __future__ import annotations

from itertools import count

from bot.engine.local.blocks import BlockPool
from bot.engine.local.scheduler import Scheduler
from bot.engine.local.sequence import Sequence, Slice

SIZE = 4
_tokens = count(1000)


def scheduler(blocks: int = 64, *, batch: int = 8, chunk: int = 16) -> Scheduler:
    return Scheduler(BlockPool(blocks, SIZE), max_batch=batch, prefill_chunk=chunk)


def sequence(arrival: int, length: int) -> Sequence:
    """Of tokens that occur nowhere else."""
    return Sequence([next(_tokens) for _ in range(length)], arrival)


def add(to: Scheduler, *lengths: int) -> list[Sequence]:
    added = [sequence(arrival, length) for arrival, length in enumerate(lengths)]
    for each in added:
        to.add(each)
    return added


def step(of: Scheduler) -> list[Slice]:
    """One step that succeeds: whoever samples gets a new token."""
    slices = of.plan()
    of.commit(slices)
    for each in slices:
        if each.end == len(each.sequence.tokens):
            each.sequence.tokens.append(next(_tokens))
    return slices


def counts(slices: list[Slice]) -> dict[int, int]:
    return {each.sequence.arrival: each.count for each in slices}


def test_prompts_share_the_budget_in_the_order_of_arrival() -> None:
    loop = scheduler(chunk=16)
    add(loop, 10, 10, 10)
    assert counts(step(loop)) == {0: 10, 1: 6}
    assert counts(step(loop)) == {0: 1, 1: 4, 2: 10}


def test_all_that_run_decode_in_every_step() -> None:
    loop = scheduler(chunk=16)
    short, _, long = add(loop, 3, 3, 60)
    step(loop)
    while loop.running[2].pending > 1:
        planned = counts(step(loop))
        assert planned[0] == planned[1] == 1
    assert len(short.tokens) > 5
    assert long.computed >= 60


def test_a_document_leaves_half_of_each_step_to_those_behind_it() -> None:
    loop = scheduler(blocks=200, chunk=16)
    add(loop, 200, 5, 200)
    assert counts(step(loop)) == {0: 8, 1: 5, 2: 3}
    alone = scheduler(blocks=200, chunk=16)
    add(alone, 200)
    assert counts(step(alone)) == {0: 16}


def test_the_next_turn_computes_only_what_is_new() -> None:
    loop = scheduler(chunk=64)
    (first,) = add(loop, 20)
    for _ in range(6):
        step(loop)
    loop.remove(first)
    again = Sequence([*first.tokens, *range(5)], arrival=1)
    loop.add(again)
    (piece,) = loop.plan()
    assert again.reused == piece.start == 24
    assert piece.end == len(again.tokens)


def test_the_last_token_is_computed_even_if_all_of_them_are_cached() -> None:
    loop = scheduler()
    (first,) = add(loop, 8)
    step(loop)
    loop.remove(first)
    twin = Sequence(first.tokens[:8], arrival=1)
    loop.add(twin)
    (piece,) = loop.plan()
    assert (piece.start, piece.end) == (4, 8)


def test_a_prefix_that_many_share_is_computed_once() -> None:
    loop = scheduler(chunk=64)
    system = [next(_tokens) for _ in range(16)]
    for arrival in range(4):
        loop.add(Sequence([*system, next(_tokens), next(_tokens)], arrival))
    assert counts(step(loop)) == {0: 18}
    assert counts(step(loop)) == {0: 1, 1: 2, 2: 2, 3: 2}
    assert [each.reused for each in loop.running] == [0, 16, 16, 16]


def test_without_a_cache_nobody_waits_for_a_shared_prefix() -> None:
    loop = Scheduler(BlockPool(64, SIZE, keep=False), max_batch=8, prefill_chunk=64)
    for arrival in range(3):
        loop.add(Sequence(list(range(18)), arrival))
    assert counts(step(loop)) == {0: 18, 1: 18, 2: 18}


def test_waiting_for_a_shared_prefix_holds_up_nobody_else() -> None:
    loop = scheduler(chunk=64)
    system = [next(_tokens) for _ in range(16)]
    loop.add(Sequence([*system, next(_tokens)], 0))
    loop.add(Sequence([*system, next(_tokens)], 1))
    loop.add(sequence(2, 7))
    assert counts(step(loop)) == {0: 17, 2: 7}
    assert [each.arrival for each in loop.running] == [0, 2]


def test_the_youngest_is_put_back_when_blocks_run_out_and_starts_again() -> None:
    loop = scheduler(blocks=6, chunk=64)
    old, young = add(loop, 8, 8)
    step(loop)
    while young in loop.running:
        step(loop)
    assert old in loop.running
    assert young.blocks == []
    assert young.computed == 0
    loop.remove(old)
    step(loop)
    assert young in loop.running


def test_what_was_put_back_does_not_count_as_reused() -> None:
    loop = scheduler(blocks=6, chunk=64)
    old, young = add(loop, 8, 8)
    while not loop.waiting:
        step(loop)
    loop.remove(old)
    step(loop)
    assert young.computed > 0
    assert young.reused == 0


def test_admission_leaves_a_block_for_each_that_runs() -> None:
    loop = scheduler(blocks=5, chunk=64)
    add(loop, 7, 14)
    assert counts(step(loop)) == {0: 7}


def test_no_more_run_than_the_batch_holds() -> None:
    loop = scheduler(batch=2)
    add(loop, 3, 3, 3)
    step(loop)
    assert [each.arrival for each in loop.running] == [0, 1]
    assert [each.arrival for each in loop.waiting] == [2]
    loop.max_batch = 1
    loop.plan()
    assert [each.arrival for each in loop.running] == [0]
    assert [each.arrival for each in loop.waiting] == [1, 2]


def test_a_step_that_failed_can_be_planned_again() -> None:
    loop = scheduler(chunk=8)
    add(loop, 5, 9)
    assert loop.plan() == loop.plan()
    assert all(each.computed == 0 for each in loop.running)


def test_several_forced_tokens_are_computed_in_one_step() -> None:
    loop = scheduler()
    (only,) = add(loop, 5)
    step(loop)
    only.tokens += [1, 2, 3]
    assert counts(step(loop)) == {0: 4}


def test_cancelling_frees_the_blocks_of_the_waiting_and_the_running() -> None:
    loop = scheduler(blocks=8, batch=1)
    running, waiting = add(loop, 8, 8)
    step(loop)
    loop.remove(waiting)
    loop.remove(running)
    assert not loop.busy
    assert loop.pool.available == 8
