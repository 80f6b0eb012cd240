"""The five shapes of a model's output on which filters of text fail, and their neighbours."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.local.reasoning import Reasoning
from bot.engine.local.vocabulary import Prompt, Vocabulary
from bot.types import Message
from tests.engine import chat_models

pytestmark = pytest.mark.slow

OPENED = Prompt([], in_thought=True)
FREE = Prompt([])
CLOSED = Prompt([], may_think=False)


@pytest.fixture(scope="module")
def by_token(demo_folder: Path) -> Vocabulary:
    """The tags are tokens of their own, as in QwQ."""
    return chat_models.qwq(demo_folder)


@pytest.fixture(scope="module")
def by_text(demo_folder: Path) -> Vocabulary:
    """The same template, the tags spelled in several tokens."""
    return chat_models.smollm2(demo_folder, chat_models.QWQ_TEMPLATE)


@pytest.fixture(params=["by_token", "by_text"])
def vocabulary(request: pytest.FixtureRequest) -> Vocabulary:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Vocabulary)
    return found


def told(vocabulary: Vocabulary, prompt: Prompt, output: str) -> tuple[str, str]:
    """Thought and answer of an output, token by token."""
    reasoning, said = Reasoning(vocabulary, prompt), {"reasoning": "", "text": ""}
    for token in vocabulary.tokenizer.encode(output, add_special_tokens=False):
        for span in reasoning.push(token):
            said[span.kind] += span.text
    for span in reasoning.close():
        said[span.kind] += span.text
    return said["reasoning"], said["text"]


QUOTING = "The tags <think> and </think> enclose a thought; </think> ends it."


@pytest.mark.parametrize(
    ("shape", "prompt", "output", "thought", "answer"),
    [
        ("tags in the output", FREE, "<think>Hm.</think>Yes.", "Hm.", "Yes."),
        ("opened by the prompt", OPENED, "Hm.\n</think>\n\nYes.", "Hm.\n", "Yes."),
        ("cut in mid-thought", FREE, "<think>\nHm, let me", "Hm, let me", ""),
        ("opened by the prompt and cut", OPENED, "Hm, let me", "Hm, let me", ""),
        ("quotes without a thought", FREE, QUOTING, "", QUOTING),
        ("quotes after a thought", OPENED, f"Hm.</think>\n\n{QUOTING}", "Hm.", QUOTING),
        ("quotes after its own", FREE, f"<think>Hm</think>{QUOTING}", "Hm", QUOTING),
        ("begins with a quote", OPENED, "Hm.</think>\n<think> is a tag", "Hm.", "<think> is a tag"),
        ("thinking was off", CLOSED, QUOTING, "", QUOTING),
        ("quotes the end first", FREE, "</think> ends it", "", "</think> ends it"),
        ("space first", FREE, "\n <think>Hm</think> Yes", "Hm", " Yes"),
        ("space only", FREE, " \n", "", " \n"),
        ("an empty thought", OPENED, "</think>\n\nYes", "", "Yes"),
        ("nothing", OPENED, "", "", ""),
        ("half a tag at the end", OPENED, "Hm </thi", "Hm </thi", ""),
        ("half a tag at the start", FREE, "<thi", "", "<thi"),
        ("code first", OPENED, "Hm</think>\n\n    code", "Hm", "    code"),
    ],
)
def test_thought_and_answer_are_told_apart(
    vocabulary: Vocabulary, shape: str, prompt: Prompt, output: str, thought: str, answer: str
) -> None:
    assert told(vocabulary, prompt, output) == (thought, answer), shape


def test_a_tag_spelled_in_letters_is_prose_where_the_tag_is_a_token(by_token: Vocabulary) -> None:
    spelled = by_token.encode([Message("user", "</think>")]).ids
    letters = spelled[3 : spelled.index(2)]
    reasoning = Reasoning(by_token, OPENED)
    spans = [span for token in letters for span in reasoning.push(token)]
    assert "".join(span.text for span in spans) == "</think>"
    assert {span.kind for span in spans} == {"reasoning"}


@given(thought=st.text(), answer=st.text())
def test_nothing_is_lost_but_the_tags_and_the_newlines_after_them(
    by_token: Vocabulary, thought: str, answer: str
) -> None:
    tag = by_token.think
    encode, whole = by_token.tokenizer.encode, ["", ""]
    reasoning = Reasoning(by_token, FREE)
    assert tag.start_id is not None
    assert tag.end_id is not None
    for token in [tag.start_id, *encode(thought), tag.end_id, *encode(answer)]:
        for span in reasoning.push(token):
            whole[span.kind == "text"] += span.text
    for span in reasoning.close():
        whole[span.kind == "text"] += span.text
    decoded = (by_token.decode(encode(text)) for text in (thought, answer))
    assert whole == [text.lstrip("\n") for text in decoded]
