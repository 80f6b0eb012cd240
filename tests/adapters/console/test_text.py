import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.console.files import save, size
from adapters.console.growing import Growing
from adapters.console.paint import Paint
from adapters.console.text import command, printable, storable
from bot.errors import Refused
from bot.types import File

BLOCKS = st.sampled_from(
    ["para\n\n", "# head\n", "```py\nx\n\ny\n```\n", "- a\n- b\n", "1. a\n\n2. b\n", "> q\n", "\n"]
)
DOCUMENTS = st.lists(BLOCKS | st.text("ab*`>-#1. \n", max_size=8), max_size=12).map("".join)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("/help", ("help", "")),
        ("/Set temperature 0.5", ("set", "temperature 0.5")),
        ("/say two\nlines", ("say", "two\nlines")),
        ("/etc/hosts is what?", None),
        ("/", None),
        ("no /command", None),
    ],
)
def test_only_a_slash_and_a_name_make_a_command(line: str, expected: object) -> None:
    assert command(line) == expected


@given(st.text())
def test_what_is_said_to_the_core_can_be_stored_and_encoded(typed: str) -> None:
    text = storable(typed)
    assert "\0" not in text
    assert text.encode().decode() == text


@given(st.text(st.characters() | st.sampled_from("\x1b\x07\x9b\r\t\n")))
def test_a_reply_cannot_drive_the_terminal(said: str) -> None:
    assert not any(ch < " " or "\x7f" <= ch <= "\x9f" for ch in printable(said) if ch not in "\t\n")


def test_right_to_left_and_combining_text_is_left_alone() -> None:
    text = "שלום e\u0301 한국어"
    assert storable(text) == printable(text) == text


@given(DOCUMENTS, st.lists(st.integers(1, 9), min_size=1))
def test_a_growing_text_is_handed_out_whole_and_once(text: str, steps: list[int]) -> None:
    growing, out, end = Growing(), "", 0
    for step in steps * (len(text) + 1):
        end = min(len(text), end + step)
        growing.become(text[:end])
        out += growing.settle()
    assert out + growing.finish() == text


@given(DOCUMENTS)
def test_what_settles_renders_as_it_does_in_the_whole(text: str) -> None:
    growing = Growing()
    growing.become(text)
    settled = growing.settle()
    assert text.startswith(settled)
    assert settled == "" or growing.rest.strip()


def test_a_fence_stays_open_until_something_follows_it() -> None:
    growing = Growing()
    growing.become("Here:\n\n```py\nx\n\ny\n```\n")
    assert growing.settle() == "Here:\n\n"
    growing.become("Here:\n\n```py\nx\n\ny\n```\nDone.\n")
    assert growing.settle() == "```py\nx\n\ny\n```\n"


def test_an_item_number_that_arrives_in_two_pieces_does_not_end_its_list() -> None:
    growing = Growing()
    for text in ("1. a\n\n2", "1. a\n\n2. b\n"):
        growing.become(text)
        assert growing.settle() == ""


def test_a_text_that_was_rewritten_is_said_anew() -> None:
    growing = Growing()
    growing.become("one\n\ntwo\n")
    assert growing.settle() == "one\n\n"
    growing.become("other")
    assert growing.finish() == "other"


def test_code_is_painted_between_its_fences_and_without_a_margin() -> None:
    lines = Paint().markdown("```python\nx = 1\n```", 40).splitlines()
    assert [strip(line) for line in lines] == ["```python", "x = 1", "```"]


def test_no_painted_line_is_wider_than_the_terminal() -> None:
    painted = Paint().markdown("word " * 50 + "\n\n```\n" + "x" * 100 + "\n```", 30)
    assert max(len(strip(line)) for line in painted.splitlines()) <= 30


def strip(line: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", line)


def test_a_saved_file_never_replaces_another_or_leaves_its_folder(tmp_path: Path) -> None:
    file = File("../../note.txt", b"new")
    assert save(file, tmp_path / "in") == tmp_path / "in" / "note.txt"
    assert save(file, tmp_path / "in") == tmp_path / "in" / "note-1.txt"


def test_a_file_that_cannot_be_written_is_refused_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(Refused, match=r"note.txt can't be written to"):
        save(File("note.txt", b""), tmp_path / "file")


def test_sizes_are_for_people() -> None:
    assert [size(n) for n in (8, 12_300, 5_000_000)] == ["8 bytes", "12 kB", "5 MB"]
