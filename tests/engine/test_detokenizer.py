from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.local.detokenizer import Detokenizer
from bot.engine.local.vocabulary import Vocabulary
from tests.engine import chat_models

pytestmark = pytest.mark.slow

FAMILIES = ["byte level", "byte fallback"]

TRICKY = "naïve 👩‍👩‍👧 東京 e\u0301 שלום \u202e\0  \n\t🏴󠁧󠁢󠁥󠁮󠁧󠁿 \ufffd end"


@pytest.fixture(scope="module")
def vocabularies(demo_folder: Path) -> dict[str, Vocabulary]:
    return {
        "byte level": chat_models.qwq(demo_folder),
        "byte fallback": chat_models.vocabulary(chat_models.llama2_tokenizer()),
    }


def pieces(detokenizer: Detokenizer, ids: list[int]) -> list[str]:
    return [*map(detokenizer.push, ids), detokenizer.close()]


def tokens(vocabulary: Vocabulary, text: str) -> list[int]:
    ids: list[int] = vocabulary.tokenizer.encode(text, add_special_tokens=False)
    return ids


@pytest.mark.parametrize("family", FAMILIES)
@given(text=st.text())
def test_the_pieces_of_a_text_make_the_whole(
    vocabularies: dict[str, Vocabulary], family: str, text: str
) -> None:
    vocabulary = vocabularies[family]
    ids = tokens(vocabulary, text)
    assert "".join(pieces(vocabulary.detokenizer(), ids)) == vocabulary.decode(ids)


@given(ids=st.lists(st.integers(0, 49_155)))
def test_any_tokens_give_what_decode_gives_them(
    vocabularies: dict[str, Vocabulary], ids: list[int]
) -> None:
    vocabulary = vocabularies["byte level"]
    whole = vocabulary.tokenizer.decode(ids, skip_special_tokens=True)
    assert "".join(pieces(vocabulary.detokenizer(), ids)) == whole


@given(st.lists(st.integers(0, 300) | st.integers(0, 600)))
def test_bytes_that_are_no_characters_never_stop_the_text(
    vocabularies: dict[str, Vocabulary], ids: list[int]
) -> None:
    """SentencePiece's decoder spoils a whole run of bytes for one bad byte; whoever shows text as
    it comes has shown the good ones by then."""
    vocabulary = vocabularies["byte fallback"]
    shown = "".join(pieces(vocabulary.detokenizer(), ids))
    assert shown.replace("\ufffd", "").startswith(vocabulary.decode(ids).split("\ufffd")[0])


@pytest.mark.parametrize("family", FAMILIES)
def test_half_a_character_is_never_shown(vocabularies: dict[str, Vocabulary], family: str) -> None:
    vocabulary = vocabularies[family]
    text = TRICKY.replace("\ufffd", "")
    ids = tokens(vocabulary, text)
    shown = pieces(vocabulary.detokenizer(), ids)
    assert len(ids) > len(text) / 2
    assert all("\ufffd" not in piece for piece in shown)
    assert "".join(shown) == vocabulary.decode(ids)


@pytest.mark.parametrize("family", FAMILIES)
@given(text=st.text(st.characters(max_codepoint=0x7F)))
def test_no_token_of_whole_characters_is_late(
    vocabularies: dict[str, Vocabulary], family: str, text: str
) -> None:
    vocabulary = vocabularies[family]
    ids, detokenizer, shown = tokens(vocabulary, text), vocabulary.detokenizer(), ""
    for place, token in enumerate(ids, start=1):
        shown += detokenizer.push(token)
        assert shown == vocabulary.decode(ids[:place])


@pytest.mark.parametrize("family", FAMILIES)
def test_a_special_token_shows_nothing(vocabularies: dict[str, Vocabulary], family: str) -> None:
    vocabulary = vocabularies[family]
    special = vocabulary.tokenizer.eos_token_id
    ids = [token for word in tokens(vocabulary, "So it is") for token in (special, word)]
    assert "".join(pieces(vocabulary.detokenizer(), ids)) == "So it is"


@pytest.mark.parametrize("family", FAMILIES)
def test_bytes_left_at_the_end_are_shown_as_a_replacement(
    vocabularies: dict[str, Vocabulary], family: str
) -> None:
    vocabulary = vocabularies[family]
    *most, _ = tokens(vocabulary, "yes 😀")
    *shown, rest = pieces(vocabulary.detokenizer(), most)
    assert "".join(shown) == "yes "
    assert set(rest) == {"\ufffd"}


def test_a_reply_that_goes_on_keeps_the_space_before_its_first_word(
    vocabularies: dict[str, Vocabulary],
) -> None:
    """SentencePiece's decoder drops the space at the start of what it is given."""
    vocabulary = vocabularies["byte fallback"]
    before, after = tokens(vocabulary, "one"), tokens(vocabulary, "two")
    assert "".join(pieces(vocabulary.detokenizer(), after)) == "two"
    assert "".join(pieces(vocabulary.detokenizer(before), after)) == " two"
