"""What is too long for a chat stands there in part and goes whole as a file."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.delivery.excerpt import excerpt, extension
from bot.delivery.presenter import Presenter
from bot.delivery.settings import DeliverySettings
from bot.delivery.splitter import Splitter, join
from bot.testing import FakeNetwork
from bot.types import File, Limits, Post, Unit, UserRef
from tests.delivery.documents import DOCUMENT, has_open_fence
from tests.delivery.replies import AGAIN, DONE, PLACE, turn

SETTINGS = DeliverySettings(code_over=300, file_over=1000)
CODE = "".join(f"line_{n} = {n}\n" for n in range(100))
PROSE = "".join(f"This is line {n} of the answer.\n" for n in range(100))


def test_a_long_code_block_is_shown_in_part_with_the_whole_in_a_file() -> None:
    short = excerpt(f"Here:\n\n```python\n{CODE}```\nThat is all.", SETTINGS)
    (file,) = short.files
    assert (file.name, file.data.decode()) == ("code-1.py", CODE)
    assert short.text.startswith("Here:\n\n```python\nline_0 = 0\n")
    assert short.text.endswith("\n```\n\nAll of it is in the file code-1.py.\n\nThat is all.")
    assert len(short.text) < 500


def test_code_in_a_list_loses_the_list_s_indentation_in_its_file() -> None:
    inside = "".join(f"   {line}\n" for line in CODE.splitlines())
    short = excerpt(f"1. Here:\n   ```sh\n{inside}   ```\n", SETTINGS)
    assert [(file.name, file.data.decode()) for file in short.files] == [("code-1.sh", CODE)]
    assert "   All of it is in the file code-1.sh." in short.text


def test_a_long_answer_goes_whole_as_a_file() -> None:
    short = excerpt(PROSE, SETTINGS)
    assert [(file.name, file.data.decode()) for file in short.files] == [("answer.md", PROSE)]
    assert short.text.endswith("of the answer.\n\nAll of it is in the file answer.md.")
    assert 1000 <= len(short.text) < 1300


def test_what_is_short_enough_stays_as_it_is() -> None:
    text = f"```python\n{CODE[:200]}\n```"
    assert excerpt(text, SETTINGS) == excerpt(text, DeliverySettings())
    assert excerpt(text, SETTINGS).text == text


@settings(max_examples=60, deadline=None)
@given(DOCUMENT, st.integers(0, 2000))
def test_a_growing_answer_keeps_what_was_shown(text: str, end: int) -> None:
    tight = DeliverySettings(code_over=40, file_over=400)
    before, after = excerpt(text[:end], tight).text, excerpt(text, tight).text
    common = next((n for n in range(len(before)) if before[n] != after[n : n + 1]), len(before))
    assert "All of it is in" in before[common:] or len(before) - common <= 4


HALF_A_FENCE = f"```\n{'x' * 39}\n```\nThat is all."
"""Its closing fence, half written, is too much for a short block."""


@settings(max_examples=60, deadline=None)
@given(DOCUMENT, st.integers(1, 9))
@example(HALF_A_FENCE, 1)
def test_nothing_stays_of_what_was_shown_in_between(text: str, step: int) -> None:
    tight = DeliverySettings(code_over=40, file_over=400)
    splitter = Splitter(40, Unit.CODE_POINTS)
    for end in range(step, len(text) + step, step):
        shown = excerpt(text[:end], tight).text
        assert join(splitter.grow(shown)) == shown


@settings(max_examples=60, deadline=None)
@given(DOCUMENT)
def test_what_is_shown_closes_its_fences(text: str) -> None:
    assert not has_open_fence(excerpt(text, DeliverySettings(code_over=40, file_over=400)).text)


@pytest.mark.parametrize(
    ("language", "ending"),
    [
        ("python", ".py"),
        ("rust", ".rs"),
        ("c++", ".cpp"),
        ("sh", ".sh"),
        ("", ".txt"),
        ("?", ".txt"),
    ],
)
def test_files_are_called_as_their_language_calls_them(language: str, ending: str) -> None:
    assert extension(language) == ending


async def test_the_file_follows_the_text_which_keeps_the_buttons() -> None:
    network = FakeNetwork()
    presenter = Presenter(network, SETTINGS)
    async with presenter.reply(turn(), "line") as view:
        delivered = await view.finish(replace(DONE, text=PROSE))
    text, file = network.messages(PLACE)
    assert (text.buttons, text.files, file.buttons) == ((AGAIN,), (), ())
    assert file.files[0].data.decode() == PROSE
    assert len(delivered.posts) == 2


async def test_buttons_can_be_taken_from_the_text_that_a_file_follows() -> None:
    network, asked, draft = FakeNetwork(), turn(), replace(DONE, text=PROSE)
    presenter = Presenter(network, SETTINGS)
    async with presenter.reply(asked, "line") as view:
        delivered = await view.finish(draft)
    await presenter.take_buttons(asked, "line", delivered.posts, draft)
    assert [post.buttons for post in network.messages(PLACE)] == [(), ()]
    assert network.errors() == []


async def test_each_file_of_a_notice_is_a_post_that_can_be_sent_again() -> None:
    network = FakeNetwork()
    files = tuple(File(name, b"x") for name in ("a.md", "a.json"))
    post = Post("Here:", (AGAIN,), files, reply_to="5", only_for=UserRef("fake", "ann"))
    await Presenter(network).notice(PLACE, post)
    first, second = network.messages(PLACE)
    assert (first.text, first.buttons, first.files, first.reply_to) == (
        "Here:",
        (AGAIN,),
        files[:1],
        "5",
    )
    assert (second.text, second.files, second.only_for) == ("a.json", files[1:], post.only_for)


async def test_a_network_without_files_gets_all_as_text() -> None:
    network = FakeNetwork(limits=Limits(2000, files=False))
    async with Presenter(network, SETTINGS).reply(turn(), "line") as view:
        await view.finish(replace(DONE, text=PROSE))
    assert "\n".join(network.texts(PLACE)) == PROSE.strip()
