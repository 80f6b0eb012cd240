"""Each fault is put in on purpose, and hurts only whom it must."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from bot.engine.local.generation import Generation
from bot.engine.local.loaded import LoadedModel
from bot.engine.local.mailbox import Submit
from bot.engine.local.runner import PagedRunner
from bot.engine.local.sequence import Slice
from bot.engine.local.vocabulary import Vocabulary
from bot.errors import RequestFailed
from bot.types import Chunk, Control, Message
from tests.engine.conftest import TinyModel
from tests.engine.desk import GREEDY, Desk, load

pytestmark = pytest.mark.slow

PARAMS = replace(GREEDY, max_new_tokens=12, min_new_tokens=12)
TEXTS = ("The sea.", "A ship, far from home.", "Rain on the road at night.", "An old song.")


@pytest.fixture(scope="module")
def loaded(tiny_model: TinyModel) -> LoadedModel:
    return load(tiny_model("llama"))


@pytest.fixture(scope="module")
def unharmed(loaded: LoadedModel) -> list[str]:
    """What each request says when nothing goes wrong."""
    desk = Desk(loaded)
    numbers = [desk.submit(text, PARAMS) for text in TEXTS]
    desk.run()
    return [desk.text(number) for number in numbers]


def run(desk: Desk) -> list[int]:
    numbers = [desk.submit(text, PARAMS) for text in TEXTS]
    desk.run()
    return numbers


def failed(desk: Desk, number: int) -> RequestFailed:
    *before, error = desk.events[number]
    assert not any(isinstance(each, Chunk) and each.finish for each in before)
    assert isinstance(error, RequestFailed)
    return error


def arrivals(slices: Sequence[Slice]) -> set[int]:
    return {each.sequence.arrival for each in slices}


def raises_for(
    guilty: int, step: int, problem: Exception, desk: Desk
) -> Callable[[Sequence[Slice]], None]:
    def fault(slices: Sequence[Slice]) -> None:
        if guilty in arrivals(slices) and len(desk.runner.steps) >= step:
            raise problem

    return fault


@pytest.mark.parametrize("step", [1, 5])
def test_a_request_that_raises_fails_alone(
    loaded: LoadedModel, unharmed: list[str], step: int
) -> None:
    desk = Desk(loaded)
    desk.runner.fault = raises_for(1, step, ValueError("index out of range"), desk)
    numbers = run(desk)
    assert "ValueError" in str(failed(desk, numbers[1]))
    for index in (0, 2, 3):
        assert desk.text(numbers[index]) == unharmed[index]
    assert desk.reports[-1].status.kv_used == 0


def test_a_fault_that_passes_hurts_nobody(loaded: LoadedModel, unharmed: list[str]) -> None:
    desk = Desk(loaded)

    def once(slices: Sequence[Slice]) -> None:
        if len(desk.runner.steps) == 4:
            raise RuntimeError("a glitch")

    desk.runner.fault = once
    assert [desk.text(number) for number in run(desk)] == unharmed


@pytest.mark.parametrize(
    "problem",
    [
        MemoryError(),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: 9 bytes"),
    ],
)
def test_out_of_memory_shrinks_the_steps_until_they_fit(
    loaded: LoadedModel, unharmed: list[str], problem: Exception
) -> None:
    desk = Desk(loaded)

    def too_many(slices: Sequence[Slice]) -> None:
        if sum(each.count for each in slices) > 24 or len(slices) > 2:
            raise problem

    desk.runner.fault = too_many
    assert [desk.text(number) for number in run(desk)] == unharmed
    assert max(len(step) for step in desk.runner.steps[-12:]) <= 2


def test_steps_grow_again_once_there_is_memory(loaded: LoadedModel) -> None:
    desk = Desk(loaded)

    def tight(slices: Sequence[Slice]) -> None:
        if len(desk.runner.steps) == 3:
            raise MemoryError

    desk.runner.fault = tight
    numbers = [desk.submit(text, replace(PARAMS, max_new_tokens=200)) for text in TEXTS]
    limits: list[int] = []
    desk.on_step = lambda step: limits.append(desk.worker.scheduler.max_batch)
    desk.run()
    assert limits[3] == 2
    assert limits[-1] >= 4
    assert all(desk.last(number).finish for number in numbers)


def test_a_request_too_large_for_any_step_fails_and_the_others_go_on(
    loaded: LoadedModel, unharmed: list[str]
) -> None:
    desk = Desk(loaded)
    desk.runner.fault = raises_for(2, 1, MemoryError(), desk)
    numbers = run(desk)
    assert "memory" in str(failed(desk, numbers[2]))
    for index in (0, 1, 3):
        assert desk.text(numbers[index]) == unharmed[index]


def test_a_fault_in_the_text_of_one_request_is_its_own(
    loaded: LoadedModel, unharmed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Generation.take

    def take(self: Generation, *args: object) -> list[Chunk]:
        if self.id == 3 and len(self.sequence.tokens) % 5 == 0:
            raise UnicodeError("half a character")
        return original(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Generation, "take", take)
    desk = Desk(loaded)
    numbers = run(desk)
    assert "UnicodeError" in str(failed(desk, numbers[3]))
    assert [desk.text(number) for number in numbers[:3]] == unharmed[:3]


def test_a_template_that_fails_fails_its_request(
    loaded: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(loaded)
    wrong = desk.submit([Message("wizard", "Abracadabra")], PARAMS)  # type: ignore[arg-type]
    monkeypatch.setattr(Vocabulary, "encode", _explode)
    also_wrong = desk.submit("Hello", PARAMS)
    desk.run()
    for number in (wrong, also_wrong):
        failed(desk, number)


def _explode(*args: object, **kwargs: object) -> object:
    raise KeyError("role")


def test_numbers_that_overflow_fail_their_request_and_poison_nobody(
    loaded: LoadedModel, unharmed: list[str]
) -> None:
    """Blocks with NaN are wiped and forgotten: the same prompt is computed anew, and right."""
    import torch

    desk = Desk(loaded)

    def spoil(slices: Sequence[Slice], logits: torch.Tensor) -> None:
        rows = [each.sequence.arrival for each in slices if each.samples]
        if 2 in rows and len(desk.runner.steps) > 6:
            logits[rows.index(2)] = torch.nan
            _poison(desk.runner.paged, slices[rows.index(2)])

    desk.runner.spoil = spoil
    numbers = run(desk)
    failed(desk, numbers[2])
    assert [desk.text(numbers[index]) for index in (0, 1, 3)] == [unharmed[i] for i in (0, 1, 3)]
    again = [desk.submit(text, PARAMS) for text in TEXTS]
    desk.run()
    assert [desk.text(number) for number in again] == unharmed


def _poison(runner: PagedRunner, each: Slice) -> None:
    own = each.sequence.blocks[-2:]
    for pool in (*runner.cache.keys.values(), *runner.cache.values.values()):
        pool[own] = float("nan")


def test_a_fault_of_the_accelerator_itself_ends_the_thread(loaded: LoadedModel) -> None:
    import torch

    desk = Desk(loaded)
    desk.runner.fault = raises_for(0, 2, torch.AcceleratorError("device-side assert"), desk)
    desk.submit("Hello", PARAMS)
    with pytest.raises(torch.AcceleratorError):
        desk.run()


def test_a_seeded_reply_is_the_same_after_a_fault(loaded: LoadedModel) -> None:
    """The dice are thrown again only after a token was taken."""
    params = replace(PARAMS, temperature=1.0, top_p=1.0, seed=7)
    calm = Desk(loaded)
    expected = calm.submit(TEXTS[0], params)
    calm.run()
    desk = Desk(loaded)
    desk.runner.fault = raises_for(1, 4, ValueError("guilty"), desk)
    seeded, _ = desk.submit(TEXTS[0], params), desk.submit(TEXTS[1], PARAMS)
    desk.run()
    assert desk.text(seeded) == calm.text(expected)


def test_a_generation_refuses_what_it_cannot_do_before_it_takes_any_block(
    loaded: LoadedModel,
) -> None:
    desk = Desk(loaded)
    submit = Submit(0, [Message("user", "Hi")], replace(PARAMS, top_p=7), Control(), 0.0)
    with pytest.raises(RequestFailed, match="top_p"):
        Generation(submit, desk.worker._vocabulary, 100, 1000)
