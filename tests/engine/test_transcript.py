from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.local.transcript import Piece, Transcript
from bot.engine.local.vocabulary import Prompt, Vocabulary
from bot.types import FinishReason, Logprob, SamplingParams
from tests.engine import chat_models

pytestmark = pytest.mark.slow

OPENED = Prompt([], in_thought=True)
FREE = Prompt([])


@dataclass
class Reply:
    pieces: list[Piece] = field(default_factory=list)
    finish: FinishReason | None = None
    fed: list[int] = field(default_factory=list)

    @property
    def thought(self) -> str:
        return "".join(piece.text for piece in self.pieces if piece.kind == "reasoning")

    @property
    def answer(self) -> str:
        return "".join(piece.text for piece in self.pieces if piece.kind == "text")

    @property
    def tokens(self) -> int:
        return sum(piece.tokens for piece in self.pieces)


def grow(transcript: Transcript, sampled: Iterable[int]) -> Reply:
    """As the engine does: forced tokens go before sampled ones."""
    reply, source = Reply(), iter(sampled)
    while reply.finish is None:
        token = transcript.forced.popleft() if transcript.forced else next(source, None)
        if token is None:
            break
        step = transcript.push(token)
        reply.fed.append(token)
        reply.pieces += step.pieces
        reply.finish = step.finish
    reply.pieces += transcript.close()
    return reply


@pytest.fixture(scope="module")
def by_token(demo_folder: Path) -> Vocabulary:
    return chat_models.qwq(demo_folder)


@pytest.fixture(scope="module")
def by_text(demo_folder: Path) -> Vocabulary:
    return chat_models.smollm2(demo_folder, chat_models.QWQ_TEMPLATE)


@pytest.fixture(params=["by_token", "by_text"])
def vocabulary(request: pytest.FixtureRequest) -> Vocabulary:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Vocabulary)
    return found


def tokens(vocabulary: Vocabulary, text: str) -> list[int]:
    ids: list[int] = vocabulary.tokenizer.encode(text, add_special_tokens=False)
    return ids


def eos(vocabulary: Vocabulary) -> int:
    return next(iter(vocabulary.eos_ids))


def test_pieces_are_typed_and_all_tokens_are_counted(vocabulary: Vocabulary) -> None:
    transcript = Transcript(vocabulary, OPENED, SamplingParams())
    output = tokens(vocabulary, "Hm.\n</think>\n\nYes 😀")
    reply = grow(transcript, [*output, eos(vocabulary)])
    assert (reply.thought, reply.answer, reply.finish) == ("Hm.\n", "Yes 😀", "stop")
    assert transcript.reasoning_tokens == len(tokens(vocabulary, "Hm.\n</think>"))
    assert reply.tokens == transcript.tokens == len(output) + 1


def test_the_tag_that_opens_a_thought_counts_as_reasoning(vocabulary: Vocabulary) -> None:
    transcript = Transcript(vocabulary, FREE, SamplingParams())
    reply = grow(transcript, tokens(vocabulary, "<think>Hm"))
    assert (transcript.text_tokens, reply.answer) == (0, "")
    assert reply.tokens == transcript.reasoning_tokens == len(reply.fed)


def test_an_end_within_a_thought_is_a_stop_without_an_answer(vocabulary: Vocabulary) -> None:
    transcript = Transcript(vocabulary, OPENED, SamplingParams())
    reply = grow(transcript, [*tokens(vocabulary, "Let me see"), eos(vocabulary)])
    assert (reply.thought, reply.answer, reply.finish) == ("Let me see", "", "stop")
    assert (transcript.kind, transcript.text_tokens) == ("reasoning", 0)


def test_every_token_counts_for_the_longest_reply(vocabulary: Vocabulary) -> None:
    output = tokens(vocabulary, "Hm.</think>Yes, and more and more")
    transcript = Transcript(vocabulary, OPENED, SamplingParams(max_new_tokens=len(output) - 2))
    reply = grow(transcript, output)
    assert (reply.finish, len(reply.fed)) == ("length", len(output) - 2)
    assert (reply.thought, reply.answer) == ("Hm.", "Yes, and more")


@given(budget=st.integers(0, 12))
def test_a_budget_ends_the_thought_and_the_answer_goes_on(
    by_token: Vocabulary, by_text: Vocabulary, budget: int
) -> None:
    for vocabulary in (by_token, by_text):
        long_thought = tokens(vocabulary, "one two three four five six seven eight nine ten no yes")
        params = SamplingParams(thinking_budget=budget)
        transcript = Transcript(vocabulary, OPENED, params)
        answer = [*tokens(vocabulary, "Well"), eos(vocabulary)]
        forced = vocabulary.end_of_thought(new_line=budget > 0)
        reply = grow(transcript, [*long_thought[:budget], *answer])
        assert reply.fed == [*long_thought[:budget], *forced, *answer]
        assert reply.thought.rstrip("\n") == vocabulary.decode(long_thought[:budget])
        assert (reply.answer, reply.finish) == ("Well", "stop")


def test_a_budget_of_nothing_holds_for_a_thought_that_the_model_opens(
    vocabulary: Vocabulary,
) -> None:
    transcript = Transcript(vocabulary, FREE, SamplingParams(thinking_budget=0))
    reply = grow(transcript, [*tokens(vocabulary, "<think>"), *tokens(vocabulary, "Well")])
    assert (reply.thought, reply.answer) == ("", "Well")


def test_answer_now_ends_the_thought_once_and_does_nothing_elsewhere(
    vocabulary: Vocabulary,
) -> None:
    transcript = Transcript(vocabulary, OPENED, SamplingParams())
    for token in tokens(vocabulary, "So\n"):
        transcript.push(token)
    transcript.answer_now()
    transcript.answer_now()
    assert list(transcript.forced) == vocabulary.end_of_thought(new_line=False)
    reply = grow(transcript, tokens(vocabulary, "Yes"))
    transcript.answer_now()
    assert not transcript.forced
    assert (reply.thought, reply.answer) == ("", "Yes")


@pytest.mark.parametrize("stop", ["END", "yes</s", "the", " the", "q</think>r", "é 😀"])
def test_a_stop_string_is_found_across_tokens_and_never_shown(
    by_token: Vocabulary, stop: str
) -> None:
    transcript = Transcript(by_token, FREE, SamplingParams(stop=("never", stop)))
    reply = grow(transcript, tokens(by_token, f"Once more{stop} and on"))
    assert (reply.answer, reply.finish) == ("Once more", "stop")
    assert reply.tokens == len(reply.fed)


def test_stop_strings_hold_for_the_answer_only(vocabulary: Vocabulary) -> None:
    transcript = Transcript(vocabulary, OPENED, SamplingParams(stop=("END",)))
    reply = grow(transcript, tokens(vocabulary, "The END.</think>My END is near"))
    assert (reply.thought, reply.answer, reply.finish) == ("The END.", "My ", "stop")


def test_stop_strings_wait_for_the_shortest_reply(vocabulary: Vocabulary) -> None:
    first, rest = tokens(vocabulary, "an END"), tokens(vocabulary, " an END of it")
    params = SamplingParams(stop=("END",), min_new_tokens=len(first))
    reply = grow(Transcript(vocabulary, FREE, params), [*first, *rest])
    assert reply.answer == "an END an "


@given(stops=st.lists(st.text("an ED", min_size=1, max_size=3), max_size=2), rest=st.text("an ED"))
def test_what_was_held_back_is_shown_at_the_end(
    by_token: Vocabulary, stops: Sequence[str], rest: str
) -> None:
    text = f"So{rest}"
    transcript = Transcript(by_token, FREE, SamplingParams(stop=tuple(stops)))
    reply = grow(transcript, tokens(by_token, text))
    assert text.startswith(reply.answer)
    assert (reply.finish == "stop") == any(stop in text for stop in stops)
    assert reply.finish or reply.answer == text


def test_a_cancelled_reply_keeps_its_last_half_character(by_token: Vocabulary) -> None:
    *most, _ = tokens(by_token, "Yes 😀")
    reply = grow(Transcript(by_token, FREE, SamplingParams()), most)
    assert reply.answer.startswith("Yes ")
    assert set(reply.answer.removeprefix("Yes ")) == {"\ufffd"}


def test_logprobs_travel_with_the_text_of_their_tokens(by_token: Vocabulary) -> None:
    transcript = Transcript(by_token, FREE, SamplingParams(stop=("never",), logprobs=0))
    output = tokens(by_token, "Yes, n😀")
    pieces: list[Piece] = []
    for token in output:
        logprob = Logprob(by_token.decode([token]), -1.0)
        pieces += transcript.push(token, logprob).pieces
    pieces += transcript.close()
    assert all(len(piece.logprobs) == piece.tokens for piece in pieces)
    assert sum(piece.tokens for piece in pieces) == len(output)
