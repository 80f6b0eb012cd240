"""What must hold for every text that is cut into pieces."""

from __future__ import annotations

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from bot.delivery import page
from bot.delivery.blocks import Block, outline
from bot.delivery.splitter import Splitter, join, split
from bot.types import Unit
from tests.delivery.documents import DOCUMENT, NOISE, characters, has_open_fence, numbers

quickly = settings(
    max_examples=40,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
)
LENGTH = st.integers(60, 400)
UNIT = st.sampled_from(Unit)


@quickly
@given(NOISE | DOCUMENT, LENGTH, UNIT)
def test_pieces_fit_and_rejoin_to_the_source(text: str, length: int, unit: Unit) -> None:
    pieces = split(text, length, unit)
    assert join(pieces) == text
    assert all(unit.count(piece.text) <= length for piece in pieces)
    assert all(piece.source for piece in pieces)


@quickly
@given(DOCUMENT, LENGTH, UNIT)
def test_a_reader_sees_every_character_in_its_style(text: str, length: int, unit: Unit) -> None:
    seen = [c for piece in split(text, length, unit) for c in characters(piece.text)]
    assert seen == characters(text)


CLOSED = "1. item1n0 xy\n2. item2n1000 xae\u0301y xaae\u0301y\n   ````rust\n\n   ````\n\n> xy."


@quickly
@given(DOCUMENT, LENGTH)
@example(CLOSED, 60)
def test_every_piece_closes_its_fences(text: str, length: int) -> None:
    assert not any(has_open_fence(piece.text) for piece in split(text, length))


LONGER_NUMBER = (
    "".join(f"{n}. item{n}n0 xy\n" for n in range(1, 8))
    + "\n1. item1n1 xy\n2. item2n1 xy\n3. item3n1 xy\n   ```\n\n   ```\n4. item4n1 xy"
)


@quickly
@given(DOCUMENT, LENGTH)
@example(LONGER_NUMBER, 60)
def test_items_keep_their_numbers(text: str, length: int) -> None:
    shown: dict[str, int] = {}
    for piece in split(text, length):
        shown |= numbers(piece.text)
    assert shown == numbers(text)


@quickly
@given(NOISE | DOCUMENT, LENGTH, UNIT, st.integers(60, 300))
def test_a_growing_text_only_changes_its_last_piece(
    text: str, length: int, unit: Unit, step: int
) -> None:
    growing = Splitter(length, unit)
    before = growing.grow("")
    for end in range(step, len(text) + step, step):
        pieces = growing.grow(text[:end])
        finished = before[:-1]
        assert pieces[: len(finished)] == finished
        before = pieces
    assert before == split(text, length, unit)


@quickly
@given(NOISE | DOCUMENT, NOISE | DOCUMENT, LENGTH, UNIT)
def test_a_text_that_is_rewritten_is_cut_anew(
    before: str, after: str, length: int, unit: Unit
) -> None:
    growing = Splitter(length, unit)
    growing.grow(before)
    assert growing.grow(after) == split(after, length, unit)


@pytest.mark.parametrize(
    "text", ["x", "word ", "*a ", "> ", "- ", "| a |\n|---|\n", "```\ncode\n```\n"]
)
def test_the_work_grows_no_faster_than_the_text(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in characters parsed; a piece is looked at no more than four times."""
    parsed = [0]

    def counting(document: str, lines: list[str]) -> list[Block]:
        parsed[0] += len(document)
        return outline(document, lines)

    monkeypatch.setattr(page, "outline", counting)
    source = (text * 40_000)[:40_000]
    assert join(split(source, 400)) == source
    assert parsed[0] < 4 * len(source)


def test_a_growing_text_is_parsed_again_only_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    longest = [0]

    def measuring(document: str, lines: list[str]) -> list[Block]:
        longest[0] = max(longest[0], len(document))
        return outline(document, lines)

    monkeypatch.setattr(page, "outline", measuring)
    splitter = Splitter(400, Unit.CODE_POINTS)
    for end in range(0, 40_000, 100):
        splitter.grow("word. " * (end // 6))
    assert longest[0] <= 400
